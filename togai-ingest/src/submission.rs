//! What can be handed in, and what comes back of it.

use serde::Serialize;
use togai_api::Event;

/// What can be handed in: an [`Event`], or an event with something of the caller's own beside it, `(Event, T)`.
///
/// ```
/// use futures::TryStreamExt;
/// use togai_ext::prelude::*;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = togai_sandbox::Sandbox::builder().token("sandbox").start().await?;
/// # let client = ClientBuilder::new("sandbox").base_url(sandbox.base_url()).build()?;
/// // The place of each event in a queue, to be acknowledged when its verdict is there.
/// let events = [41, 42].map(|offset| (Event::new("rides", "acme-prod").attribute("distance", 3), offset));
/// let mut verdicts = client.ingest_events(events).outcomes();
/// let mut acknowledged = Vec::new();
/// while let Some(verdict) = verdicts.try_next().await? {
///     assert!(verdict.outcome.is_accepted());
///     acknowledged.push(verdict.tag);
/// }
/// assert_eq!(acknowledged, [41, 42]);
/// # Ok(())
/// # }
/// ```
///
/// The tag is not sent. It comes back with the verdict of its event. Whose events they are depends on the client: see
/// [`IngestExt::Event`](crate::IngestExt::Event). No type outside of this crate can implement it.
pub trait Submission: sealed::Sealed {
    /// What is sent.
    type Payload: Payload;
    /// What comes back with the verdict.
    type Tag;

    #[doc(hidden)]
    fn into_parts(self) -> (Self::Payload, Self::Tag);
}

impl<E: Owned> Submission for E {
    type Payload = E;
    type Tag = ();

    fn into_parts(self) -> (E, ()) {
        (self, ())
    }
}

impl<E: Owned, T> Submission for (E, T) {
    type Payload = E;
    type Tag = T;

    fn into_parts(self) -> (E, T) {
        self
    }
}

/// An event of a type of the caller's own, who keeps it.
#[derive(Debug)]
pub struct Borrowed<'a, E>(pub(super) &'a E);

impl<'a, E: Serialize> Submission for Borrowed<'a, E> {
    type Payload = &'a E;
    type Tag = ();

    fn into_parts(self) -> (&'a E, ()) {
        (self.0, ())
    }
}

/// An event of whatever type, as the engine needs it.
pub trait Payload: Serialize {
    /// What of it comes back with the verdict.
    type Returned;

    /// Puts the id in that the event is sent with.
    fn set_id(&mut self, id: &str);

    /// What is wrong with the event beyond the fields at its top.
    fn check(&self) -> Result<(), String>;

    /// Turns into what comes back.
    fn into_returned(self) -> Self::Returned;
}

/// An event that moves in and, where it was not accepted, back out.
pub trait Owned: Payload<Returned = Self> + sealed::Sealed {}

impl Owned for Event {}

impl Payload for Event {
    type Returned = Event;

    fn set_id(&mut self, id: &str) {
        self.id = Some(id.into());
    }

    fn check(&self) -> Result<(), String> {
        super::check::check_event(self)
    }

    fn into_returned(self) -> Event {
        self
    }
}

impl<E: Serialize> Payload for &E {
    type Returned = ();

    /// The caller's event stays as it is. The id is in the verdict.
    fn set_id(&mut self, _: &str) {}

    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    fn into_returned(self) {}
}

mod sealed {
    use togai_api::Event;

    pub trait Sealed {}
    impl Sealed for Event {}
    #[cfg(feature = "enso")]
    impl Sealed for togai_api::enso::types::EnsoEvent {}
    impl<E: super::Owned, T> Sealed for (E, T) {}
    impl<E> Sealed for super::Borrowed<'_, E> {}
    #[cfg(test)]
    impl Sealed for super::super::model::Item {}
}
