//! Every event that arrived, and what became of it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::event;

/// How long an event id is remembered after it was metered.
const ID_IS_KEPT_FOR: Duration = Duration::from_secs(45 * 24 * 60 * 60);

pub(crate) const IN_PROGRESS: &str = "INGESTION_IN_PROGRESS";
pub(crate) const METERED: &str = "INGESTION_COMPLETED_EVENT_METERED";
pub(crate) const DUPLICATE: &str = "INGESTION_FAILED_DUPLICATE_EVENT";
pub(crate) const NO_EVENT_ID: &str = "INGESTION_FAILED_NO_EVENT_ID";
pub(crate) const ACCOUNT_NOT_FOUND: &str = "INGESTION_FAILED_ACCOUNT_NOT_FOUND";
pub(crate) const REVERTED: &str = "REVERTED";

/// An event that was accepted, and what became of it.
///
/// Each arrival is kept, a repeated one too, so a test can tell how often an event was delivered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Arrival {
    /// Id that the sandbox gave the arrival: `reference-1`, `reference-2` and so on.
    pub reference_id: String,
    /// Id that the event was sent with, if it had one.
    pub event_id: Option<String>,
    /// The event, in the shape of today.
    pub payload: Value,
    /// Status of the ingestion, such as `INGESTION_COMPLETED_EVENT_METERED`.
    pub status: &'static str,
    /// When the event arrived, by the clock of the sandbox.
    pub arrived_at: SystemTime,
    /// Whether the id had been metered within the 45 days before.
    pub duplicate: bool,
    /// The customer that the account belongs to, if the sandbox knows the account.
    pub customer_id: Option<String>,
    /// The account that was meant, if the sandbox knows it; `accountId` of the payload may be an alias.
    pub account_id: Option<String>,
    pub(crate) status_before_reverting: Option<&'static str>,
}

impl Arrival {
    /// Whether the event counts: it was metered and not reverted.
    pub fn is_metered(&self) -> bool {
        self.status == METERED
    }
}

/// The account that an event names, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Known {
        customer_id: String,
        account_id: String,
    },
    /// No such account, but the sandbox takes any.
    Assumed,
    NotFound,
}

/// The arrivals of one sandbox, in order.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    all: Vec<Arrival>,
    by_event_id: HashMap<String, Vec<usize>>,
    last_metered: HashMap<String, SystemTime>,
}

impl Arrivals {
    /// Records an event, and meters it unless its id was metered before.
    pub(crate) fn record(&mut self, payload: Value, owner: Owner, now: SystemTime) {
        let duplicate = self.is_duplicate(&payload, now);
        self.push(payload, owner, now, duplicate);
    }

    /// Records an event that takes the place of a reverted one, whose id may be metered once more.
    pub(crate) fn record_again(&mut self, payload: Value, owner: Owner, now: SystemTime) {
        self.push(payload, owner, now, false);
    }

    /// Takes an arrival back. Its id stays in use: sending the event again makes a duplicate.
    pub(crate) fn revert(&mut self, position: usize) {
        let arrival = &mut self.all[position];
        arrival.status_before_reverting = Some(arrival.status);
        arrival.status = REVERTED;
    }

    pub(crate) fn all(&self) -> &[Arrival] {
        &self.all
    }

    /// The arrivals of an event id, oldest first.
    pub(crate) fn with_event_id(&self, event_id: &str) -> impl Iterator<Item = &Arrival> {
        self.by_event_id.get(event_id).into_iter().flatten().map(|position| &self.all[*position])
    }

    /// Whether the id of an event was metered within the 45 days before.
    pub(crate) fn is_duplicate(&self, payload: &Value, now: SystemTime) -> bool {
        let metered_at = event::id(payload).and_then(|event_id| self.last_metered.get(event_id));
        metered_at.is_some_and(|moment| now.duration_since(*moment).unwrap_or_default() < ID_IS_KEPT_FOR)
    }

    fn push(&mut self, payload: Value, owner: Owner, now: SystemTime, duplicate: bool) {
        let event_id = event::id(&payload).map(str::to_owned);
        let status = match (&event_id, &owner) {
            (None, _) => NO_EVENT_ID,
            (Some(_), _) if duplicate => DUPLICATE,
            (Some(_), Owner::NotFound) => ACCOUNT_NOT_FOUND,
            (Some(_), Owner::Known { .. } | Owner::Assumed) => METERED,
        };
        if let Some(event_id) = &event_id {
            self.by_event_id.entry(event_id.clone()).or_default().push(self.all.len());
            if status == METERED {
                self.last_metered.insert(event_id.clone(), now);
            }
        }
        let (customer_id, account_id) = match owner {
            Owner::Known { customer_id, account_id } => (Some(customer_id), Some(account_id)),
            Owner::Assumed | Owner::NotFound => (None, None),
        };
        self.all.push(Arrival {
            reference_id: format!("reference-{}", self.all.len() + 1),
            event_id,
            payload,
            status,
            arrived_at: now,
            duplicate,
            customer_id,
            account_id,
            status_before_reverting: None,
        });
    }
}

/// A status in words, as the service adds it.
pub(crate) fn describe(status: &str) -> &'static str {
    match status {
        IN_PROGRESS => "The event is being processed",
        METERED => "The event was metered",
        DUPLICATE => "An event with this id was metered within the last 45 days",
        NO_EVENT_ID => "The event has no id",
        ACCOUNT_NOT_FOUND => "No account has this id or alias",
        REVERTED => "A correction took the event back",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statuses(arrivals: &Arrivals) -> Vec<&'static str> {
        arrivals.all().iter().map(|arrival| arrival.status).collect()
    }

    #[test]
    fn an_id_is_metered_once_in_45_days() {
        let mut arrivals = Arrivals::default();
        let start = SystemTime::UNIX_EPOCH;
        for moment in [start, start + ID_IS_KEPT_FOR - Duration::from_secs(1), start + ID_IS_KEPT_FOR] {
            arrivals.record(json!({ "id": "a" }), Owner::Assumed, moment);
        }
        assert_eq!(statuses(&arrivals), [METERED, DUPLICATE, METERED]);
        assert_eq!(arrivals.with_event_id("a").count(), 3);
    }

    #[test]
    fn only_a_metered_event_consumes_its_id() {
        let mut arrivals = Arrivals::default();
        let now = SystemTime::UNIX_EPOCH;
        for owner in [Owner::NotFound, Owner::NotFound, Owner::Assumed, Owner::NotFound] {
            arrivals.record(json!({ "id": "a" }), owner, now);
        }
        assert_eq!(statuses(&arrivals), [ACCOUNT_NOT_FOUND, ACCOUNT_NOT_FOUND, METERED, DUPLICATE]);
    }

    #[test]
    fn an_event_without_an_id_is_not_metered() {
        let mut arrivals = Arrivals::default();
        for event in [json!({}), json!({ "id": "" })] {
            arrivals.record(event, Owner::Assumed, SystemTime::UNIX_EPOCH);
        }
        assert_eq!(statuses(&arrivals), [NO_EVENT_ID, NO_EVENT_ID]);
    }

    #[test]
    fn a_reverted_event_keeps_its_id_in_use() {
        let mut arrivals = Arrivals::default();
        let now = SystemTime::UNIX_EPOCH;
        arrivals.record(json!({ "id": "a" }), Owner::Assumed, now);
        arrivals.revert(0);
        arrivals.record(json!({ "id": "a" }), Owner::Assumed, now);
        arrivals.record_again(json!({ "id": "a" }), Owner::Assumed, now);
        assert_eq!(statuses(&arrivals), [REVERTED, DUPLICATE, METERED]);
    }
}
