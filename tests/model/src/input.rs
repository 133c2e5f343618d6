//! The input holds the events that wait to be pulled, and how the source ends.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use togai_ingest::test_util::Pulled;

use crate::item::Item;

/// The queue behind the source.
#[derive(Debug, Default)]
pub(crate) struct Input {
    queue: VecDeque<Item>,
    end: Option<SourceEnd>,
    /// Whether the engine has pulled the end.
    is_end_pulled: bool,
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceEnd {
    Ended,
    Failed,
}

impl Input {
    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether the engine waits for an event.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waker.is_some()
    }

    pub(crate) fn is_end_pulled(&self) -> bool {
        self.is_end_pulled
    }

    pub(crate) fn is_failure_pulled(&self) -> bool {
        self.is_end_pulled && self.end == Some(SourceEnd::Failed)
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.queue.push_back(item);
    }

    /// Makes a response come while the last event is pulled.
    pub(crate) fn respond_at_last(&mut self, choice: u64) {
        if let Some(item) = self.queue.back_mut() {
            item.response = Some(choice);
        }
    }

    pub(crate) fn end(&mut self, end: SourceEnd) {
        self.end = Some(end);
        self.wake();
    }

    /// Wakes the engine, where it waits.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn pull(&mut self, context: &mut Context<'_>) -> Poll<Option<Pulled<Item>>> {
        if let Some(item) = self.queue.pop_front() {
            return Poll::Ready(Some(Ok(item)));
        }
        let Some(end) = self.end else {
            self.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        self.is_end_pulled = true;
        Poll::Ready(match end {
            SourceEnd::Ended => None,
            SourceEnd::Failed => Some(Err("the source broke".into())),
        })
    }
}
