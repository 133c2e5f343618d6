//! The call that delivers the events.

use std::io;

use futures::{FutureExt, Stream, StreamExt, future, stream};
use togai_ext::prelude::*;

use crate::progress::Progress;
use crate::reader::{Origin, Record, Records};
use crate::rejected::Rejected;
use crate::service::Service;

/// How the call goes about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) concurrency: usize,
    pub(crate) batch_size: usize,
    pub(crate) assume_idempotent: bool,
}

/// What became of the events, whether the call got to its end or not.
pub(crate) type DeliveryResult<E> = Result<IngestReport<E, Origin>, Failure<E>>;
/// Why it did not get to its end.
pub(crate) type Failure<E> = IngestError<E, Origin>;

/// Sends what is read until there is no more, or until it is to stop; then what was read before is sent.
pub(crate) async fn deliver<C: Service>(
    client: &C,
    records: Records<C::Event>,
    stop: impl Future<Output = ()> + Send,
    settings: Settings,
    rejected: &Rejected,
    progress: &Progress,
) -> DeliveryResult<C::Event> {
    let events = until(records, Box::pin(stop)).filter_map(|record| {
        let event = record.and_then(|record| take(record, rejected, progress)).transpose();
        future::ready(event)
    });
    client
        .ingest_try_stream(events)
        .ids(IdPolicy::FromContent)
        .idempotent(C::COUNTS_AN_ID_ONCE || settings.assume_idempotent)
        .concurrency(settings.concurrency)
        .batch_size(settings.batch_size)
        // So that the report keeps none: any number of lines may be rejected.
        .on_not_accepted(|verdict| match &verdict.outcome {
            Outcome::Duplicate { .. } => {}
            outcome => rejected.write_outcome(&verdict.tag, verdict.id.as_deref(), outcome),
        })
        .on_progress(|so_far| progress.show(&so_far))
        .send()
        .await
}

/// The records up to the one that is in the channel when it is to stop.
fn until<E: Send>(
    mut records: Records<E>,
    stop: impl Future<Output = ()> + Send + Unpin,
) -> impl Stream<Item = io::Result<Record<E>>> + Send {
    let mut stop = stop.fuse();
    stream::poll_fn(move |context| {
        if stop.poll_unpin(context).is_ready() {
            // The reader ends, and what it has read already comes out before the stream ends.
            records.close();
        }
        records.poll_recv(context)
    })
}

/// Counts a line, and takes it out where it is no event.
fn take<E>(record: Record<E>, rejected: &Rejected, progress: &Progress) -> io::Result<Option<(E, Origin)>> {
    // A reason that could not be written must not go unseen, so nothing more is sent then.
    rejected.check()?;
    progress.count_line(&record.origin, record.bytes);
    Ok(match record.parsed {
        Ok(event) => Some((event, record.origin)),
        Err(reason) => {
            progress.count_malformed();
            rejected.write_malformed(&record.origin, &reason);
            None
        }
    })
}
