//! Where ids of events come from.

pub(crate) mod content;
mod ordinal;

use uuid::Uuid;

use ordinal::Ordinals;

/// Where the id of an event comes from that has none.
///
/// ```
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// let events = [Event::new("rides", "acme-prod").id("ride-1"), Event::new("rides", "acme-prod")];
/// let report = client.ingest_events(events).ids(IdPolicy::Require).send().await?;
/// assert_eq!((report.accepted(), report.rejected()), (1, 1));
/// # Ok(())
/// # });
/// ```
///
/// Where a service counts an id once, the id makes it harmless to send an event again. Elsewhere it keeps two equal events
/// from being taken for one. So no event is sent without an id. It is set before the first attempt, and kept over retries
/// and splits.
///
/// An empty id is not "no id": no policy replaces it. The local checks of Togai and Enso reject the event; without them
/// ([`local_checks(false)`](crate::Ingest::local_checks)) it is an id like any other, and the service decides. Leave an id out,
/// or write `null`, where an event has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdPolicy {
    /// A UUID of version 7. An event that is handed in again gets another, so keep the events of a report, which have
    /// theirs. The default.
    #[default]
    Random,
    /// A UUID of version 5: a hash of the event, and of how many like it came before in the same call. So where a service
    /// counts an id once, the same input that is handed in twice is metered once, and two equal events of one input are
    /// metered both.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// let time = Timestamp::from_unix_seconds(1_713_456_017);
    /// let file = || (0..3).map(|_| Event::new("rides", "acme-prod").timestamp(time));
    /// for _ in 0..2 {
    ///     client.ingest_events(file()).ids(IdPolicy::FromContent).send().await?.into_result()?;
    /// }
    /// assert_eq!((sandbox.events().len(), sandbox.metered().len()), (6, 3));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// Set the timestamp of events: a time of now makes each event unlike the others. How events are written
    /// does not matter: the order of fields and white space are left out of the hash, which is the same in all versions
    /// of this crate. Events that are equal in everything and belong to different calls count as one. So hand in an input
    /// as a whole, once a call, and after a correction the whole of it again. Where equal events of one input are the same
    /// event, see [`FromContentMergeEqual`](Self::FromContentMergeEqual).
    ///
    /// Memory: 20 MiB for the call, however many events there are. Beyond some millions of events an event that is like
    /// no other may be numbered as if it was; its id is still its own, and is the same whenever the same input is handed
    /// in in the same order.
    FromContent,
    /// A UUID of version 5: a hash of the event alone. **Two real events with equal content are billed once**: of three rides
    /// without ids that are equal in everything, two are lost. Use it only where equal rows are the same event, such as a log
    /// that may hold a line several times.
    ///
    /// ```
    /// use togai_ext::prelude::*;
    ///
    /// # togai_doctest::run(async |sandbox, client| {
    /// let time = Timestamp::from_unix_seconds(1_713_456_017);
    /// let log = || (0..3).map(|_| Event::new("rides", "acme-prod").timestamp(time));
    /// for _ in 0..2 {
    ///     let report = client.ingest_events(log()).ids(IdPolicy::FromContentMergeEqual).send().await?;
    ///     assert_eq!((report.accepted(), report.duplicates()), (1, 2));
    /// }
    /// assert_eq!(sandbox.metered().len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// The first event gets the id that it gets with [`FromContent`](Self::FromContent). An equal event is a `Duplicate` where
    /// the call still knows the first one: it is in flight, or was accepted within the last MiB of batches. Otherwise it is
    /// sent with the same id, and the service counts it once, if it counts an id once. The order of the input does not
    /// matter, and it may be handed in in parts. Set the timestamp of events: with a time of now, no two events are equal.
    FromContentMergeEqual,
    /// None: an event without an id is rejected before it is sent.
    Require,
}

/// Makes ids for one call.
#[derive(Debug)]
pub(crate) enum Ids {
    Random { base: u128, next: u32 },
    FromContent(Box<Ordinals>),
    FromContentMergeEqual,
    Require,
}

/// The bits of an id that are counted up from a random one. 58 random bits and the time are left.
const COUNTED: u32 = 16;

impl Ids {
    pub(crate) fn new(policy: IdPolicy) -> Self {
        match policy {
            // The first id draws the first base.
            IdPolicy::Random => Self::Random { base: 0, next: 1 << COUNTED },
            IdPolicy::FromContent => Self::FromContent(Box::default()),
            IdPolicy::FromContentMergeEqual => Self::FromContentMergeEqual,
            IdPolicy::Require => Self::Require,
        }
    }

    /// An id for an event that has none, given by its JSON; nothing where it has to have one.
    pub(crate) fn make(&mut self, event: &[u8]) -> Option<Uuid> {
        match self {
            Self::Random { base, next } => {
                // Asking the system for random bits once an event would cost more than encoding it.
                if *next >> COUNTED != 0 {
                    *base = Uuid::now_v7().as_u128() >> COUNTED << COUNTED;
                    *next = 0;
                }
                let id = *base | u128::from(*next);
                *next += 1;
                Some(Uuid::from_u128(id))
            }
            Self::FromContent(ordinals) => Some(content::id(event, |hash| ordinals.next(hash))),
            Self::FromContentMergeEqual => Some(content::id(event, |_| 0)),
            Self::Require => None,
        }
    }

    /// Takes other random bits for the events to come, so that the time in their ids is that of now.
    pub(crate) fn refresh(&mut self) {
        if let Self::Random { next, .. } = self {
            *next = 1 << COUNTED;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn random_ids_are_of_version_7_and_all_different() {
        let mut ids = Ids::new(IdPolicy::Random);
        let mut seen = HashSet::new();
        for number in 0..150_000 {
            let id = ids.make(b"{}").unwrap();
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert!(seen.insert(id), "{number}: {id}");
            if number % 1000 == 0 {
                ids.refresh();
            }
        }
    }

    #[test]
    fn random_ids_of_two_calls_are_different() {
        let ids = || Ids::new(IdPolicy::Random).make(b"{}");
        assert_ne!(ids(), ids());
    }

    #[test]
    fn merged_ids_are_those_of_the_first_of_equal_events() {
        let ids = |policy, events: &[&str]| {
            let mut ids = Ids::new(policy);
            events.iter().map(|event| ids.make(event.as_bytes()).unwrap()).collect::<Vec<_>>()
        };
        let merged = ids(IdPolicy::FromContentMergeEqual, &["{}", r#"{"a":1}"#, "{ }", "{}", r#"{ "a": 1 }"#]);
        let numbered = ids(IdPolicy::FromContent, &["{}", r#"{"a":1}"#]);
        assert_eq!(merged, [0, 1, 0, 0, 1].map(|place: usize| numbered[place]));
    }

    #[test]
    fn ids_from_content_are_the_same_for_the_same_input() {
        let ids = |events: &[&str]| {
            let mut ids = Ids::new(IdPolicy::FromContent);
            events.iter().map(|event| ids.make(event.as_bytes()).unwrap()).collect::<Vec<_>>()
        };
        let first = ids(&["{}", "{}", r#"{"a":1}"#, "{}"]);
        assert_eq!(first, ids(&["{}", "{ }", r#"{ "a": 1 }"#, "{}"]));
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), 4);
    }
}
