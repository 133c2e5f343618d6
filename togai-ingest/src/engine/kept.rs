//! The events of a batch, to be given back with the verdicts.

use std::sync::Arc;

use bytes::Bytes;

use super::encoded::Encoded;
use crate::json::ReadBack;

/// How the events of a batch come back.
#[derive(Debug)]
pub enum Kept<E> {
    /// As they were handed in.
    Events(Vec<E>),
    /// Read back from their bytes: few events come back, and those that were accepted need no memory meanwhile.
    Bytes(ReadBack<E>),
}

impl<E> Kept<E> {
    /// None of so many events, which are read back from their bytes where that is possible.
    pub(crate) fn new(read_back: Option<ReadBack<E>>, events: usize) -> Self {
        read_back.map_or_else(|| Self::Events(Vec::with_capacity(events)), Self::Bytes)
    }

    /// The same for another batch.
    pub(crate) fn another(&self, events: usize) -> Self {
        match self {
            Self::Events(_) => Self::new(None, events),
            Self::Bytes(read_back) => Self::new(Some(*read_back), events),
        }
    }

    /// Whether events are held themselves.
    pub(crate) fn holds_events(&self) -> bool {
        matches!(self, Self::Events(_))
    }

    /// Takes in the next event, where events are held themselves.
    pub(crate) fn push(&mut self, event: E) {
        if let Self::Events(events) = self {
            events.push(event);
        }
    }

    /// The events, in their order in the batch. One that is not asked for is not read back.
    pub(crate) fn give_back(self, encoded: Arc<Encoded<Bytes>>) -> impl Iterator<Item = GivenBack<E>> {
        let (events, read_back) = match self {
            Self::Events(events) => (events, None),
            Self::Bytes(read_back) => (Vec::new(), Some(read_back)),
        };
        let read = read_back.into_iter().flat_map(move |read_back| {
            let encoded = Arc::clone(&encoded);
            (0..encoded.slots().len()).map(move |position| GivenBack::Bytes {
                read_back,
                encoded: Arc::clone(&encoded),
                position,
            })
        });
        events.into_iter().map(GivenBack::Event).chain(read)
    }
}

/// An event that may come back.
pub(crate) enum GivenBack<E> {
    /// It is there.
    Event(E),
    /// It is read back when it is asked for.
    Bytes { read_back: ReadBack<E>, encoded: Arc<Encoded<Bytes>>, position: usize },
}

impl<E> GivenBack<E> {
    pub(crate) fn into_event(self) -> E {
        match self {
            Self::Event(event) => event,
            Self::Bytes { read_back, encoded, position } => read_back(encoded.event(position)),
        }
    }
}
