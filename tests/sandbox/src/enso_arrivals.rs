//! Every event that Enso took, and whether it counts.

use std::collections::HashSet;
use std::time::SystemTime;

use serde_json::Value;

use crate::event;

/// An event that Enso took.
///
/// Each arrival is kept, a repeated one too, so a test can tell how often an event was delivered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EnsoArrival {
    /// The `eventId` that the event was sent with, if it had one; an empty one is none.
    pub event_id: Option<String>,
    /// The event, as it was sent.
    pub payload: Value,
    /// When the event arrived, by the clock of the sandbox.
    pub arrived_at: SystemTime,
    /// Whether an event with this id was taken before, however long ago.
    pub duplicate: bool,
    /// Whether the event counts. By default every event that was taken does, a duplicate as well: no document says
    /// otherwise. See [`enso_meters_an_id_once`](crate::SandboxBuilder::enso_meters_an_id_once).
    pub counts: bool,
}

/// The arrivals of one sandbox, in order.
#[derive(Debug, Default)]
pub(crate) struct EnsoArrivals {
    all: Vec<EnsoArrival>,
    event_ids: HashSet<String>,
    metered: usize,
}

impl EnsoArrivals {
    /// Records an event. With `once` it counts only if its id was not there before; one without an id always does.
    pub(crate) fn record(&mut self, payload: Value, now: SystemTime, once: bool) {
        let event_id = event::text(&payload, "eventId").filter(|id| !id.is_empty()).map(str::to_owned);
        let duplicate = event_id.as_ref().is_some_and(|id| !self.event_ids.insert(id.clone()));
        let counts = !(once && duplicate);
        self.metered += usize::from(counts);
        self.all.push(EnsoArrival { event_id, payload, arrived_at: now, duplicate, counts });
    }

    pub(crate) fn all(&self) -> &[EnsoArrival] {
        &self.all
    }

    /// How many of them count. It is kept, since a test may ask for it over and over until all have arrived.
    pub(crate) fn metered_count(&self) -> usize {
        self.metered
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(once: bool, payloads: &[Value], duplicates: &[bool], counting: &[bool]) {
        let mut arrivals = EnsoArrivals::default();
        for payload in payloads {
            arrivals.record(payload.clone(), SystemTime::UNIX_EPOCH, once);
        }
        let all = arrivals.all();
        assert_eq!(all.iter().map(|arrival| arrival.duplicate).collect::<Vec<_>>(), duplicates);
        assert_eq!(all.iter().map(|arrival| arrival.counts).collect::<Vec<_>>(), counting);
        assert_eq!(arrivals.metered_count(), counting.iter().filter(|counts| **counts).count());
    }

    #[test]
    fn an_id_counts_as_often_as_it_arrives_or_once() {
        let payloads = [json!({ "eventId": "a" }), json!({ "eventId": "b" }), json!({ "eventId": "a" })];
        check(false, &payloads, &[false, false, true], &[true, true, true]);
        check(true, &payloads, &[false, false, true], &[true, true, false]);
    }

    #[test]
    fn an_event_without_an_id_is_never_a_duplicate() {
        let payloads = [json!({}), json!({}), json!({ "eventId": "" }), json!({ "eventId": "" })];
        check(true, &payloads, &[false; 4], &[true; 4]);
    }
}
