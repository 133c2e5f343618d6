//! The service: it takes events or refuses them, remembers which, and its answers are true.

use std::task::{Context, Poll};

use crate::chance::Chance;
use crate::item::Nature;
use crate::kind::{KINDS, Kind};
use crate::reply::{Reply, Said};
use crate::world::World;

/// What is in a request, as the service sees it.
pub(crate) struct Contents {
    pub(crate) bad: Vec<usize>,
    pub(crate) duplicates: Vec<usize>,
    pub(crate) good: Vec<usize>,
    pub(crate) fits: bool,
}

impl World {
    pub(crate) fn contents(&self, place: usize) -> Contents {
        let flight = &self.flights[place];
        let fits = flight.indexes.len() <= self.rules.most_events && flight.bytes <= self.rules.most_bytes;
        let (mut bad, mut duplicates, mut good) = (Vec::new(), Vec::new(), Vec::new());
        for index in &flight.indexes {
            let handed = &self.handed[*index];
            let is_there = handed.id.as_ref().is_some_and(|id| self.has.contains_key(id));
            match handed.item.nature {
                _ if is_there => duplicates.push(*index),
                Nature::Good => good.push(*index),
                _ => bad.push(*index),
            }
        }
        Contents { bad, duplicates, good, fits }
    }

    /// Whether an answer would be true.
    fn can_say(&self, kind: Kind, place: usize, contents: &Contents) -> bool {
        let Contents { bad, duplicates, fits, .. } = contents;
        let is_wire = self.rules.is_wire;
        match kind {
            Kind::All => *fits && bad.is_empty(),
            // Those that are there already are passed over in silence.
            Kind::Complete | Kind::NoList | Kind::Content | Kind::Unprocessable => *fits && !bad.is_empty(),
            // Enso names no duplicates.
            Kind::Duplicates => *fits && !self.rules.is_enso && !duplicates.is_empty(),
            Kind::ContentOfDuplicate => *fits && !duplicates.is_empty(),
            // Over the wire a list is short only from a hundred on.
            Kind::Capped => *fits && !is_wire && bad.len() + duplicates.len() > 0,
            Kind::Strange => *fits && bad.len() + if self.rules.is_enso { 0 } else { duplicates.len() } > 0,
            Kind::Phantom => *fits && self.flights[place].indexes.len() > 1,
            Kind::Size400 | Kind::Size413 | Kind::Size422 => !*fits,
            Kind::UnclearApplied | Kind::OutageApplied | Kind::ResetApplied => *fits,
            Kind::NotBegun => !is_wire,
            _ => true,
        }
    }

