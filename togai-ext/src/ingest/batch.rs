//! A batch: its events, and the bytes that they are sent as.

use bytes::Bytes;

use super::backend::Envelope;

/// Events with their places in the input, encoded once.
pub(super) struct Batch<E> {
    events: Vec<(u64, E)>,
    body: Vec<u8>,
    envelope: Envelope,
}

impl<E> Batch<E> {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self { events: Vec::new(), body: envelope.before.as_bytes().to_vec(), envelope }
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds an event. Where it cannot be encoded it comes back, and the batch is as before.
    pub(super) fn push(
        &mut self,
        index: u64,
        event: E,
        encode: impl FnOnce(&E, &mut Vec<u8>) -> Result<(), serde_json::Error>,
    ) -> Result<(), (E, serde_json::Error)> {
        let length = self.body.len();
        if !self.events.is_empty() {
            self.body.extend_from_slice(self.envelope.between.as_bytes());
        }
        if let Err(error) = encode(&event, &mut self.body) {
            self.body.truncate(length);
            return Err((event, error));
        }
        self.events.push((index, event));
        Ok(())
    }

    /// The events, and the request's body without a copy.
    pub(super) fn into_parts(mut self) -> (Vec<(u64, E)>, Bytes) {
        self.body.extend_from_slice(self.envelope.after.as_bytes());
        (self.events, self.body.into())
    }

    pub(super) fn into_events(self) -> Vec<(u64, E)> {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: Envelope = Envelope { before: "[", between: ",", after: "]" };

    #[test]
    fn events_are_encoded_side_by_side() {
        let mut batch = Batch::new(ENVELOPE);
        for index in 0..3 {
            batch.push(index, index * 10, |event, body| serde_json::to_writer(body, event)).unwrap();
        }
        let (events, body) = batch.into_parts();
        assert_eq!((events.len(), &body[..]), (3, &b"[0,10,20]"[..]));
    }

    #[test]
    fn an_event_that_cannot_be_encoded_comes_back_and_leaves_nothing_behind() {
        let mut batch = Batch::new(ENVELOPE);
        let refuse = |_: &&str, body: &mut Vec<u8>| {
            body.extend_from_slice(b"half");
            serde_json::from_str::<()>("no")
        };
        let accept = |event: &&str, body: &mut Vec<u8>| serde_json::to_writer(body, event);
        batch.push(0, "a", accept).unwrap();
        assert_eq!(batch.push(1, "b", refuse).unwrap_err().0, "b");
        batch.push(2, "c", accept).unwrap();
        assert_eq!(&batch.into_parts().1[..], br#"["a","c"]"#);
    }
}
