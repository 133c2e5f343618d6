//! The isolation of an event behind failures: which parts of a batch failed without a response, and when they may be sent
//! again.

use crate::request::Request;

/// The parts of a batch that failed without a response that says anything of the events.
#[derive(Debug, Default)]
pub(crate) struct Isolation {
    parts: Vec<FailedPart>,
}

#[derive(Debug)]
struct FailedPart {
    /// Its events, but for those that a response says something of.
    events: Vec<usize>,
    /// How many requests had been accepted when it was sent first, or made of a larger part.
    accepted_before: u64,
    /// Whether it was not sent again, in halves, since it failed.
    is_set_aside: bool,
    /// How many times a few of its events were tried, and how many requests had been accepted before that.
    trials: usize,
    /// How many events it had before that.
    count: usize,
    accepted_before_trials: Option<u64>,
}

/// Such a share of the events is tried.
const TRIAL_SHARE: usize = 8;
const MOST_TRIALS: usize = 4;
/// Of a part with no more events each of them is tried.
const FEW_EVENTS: usize = 2;

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The part is set aside, or its event is unknown.
    Aside,
    /// The one event of a batch failed, and nothing was accepted meanwhile.
    Alone,
    /// The call ends.
    Ends,
}

impl Isolation {
    /// Whether a part failed, and was not sent again.
    pub(crate) fn is_set_aside(&self) -> bool {
        self.parts.iter().any(|part| part.is_set_aside)
    }

    /// Takes a further request of the batch, and says what is wrong with it: of a part that failed a few events are tried
    /// once, or it is sent in halves once another request was accepted.
    pub(crate) fn note_request(&mut self, request: &Request, accepted: u64) -> Result<(), String> {
        let Request { indexes, max_retries, .. } = request;
        let part = self.parts.iter_mut().find(|part| indexes.iter().any(|index| part.events.contains(index)));
        let (part, max_retries) = match (part, max_retries) {
            (None, None) => return Ok(()),
            (Some(part), Some(max_retries)) => (part, *max_retries),
            (part, _) => {
                let has_failed = if part.is_some() { "failed" } else { "did not fail" };
                return Err(format!("it may be retried {max_retries:?}, and {has_failed} before"));
            }
        };
        if !indexes.iter().all(|index| part.events.contains(index)) {
            return Err(format!("it is not of one part that failed: {part:?}"));
        }
        match max_retries {
            0 => part.try_a_few(indexes, accepted),
            1 => part.send_again(indexes, accepted),
            _ => Err(format!("it may be retried {max_retries} times")),
        }
    }

    /// A request has a response, and this says whether that ends the call: if nothing was accepted of a part that failed.
    pub(crate) fn note_response(&mut self, request: &Request, accepted: u64, has_budget: bool, is_blind: bool) -> bool {
        let mut ends = false;
        for part in self.parts.iter_mut().filter(|part| part.events.contains(&request.indexes[0])) {
            part.events.retain(|index| !request.indexes.contains(index));
            ends |= request.is_trial() && !part.events.is_empty() && part.ends(accepted, has_budget, is_blind);
        }
        self.parts.retain(|part| !part.events.is_empty());
        ends
    }

    /// A request failed.
    pub(crate) fn note_failure(
        &mut self,
        request: &Request,
        accepted: u64,
        has_budget: bool,
        is_blind: bool,
    ) -> Failed {
        let indexes = &request.indexes;
        let is_several = indexes.len() > 1;
        let set_aside = |accepted_before| FailedPart {
            events: indexes.clone(),
            accepted_before,
            is_set_aside: true,
            trials: 0,
            count: indexes.len(),
            accepted_before_trials: None,
        };
        let Some(position) = self.parts.iter().position(|part| part.events.contains(&indexes[0])) else {
            if is_several {
                self.parts.push(set_aside(request.accepted_before));
            }
            let is_alone = !is_several && request.is_whole && accepted <= request.accepted_before;
            return if is_alone { Failed::Alone } else { Failed::Aside };
        };
        let part = &mut self.parts[position];
        if request.is_trial() {
            let is_few = part.count <= FEW_EVENTS && !is_blind;
            let is_in_vain = part.accepted_before_trials.is_some_and(|before| accepted <= before);
            if part.is_tried(has_budget) && is_few && is_in_vain {
                self.parts.remove(position);
                return Failed::Aside;
            }
            return if part.ends(accepted, has_budget, is_blind) { Failed::Ends } else { Failed::Aside };
        }
        let accepted_before = part.accepted_before;
        self.note_response(request, accepted, has_budget, is_blind);
        if is_several {
            self.parts.push(set_aside(accepted_before));
        }
        Failed::Aside
    }
}

impl FailedPart {
    /// Whether there is no further trial, and nothing was accepted since the first one.
    fn ends(&self, accepted: u64, has_budget: bool, is_blind: bool) -> bool {
        let is_few = self.count <= FEW_EVENTS && !is_blind;
        self.is_tried(has_budget) && !is_few && self.accepted_before_trials.is_some_and(|before| accepted <= before)
    }

    /// Whether there is no further trial.
    fn is_tried(&self, has_budget: bool) -> bool {
        self.trials == self.most_trials() || !has_budget
    }

    fn most_trials(&self) -> usize {
        if self.count <= FEW_EVENTS { self.count } else { MOST_TRIALS }
    }

    fn try_a_few(&mut self, indexes: &[usize], accepted: u64) -> Result<(), String> {
        let count = self.events.len();
        let few = match self.trials {
            0 => self.events.starts_with(indexes),
            1 => self.events.ends_with(indexes),
            _ => indexes.len() == 1,
        };
        if !self.is_set_aside || accepted > self.accepted_before_trials.unwrap_or(self.accepted_before) {
            return Err(format!("it tries a few events of what is to be sent in halves: {self:?}"));
        }
        if !few || indexes.len() > (count / TRIAL_SHARE).max(1) || self.trials >= self.most_trials() {
            return Err(format!("it tries other events than a few: {self:?}"));
        }
        if self.trials == 0 {
            self.count = count;
        }
        self.trials += 1;
        self.accepted_before_trials.get_or_insert(accepted);
        Ok(())
    }

    fn send_again(&mut self, indexes: &[usize], accepted: u64) -> Result<(), String> {
        if !self.is_set_aside {
            return Ok(());
        }
        if accepted <= self.accepted_before {
            return Err(format!("nothing was accepted since it failed: {self:?}"));
        }
        if indexes.len() > self.events.len().div_ceil(2) {
            return Err(format!("it is more than a half of what failed: {self:?}"));
        }
        self.is_set_aside = false;
        self.accepted_before = self.accepted_before_trials.take().unwrap_or(accepted);
        self.trials = 0;
        Ok(())
    }
}