    fn situation(&self, place: usize) -> &'static str {
        let flight = &self.flights[place];
        if self.is_stopped {
            "stopped"
        } else if !self.is_proven {
            "first"
        } else if flight.indexes.len() == 1 {
            "alone"
        } else if flight.is_whole {
            "whole"
        } else {
            "part"
        }
    }

    /// Answers one of the requests that wait for it, with whatever is true; nothing where none waits.
    pub(crate) fn answer_by_chance(&mut self, choice: u64) -> Option<String> {
        let mut chance = Chance(choice);
        let waiting: Vec<usize> =
            (0..self.flights.len()).filter(|place| self.flights[*place].reply.is_none()).collect();
        let place = match chance.below(3) {
            0 => *waiting.first()?,
            1 => *waiting.last()?,
            _ => *waiting.get(chance.below(waiting.len().max(1)))?,
        };
        // What is rare is answered for good more often.
        let patience = match self.situation(place) {
            "whole" | "alone" => self.rules.patience,
            "first" => self.rules.patience.min(3),
            _ => 2,
        };
        let is_final = chance.below(patience) == patience - 1;
        let contents = self.contents(place);
        let splits = chance.below(3) > 0 && self.flights[place].is_whole;
        let mut kinds: Vec<_> = KINDS
            .iter()
            .filter(|(kind, _)| kind.is_final() == is_final && self.can_say(*kind, place, &contents))
            .collect();
        if splits && kinds.iter().any(|(kind, _)| kind.splits()) {
            kinds.retain(|(kind, _)| kind.splits());
        }
        let (kind, name) = kinds[chance.below(kinds.len())];
        Some(self.answer(place, *kind, name, &mut chance))
    }

    /// Answers the oldest request as it deserves.
    pub(crate) fn answer_plainly(&mut self) -> Option<String> {
        let place = self.flights.iter().position(|flight| flight.reply.is_none())?;
        let contents = self.contents(place);
        let plain = [Kind::All, Kind::Complete, Kind::Size413];
        let (kind, name) =
            KINDS.iter().find(|(kind, _)| plain.contains(kind) && self.can_say(*kind, place, &contents))?;
        Some(self.answer(place, *kind, name, &mut Chance(0)))
    }

    fn answer(&mut self, place: usize, kind: Kind, name: &'static str, chance: &mut Chance) -> String {
        self.may_start_late |= self.is_pulling && kind.is_final() && !self.is_stopped;
        let situation = self.situation(place);
        self.table.answer(situation, name);
        // An attempt before this one, of which the transport has told nobody but by this mark.
        let before = !self.rules.is_wire && chance.below(6) == 5;
        if before {
            self.table.transition(crate::EARLIER_ATTEMPT);
            if chance.below(2) == 1 && self.contents(place).fits {
                self.apply(place);
            }
            self.leave_open(place);
        }
        let said = self.say(kind, place, chance);
        let flight = &mut self.flights[place];
        let told = format!("{kind:?}{} to {} {:?}", if before { "*" } else { "" }, flight.number, flight.indexes);
        flight.reply = Some(Reply { said, before });
        let batch = &mut self.batches[flight.batch];
        batch.may_be_repeated = matches!(
            kind,
            Kind::Throttled
                | Kind::OutageApplied
                | Kind::OutageNot
                | Kind::TimedOut
                | Kind::ResetApplied
                | Kind::ResetNot
                | Kind::Connect
        );
        if let Some(waker) = flight.waker.take() {
            waker.wake();
        }
        told
    }

    /// Hands an answer to the engine, and forgets the request.
    pub(crate) fn poll_reply(&mut self, number: usize, context: &mut Context<'_>) -> Poll<Reply> {
        let Some(place) = self.flights.iter().position(|flight| flight.number == number) else { return Poll::Pending };
        let Some(reply) = self.flights[place].reply.take() else {
            self.flights[place].waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let now = self.tick();
        let flight = self.flights.remove(place);
        for index in &flight.indexes {
            self.handed[*index].in_flight = false;
        }
        let sizes = [flight.indexes.len(), flight.bytes];
        let is_size = matches!(reply.said, Said::Status(413 | 422, _) | Said::Status(400, "events: too many items"));
        let batch = &mut self.batches[flight.batch];
        batch.free += usize::from(batch.was_too_large && !is_size);
        batch.was_too_large |= is_size;
        match &reply.said {
            Said::All | Said::Partial { .. } => self.learnt.note_passed(now, sizes),
            Said::Status(status @ (413 | 422), _) | Said::Status(status @ 400, "events: too many items") => {
                self.learnt.note_refused(now, sizes, *status == 413);
            }
            Said::Status(400, _) => {}
            Said::Status(401 | 403, _) => (self.is_stopped, self.is_refused) = (true, true),
            // Over the wire there may be another attempt.
            Said::Status(408 | 429 | 500 | 503, _) | Said::Broken(_) => self.is_stopped |= !self.rules.is_wire,
            Said::Status(..) | Said::Garbled | Said::Unclear => self.is_stopped = true,
        }
        Poll::Ready(reply)
    }

    /// The engine lets go of a request, answered or not.
    pub(crate) fn abandon(&mut self, number: usize) {
        if let Some(place) = self.flights.iter().position(|flight| flight.number == number) {
            let flight = self.flights.remove(place);
            for index in flight.indexes {
                self.handed[index].in_flight = false;
            }
        }
    }
}
