//! The parts of a batch that are still to be sent, and in which sizes: the search for its bad events.

use std::sync::Arc;

use super::decide::Refusal;

/// Some events of a batch that are to be sent together.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// Their indexes in the batch.
    pub(super) positions: Vec<usize>,
    /// Whether the service may have taken events of it already, with an earlier request.
    pub(super) maybe_applied: bool,
    /// Why an earlier request left them without an outcome.
    pub(super) cause: Option<Cause>,
    pub(super) suspicion: Suspicion,
}

/// Why a request left its events without an outcome.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// It was too large, so its parts may all be taken.
    TooLarge(Refusal),
    /// It was refused for what is in it.
    Refused(Refusal),
    /// The service took some of its events, and did not say which.
    Open(Arc<str>),
    /// The response contradicted itself, and the events are sent once more.
    Contradiction(Arc<str>),
    /// It failed without a response that says anything of the events.
    Unanswered {
        why: Arc<str>,
        /// How many requests had been accepted when it was sent.
        accepted_before: u64,
    },
}

/// Whether a part is known to hold an event that is not accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Suspicion {
    #[default]
    Nothing,
    /// It is not, and is to be sent as it is.
    SendWhole,
    /// It does, or the part after it on the stack does.
    ThisOrNext,
    /// It does, so there is no use in sending it whole.
    Certain,
}

/// How much more what is found in a batch weighs than that it has two bad events, which is taken for granted first. So few bad
/// events cost hardly more requests, and many cost fewer.
const WEIGHT: usize = 10;

/// The parts of a batch that are still to be sent.
///
/// Bad events are found by generalized binary splitting (Hwang 1972): groups are taken so large that about every second one
/// is free of bad events, and a group that is refused is halved until one bad event is alone. What is left of the group then
/// goes back to the others.
#[derive(Debug)]
pub(super) struct Parts {
    /// What comes first is on top.
    stack: Vec<Part>,
    /// How many events the batch has.
    count: usize,
    /// How many events were refused alone, and how many have an outcome in all.
    refused: usize,
    decided: usize,
    /// How many were refused one after the other, with none in between that was not, and the next one after them.
    run: usize,
    next: Option<usize>,
    samples: u16,
}

impl Parts {
    /// A batch that is to be sent whole.
    pub(super) fn new(count: usize) -> Self {
        let whole = Part { positions: (0..count).collect(), ..Part::default() };
        Self { stack: vec![whole], count, refused: 0, decided: 0, run: 0, next: None, samples: 0 }
    }

    pub(super) fn push(&mut self, part: Part) {
        self.stack.push(part);
    }

    /// Puts a part back in two halves.
    pub(super) fn push_halves(&mut self, part: Part) {
        let first = part.positions.len().div_ceil(2);
        self.push_split(part, first, Suspicion::Nothing);
    }

    /// Puts a part back that holds a bad event, with those of its events on top, by themselves, that are suspected.
    pub(super) fn push_with_suspects(&mut self, mut part: Part, suspects: &[usize]) {
        if suspects.is_empty() || suspects.len() == part.positions.len() {
            return self.push(part);
        }
        part.positions.retain(|position| !suspects.contains(position));
        // There may be others, which the next refusal names.
        part.suspicion = Suspicion::SendWhole;
        self.push(part.clone());
        let suspicion = if suspects.len() == 1 { Suspicion::ThisOrNext } else { Suspicion::SendWhole };
        for position in suspects.iter().rev() {
            self.push(Part { positions: vec![*position], suspicion, ..part.clone() });
        }
    }

    /// Notes that all events of a part were accepted. If it was this part or the next that held a bad event, it is the next.
    pub(super) fn note_accepted(&mut self, part: &Part) {
        self.decided += part.positions.len();
        if part.suspicion != Suspicion::SendWhole {
            self.run = 0;
        }
        if let Some(next) = self.stack.last_mut().filter(|_| part.suspicion == Suspicion::ThisOrNext) {
            next.suspicion = Suspicion::Certain;
        }
    }

