//! The verdicts of a call as a stream.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;

use crate::backend::Backend;
use crate::ending::RunningEnding;
use crate::engine::Run;
use crate::error::DeliveryError;
use crate::report::{Verdict, into_verdicts};
use crate::source::{ReturnedOf, Source, TagOf};

/// The verdicts of a call, in whatever order its batches end; made by [`Ingest::verdicts`](crate::Ingest::verdicts).
///
/// Dropping it stops the call: batches in flight are abandoned, and the server may take them.
///
/// It is a stream where source and backend have the same event. Generic code says so with `B: Backend<Event = S::Event>`:
///
/// ```
/// use futures::TryStreamExt;
/// use togai_ingest::{Backend, DeliveryError, Source, Verdicts};
///
/// async fn count<S: Source, B: Backend<Event = S::Event>>(verdicts: Verdicts<'_, S, B>) -> Result<usize, DeliveryError> {
///     verdicts.try_fold(0, async |count, _| Ok(count + 1)).await
/// }
/// ```
#[must_use = "nothing is ingested until the stream is polled"]
pub struct Verdicts<'a, S: Source, B: Backend> {
    state: State<'a, S, B>,
    ready: VecDeque<Verdict<ReturnedOf<S>, TagOf<S>>>,
}

enum State<'a, S: Source, B: Backend> {
    Running(Box<Running<'a, S, B>>),
    Over,
    Failed(DeliveryError),
}

struct Running<'a, S: Source, B: Backend> {
    run: Run<B, S>,
    ending: RunningEnding<'a>,
}

impl<'a, S: Source, B: Backend> Verdicts<'a, S, B> {
    pub(crate) fn new(started: Result<(Run<B, S>, RunningEnding<'a>), DeliveryError>) -> Self {
        let state = match started {
            Ok((run, ending)) => State::Running(Box::new(Running { run, ending })),
            Err(error) => State::Failed(error),
        };
        Self { state, ready: VecDeque::new() }
    }
}

// Nothing in it is ever pinned in place: a source keeps what has to be pinned in a box.
impl<S: Source, B: Backend> Unpin for Verdicts<'_, S, B> {}

impl<S: Source, B: Backend<Event = S::Event>> Stream for Verdicts<'_, S, B> {
    type Item = Result<Verdict<ReturnedOf<S>, TagOf<S>>, DeliveryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A caller that is slow with the verdicts of one batch must not delay the responses to others.
        if let State::Running(running) = &mut self.state {
            running.run.drive(context);
            if let Some(why) = running.ending.poll(context) {
                running.run.end(why, context);
            }
        }
        loop {
            if let Some(verdict) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(verdict)));
            }
            let next = match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Failed(error) => return Poll::Ready(Some(Err(error))),
                State::Running(mut running) => match running.run.poll_finished(context) {
                    Poll::Ready(None) => running.run.into_stopped_by().map_or(State::Over, State::Failed),
                    Poll::Ready(Some(finished)) => {
                        self.ready.extend(into_verdicts(finished));
                        State::Running(running)
                    }
                    Poll::Pending => {
                        self.state = State::Running(running);
                        return Poll::Pending;
                    }
                },
            };
            self.state = next;
        }
    }
}

impl<S: Source, B: Backend> fmt::Debug for Verdicts<'_, S, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verdicts").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}
