//! The evidence holds what the responses say of an event.

use togai_ingest::Outcome;

/// What the engine can know of an event that it sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evidence {
    /// What the response to the last request with it says of it, where that is clear.
    statement: Option<Statement>,
    /// Whether a response left open whether the service took it.
    is_ambiguous: bool,
    /// Whether a request with it alone was refused.
    was_refused_alone: bool,
}

/// What a response says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    Accepted,
    Duplicate,
    Refused,
}

impl Evidence {
    pub(crate) fn is_ambiguous(self) -> bool {
        self.is_ambiguous
    }

    /// The event is sent, and no response says anything of that request yet.
    pub(crate) fn note_sent(&mut self) {
        self.statement = None;
    }

    pub(crate) fn note_statement(&mut self, statement: Statement) {
        self.statement = Some(statement);
    }

    /// The service may have taken the event.
    pub(crate) fn note_doubt(&mut self) {
        self.is_ambiguous = true;
    }

    /// A request with it alone was refused.
    pub(crate) fn note_refusal_alone(&mut self) {
        self.was_refused_alone = true;
    }

    /// Whether a verdict follows from it.
    pub(crate) fn supports(self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Accepted => self.statement == Some(Statement::Accepted),
            Outcome::Duplicate { compared } => !compared && self.statement == Some(Statement::Duplicate),
            Outcome::Rejected { status, .. } => {
                let is_refused = match self.statement {
                    Some(statement) => statement == Statement::Refused,
                    None => self.was_refused_alone && !self.is_ambiguous,
                };
                is_refused && status.is_some()
            }
            Outcome::Unknown { .. } => self.statement.is_none() && self.is_ambiguous,
            Outcome::NotSent { .. } => self.statement.is_none() && !self.is_ambiguous,
            // A verdict that the model does not know.
            _ => false,
        }
    }
}
