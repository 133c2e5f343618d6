//! The evidence holds what the responses say of an event.

use togai_ingest::Outcome;

/// What the engine can know of an event that it sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evidence {
    /// What the response to the last request with it says of it, where that is clear.
    statement: Option<Statement>,
    /// What holds of it unless another response says more, after one that said two things.
    dispute: Option<Dispute>,
    /// Whether the last response did.
    is_disputed: bool,
    /// Whether a response left open whether the service took it.
    is_ambiguous: bool,
    refusal_alone: Option<RefusalAlone>,
    /// How many responses to requests with it contradicted themselves, one after the other, the last one among them.
    contradictions: u8,
}

/// What a response says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Accepted,
    Duplicate,
    Refused,
    /// The service did not take it, and does not say that it is at fault.
    Unmet,
    /// The service may have it all the same.
    Unclear,
}

/// What holds of an event of which a response says two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispute {
    /// Refused and a duplicate, and nothing may have been applied before.
    Lost,
    Unclear,
}

/// A request with the event alone was refused.
#[derive(Clone, Copy, Debug)]
struct RefusalAlone {
    /// The number of the last request of the session by then.
    last_sent: u64,
    was_handed_in_alone: Certainty,
}

/// Whether something holds that the model may not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    No,
    Maybe,
    Yes,
}

impl Certainty {
    pub(crate) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl Evidence {
    pub(crate) fn is_ambiguous(self) -> bool {
        self.is_ambiguous
    }

    pub(crate) fn statement(self) -> Option<Statement> {
        self.statement
    }

    pub(crate) fn is_accepted(self) -> bool {
        self.statement == Some(Statement::Accepted)
    }

    /// Whether the last response says two things of it.
    pub(crate) fn is_disputed(self) -> bool {
        self.is_disputed
    }

    pub(crate) fn was_refused_alone(self) -> bool {
        self.refusal_alone.is_some()
    }

    /// Whether nothing more is to be found out about it: by a response, or since it was refused alone.
    pub(crate) fn is_settled(self) -> bool {
        self.statement.is_some() || self.refusal_alone.is_some()
    }

    /// Whether the response to the last request with it left it open.
    pub(crate) fn is_open(self) -> bool {
        self.statement.is_none() && !self.is_disputed
    }

    /// How many responses contradicted themselves, one after the other.
    pub(crate) fn contradictions(self) -> u8 {
        self.contradictions
    }

    /// The event is sent, and no response says anything of that request yet.
    pub(crate) fn note_sent(&mut self) {
        self.statement = None;
        self.is_disputed = false;
    }

    pub(crate) fn note_statement(&mut self, statement: Statement) {
        self.statement = Some(statement);
        self.dispute = None;
        self.is_ambiguous |= statement == Statement::Unclear;
    }

    /// A response says two things of the event that cannot both be true.
    pub(crate) fn note_dispute(&mut self, dispute: Dispute) {
        self.dispute = Some(dispute);
        self.is_disputed = true;
    }

    /// The service may have taken the event.
    pub(crate) fn note_doubt(&mut self) {
        self.is_ambiguous = true;
    }

    /// Whether the last response to a request with it contradicted itself in what it says of the event.
    pub(crate) fn note_contradiction(&mut self, is_contradictory: bool) {
        self.contradictions = if is_contradictory { self.contradictions + 1 } else { 0 };
    }

    /// A request with it alone was refused.
    pub(crate) fn note_refusal_alone(&mut self, last_sent: u64, was_handed_in_alone: Certainty) {
        self.refusal_alone = Some(RefusalAlone { last_sent, was_handed_in_alone });
        self.dispute = None;
    }

    /// Whether it was shown that the event is at fault, by a refusal that named no event.
    pub(crate) fn is_at_fault(self, latest_accepted: u64) -> Certainty {
        let Some(refusal) = self.refusal_alone.filter(|_| !self.is_ambiguous) else { return Certainty::No };
        if latest_accepted > refusal.last_sent { Certainty::Yes } else { refusal.was_handed_in_alone }
    }

    /// Whether a verdict follows from it, where this is the latest request of the session that was accepted.
    pub(crate) fn supports(self, outcome: &Outcome, latest_accepted: u64) -> bool {
        let is_silent = self.statement.is_none();
        match outcome {
            Outcome::Accepted => self.statement == Some(Statement::Accepted),
            Outcome::Duplicate { compared } => !compared && self.statement == Some(Statement::Duplicate),
            Outcome::Rejected { status, .. } => {
                let is_lost = is_silent && self.dispute == Some(Dispute::Lost) && !self.is_ambiguous;
                let is_at_fault = is_silent && self.is_at_fault(latest_accepted) > Certainty::No;
                (self.statement == Some(Statement::Refused) || is_lost || is_at_fault) && status.is_some()
            }
            Outcome::Unknown { .. } => {
                let is_disputed = self.dispute == Some(Dispute::Unclear);
                self.statement == Some(Statement::Unclear) || (is_silent && (self.is_ambiguous || is_disputed))
            }
            Outcome::NotSent { .. } => {
                let may_be_good = self.is_at_fault(latest_accepted) < Certainty::Yes;
                let is_unmet = self.statement == Some(Statement::Unmet);
                is_unmet || (is_silent && self.dispute.is_none() && !self.is_ambiguous && may_be_good)
            }
            // A verdict that the model does not know.
            _ => false,
        }
    }
}