    /// Notes that an event was refused alone.
    pub(super) fn note_refused(&mut self, part: &Part) {
        let [position] = part.positions[..] else { return };
        let is_next = self.run > 0 && self.next == Some(position);
        // A run of bad events has one cause, and says little of how many others there are.
        if !is_next {
            self.decided += 1;
            self.refused += 1;
        }
        // A sample comes from elsewhere.
        if part.suspicion != Suspicion::SendWhole {
            self.run = if is_next { self.run + 1 } else { 1 };
        }
    }

    /// The next part to send. What is said to be too large is halved. Where events were refused alone and nothing was
    /// accepted since, it is a single event from elsewhere.
    pub(super) fn next(&mut self, is_doubtful: bool, is_too_large: impl Fn(&[usize]) -> bool) -> Option<Part> {
        loop {
            let mut part = self.stack.pop()?;
            let count = part.positions.len();
            match part.cause {
                Some(Cause::TooLarge(_) | Cause::Unanswered { .. }) if count > 1 && is_too_large(&part.positions) => {
                    self.push_halves(part);
                }
                Some(Cause::Refused(_) | Cause::Open(_)) => match part.suspicion {
                    Suspicion::SendWhole | Suspicion::ThisOrNext => return Some(part),
                    Suspicion::Certain if count == 1 => return Some(part),
                    Suspicion::Certain => {
                        let first = self.group_size().min(count.div_ceil(2));
                        self.push_split(part, first, Suspicion::ThisOrNext);
                    }
                    Suspicion::Nothing => {
                        self.absorb_alike(&mut part);
                        self.next = part.positions.first().copied();
                        return Some(if is_doubtful { self.sample(part) } else { self.group(part) });
                    }
                },
                _ => return Some(part),
            }
        }
    }

    /// All parts that are left.
    pub(super) fn take_all(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.stack)
    }

    /// How many events of which nothing is known are sent together: about every second group is to be free of bad events,
    /// by the share of bad ones so far. Before there are any, it is taken to be two in the batch. Bad events side by side
    /// are likely to go on.
    fn group_size(&self) -> usize {
        if self.run > 1 {
            return 1;
        }
        // A group of ln 2 / share events is free of bad ones every second time.
        let (decided, refused) = (WEIGHT * self.decided + self.count, WEIGHT * self.refused + 2);
        let size = (693 * decided / (1000 * refused)).max(1);
        1 << size.ilog2()
    }

    /// The first group of a part. The rest goes back.
    fn group(&mut self, mut part: Part) -> Part {
        let size = self.group_size();
        if size < part.positions.len() {
            let rest = part.positions.split_off(size);
            self.push(Part { positions: rest, ..part.clone() });
        }
        part
    }

    /// A single event of a part. One after the other they are spread evenly over it (van der Corput).
    fn sample(&mut self, mut part: Part) -> Part {
        self.samples = self.samples.wrapping_add(1);
        let index = (part.positions.len() * usize::from(self.samples.reverse_bits())) >> u16::BITS;
        let positions = vec![part.positions.remove(index)];
        let sample = Part { positions, suspicion: Suspicion::SendWhole, ..part.clone() };
        if !part.positions.is_empty() {
            self.push(part);
        }
        sample
    }

    fn push_split(&mut self, mut part: Part, first: usize, suspicion: Suspicion) {
        let second = part.positions.split_off(first);
        if !second.is_empty() {
            self.push(Part { positions: second, suspicion: Suspicion::Nothing, ..part.clone() });
        }
        self.push(Part { suspicion, ..part });
    }

    /// Adds the other parts of which no more is known.
    fn absorb_alike(&mut self, part: &mut Part) {
        let is_alike = |other: &mut Part| {
            other.suspicion == Suspicion::Nothing
                && other.maybe_applied == part.maybe_applied
                && matches!(
                    (&other.cause, &part.cause),
                    (Some(Cause::Refused(_)), Some(Cause::Refused(_))) | (Some(Cause::Open(_)), Some(Cause::Open(_)))
                )
        };
        let alike: Vec<Part> = self.stack.extract_if(.., is_alike).collect();
        if !alike.is_empty() {
            part.positions.extend(alike.into_iter().flat_map(|other| other.positions));
            part.positions.sort_unstable();
        }
    }
}
