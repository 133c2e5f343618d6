//! What can be handed in, and what comes back of it.

use std::marker::PhantomData;

use serde::{Serialize, Serializer};

use crate::json::ReadBack;

/// What can be handed in for a service with events of type `E`: an `E`, or an `E` with a tag of the caller's, `(E, T)`.
///
/// ```
/// use futures::StreamExt;
/// use togai_ext::prelude::*;
///
/// # togai_doctest::run(async |_, client| {
/// // The offset of each event in a queue, to be acknowledged when its verdict is there.
/// let events = [41, 42].map(|offset| (Event::new("rides", "acme-prod").attribute("distance", 3), offset));
/// let mut verdicts = client.ingest_events(events).verdicts();
/// let (mut acknowledged, mut stopped_by) = (Vec::new(), None);
/// while let Some(next) = verdicts.next().await {
///     match next {
///         Ok(verdict) if verdict.outcome.is_accepted() => acknowledged.push(verdict.tag),
///         Ok(verdict) => eprintln!("offset {}: {}", verdict.tag, verdict.outcome),
///         Err(error) => stopped_by = Some(error),
///     }
/// }
/// assert_eq!((acknowledged, stopped_by.is_some()), (vec![41, 42], false));
/// # Ok(())
/// # });
/// ```
///
/// The tag is not sent. It comes back with the verdict of its event. The trait is there to be named; its methods may change.
///
/// # If the compiler refuses it
///
/// References and `Result`s are not events. The compiler says so (E0277) and what to do:
///
/// ```compile_fail,E0277
/// # use togai_ext::prelude::*;
/// fn call(client: &Client, events: Vec<Event>) {
///     // Clone the events, move them in, or hand in the slice with `ingest_slice`.
///     let _ = client.ingest_events(&events).send();
/// }
/// ```
///
/// ```compile_fail,E0277
/// # use togai_ext::prelude::*;
/// fn call(client: &Client, lines: Vec<Result<Event, std::io::Error>>) {
///     // `ingest_try_stream(futures::stream::iter(lines))` ends at the first error.
///     let _ = client.ingest_events(lines).send();
/// }
/// ```
///
/// A tag that borrows and `?` do not go together (E0515, "returns a value referencing data owned by the current function"). The
/// error of a call holds the events that were not accepted, with their tags, and `?` returns it:
///
/// ```compile_fail,E0515
/// # use togai_ext::prelude::*;
/// async fn deliver(client: &Client, file: String) -> Result<u64, Box<dyn std::error::Error>> {
///     let events = file.lines().map(|line| (Event::new("rides", "acme-prod").id(line), line));
///     let report = client.ingest_events(events).send().await?;
///     Ok(report.accepted())
/// }
/// ```
///
/// Handle the report of the error before it is returned, and return what does not borrow: `into_error()` of `togai-ext`, or
/// [`into_parts`](crate::IngestError::into_parts). Or take a tag that owns, such as the number of the line.
///
/// ```
/// # use togai_ext::prelude::*;
/// async fn deliver(client: &Client, file: String) -> Result<u64, Box<dyn std::error::Error>> {
///     let events = file.lines().map(|line| (Event::new("rides", "acme-prod").id(line), line));
///     let report = client.ingest_events(events).send().await.map_err(|failure| {
///         for verdict in failure.report().not_accepted() {
///             eprintln!("{}: {}", verdict.tag, verdict.outcome);
///         }
///         failure.into_error()
///     })?;
///     Ok(report.accepted())
/// }
/// # togai_doctest::run(async |_, client| {
/// # assert_eq!(deliver(&client, "ride-1\nride-2".to_owned()).await?, 2);
/// # Ok(())
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of this service",
    label = "expected `{E}`, or `({E}, tag)`",
    note = "for `&{E}`, clone the events (`iter().cloned()`) or hand in the slice with `ingest_slice`",
    note = "for `Result<{E}, _>`, use `ingest_try_stream`, with `futures::stream::iter` for an iterator",
    note = "for rows of a type of your own, use `ingest_slice`"
)]
pub trait Submission<E> {
    /// What is sent.
    #[doc(hidden)]
    type Payload: Payload<E>;
    /// What comes back with the verdict.
    type Tag;

    #[doc(hidden)]
    fn into_parts(self) -> (Self::Payload, Self::Tag);
}

impl<E: Serialize> Submission<E> for E {
    type Payload = E;
    type Tag = ();

    fn into_parts(self) -> (E, ()) {
        (self, ())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Serialize, T> Submission<E> for (E, T) {
    type Payload = E;
    type Tag = T;

    fn into_parts(self) -> (E, T) {
        self
    }
}

/// What is sent of a submission.
#[doc(hidden)]
pub trait Payload<E>: Serialize {
    /// What of it comes back with the verdict.
    type Returned;

    /// The event of the service, where it is one.
    fn event(&self) -> Option<&E>;

    /// The same, to put an id into it.
    fn event_mut(&mut self) -> Option<&mut E>;

    /// Turns into what comes back.
    fn into_returned(self) -> Self::Returned;

    /// How it comes back from its bytes where it is not kept, given how an event of the service does.
    fn read_back(event: Option<ReadBack<E>>) -> Option<ReadBack<Self::Returned>>;
}

impl<E: Serialize> Payload<E> for E {
    type Returned = E;

    fn event(&self) -> Option<&E> {
        Some(self)
    }

    fn event_mut(&mut self) -> Option<&mut E> {
        Some(self)
    }

    fn into_returned(self) -> E {
        self
    }

    fn read_back(event: Option<ReadBack<E>>) -> Option<ReadBack<E>> {
        event
    }
}

/// A row of a type of the caller's own, who keeps it. It is written as an event `E` of the service is.
#[derive(Debug)]
pub struct Row<'a, R, E> {
    row: &'a R,
    // It keeps this implementation apart from the one for `E` itself.
    event: PhantomData<fn() -> E>,
}

impl<'a, R, E> Row<'a, R, E> {
    pub(crate) fn new(row: &'a R) -> Self {
        Self { row, event: PhantomData }
    }
}

impl<R: Serialize, E> Serialize for Row<'_, R, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.serialize(serializer)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Serialize, E> Submission<E> for Row<'_, R, E> {
    type Payload = Self;
    type Tag = ();

    fn into_parts(self) -> (Self, ()) {
        (self, ())
    }
}

impl<R: Serialize, E> Payload<E> for Row<'_, R, E> {
    type Returned = ();

    fn event(&self) -> Option<&E> {
        None
    }

    /// The caller's row stays as it is. The id is in the verdict.
    fn event_mut(&mut self) -> Option<&mut E> {
        None
    }

    fn into_returned(self) {}

    /// Nothing comes back of it.
    fn read_back(_: Option<ReadBack<E>>) -> Option<ReadBack<()>> {
        None
    }
}
