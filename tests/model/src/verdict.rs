//! What must hold of a verdict.

use togai_ingest::Outcome;

use crate::item::{Nature, Reading};
use crate::ledger::{Admission, Handed};

/// What the engine says of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict<'a> {
    pub(crate) index: u64,
    pub(crate) id: Option<&'a str>,
    pub(crate) event: &'a Reading,
    pub(crate) tag: u64,
    pub(crate) outcome: &'a Outcome,
}

impl Verdict<'_> {
    /// What is wrong with it, by all that the ledger has of its event. So many requests of the session were accepted.
    pub(crate) fn problem(&self, handed: &Handed, idempotent: bool, accepted: u64) -> Option<&'static str> {
        let has_id = handed.admission != Admission::Sent || handed.id.is_some();
        let checks = [
            (!handed.has_verdict, "it had a verdict before"),
            (has_id, "it has no id"),
            (self.is_unchanged(handed), "it came back changed"),
            (self.follows(handed, accepted), "that is not what was said of it"),
            (self.is_honest(idempotent), "it is not right in whether it may be sent again"),
        ];
        checks.into_iter().find(|(is_right, _)| !is_right).map(|(_, problem)| problem)
    }

    /// Whether the event was left out of all requests.
    pub(crate) fn leaves_out(&self, handed: &Handed) -> bool {
        handed.batch.is_none() && matches!(self.outcome, Outcome::NotSent { .. })
    }

    /// Whether the event is the one that was handed in, with the id that it got.
    fn is_unchanged(&self, handed: &Handed) -> bool {
        let mut expected = handed.item.event.clone();
        if handed.admission == Admission::Sent && expected.id.is_none() {
            expected.id.clone_from(&handed.id);
        }
        // The engine knows no id of an event that cannot be written.
        let id = expected.id.as_deref().filter(|_| handed.item.nature != Nature::Unencodable);
        *self.event == expected && self.tag == handed.item.tag && self.id == id
    }

    /// Whether it follows from what the engine can know, where so many requests of the session were accepted.
    fn follows(&self, handed: &Handed, accepted: u64) -> bool {
        match (handed.admission, self.outcome) {
            (Admission::Rejected, Outcome::Rejected { status: None, .. })
            | (Admission::Duplicate, Outcome::Duplicate { compared: true }) => handed.batch.is_none(),
            (Admission::Sent, outcome) => handed.evidence.supports(outcome, accepted),
            _ => false,
        }
    }

    /// Whether it says right whether the event may be sent again.
    fn is_honest(&self, idempotent: bool) -> bool {
        match self.outcome {
            Outcome::Unknown { may_be_resent, .. } => *may_be_resent == idempotent,
            _ => true,
        }
    }
}
