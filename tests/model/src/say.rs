//! What an answer does to the service, and what it says to the engine.

use crate::chance::Chance;
use crate::kind::Kind;
use crate::reply::{Broken, Refused, Said};
use crate::service::Contents;
use crate::world::{Word, World};

impl World {
    /// Takes what is good and new.
    pub(crate) fn apply(&mut self, place: usize) {
        for index in self.contents(place).good {
            if let Some(id) = self.handed[index].id.clone() {
                self.has.entry(id).or_insert(Some(index));
            }
        }
    }

    pub(crate) fn leave_open(&mut self, place: usize) {
        for index in self.flights[place].indexes.clone() {
            self.handed[index].is_ambiguous = true;
        }
    }

    pub(crate) fn say(&mut self, kind: Kind, place: usize, chance: &mut Chance) -> Said {
        let indexes = self.flights[place].indexes.clone();
        // What was there before, since an answer may name it; what this request brings is not a duplicate of itself.
        let Contents { bad, mut duplicates, .. } = self.contents(place);
        if self.rules.is_enso {
            duplicates.clear();
        }
        match kind {
            Kind::All => {
                self.apply(place);
                for index in indexes {
                    self.handed[index].said = Some(Word::Accepted);
                }
                self.is_proven = true;
                Said::All
            }
            Kind::Complete => self.say_partial(place, &bad, &[], &[], false),
            Kind::Duplicates => self.say_partial(place, &bad, &duplicates, &[], false),
            Kind::NoList => self.say_partial(place, &[], &[], &[], true),
            Kind::Capped => {
                let mut listed: Vec<usize> = bad.iter().chain(&duplicates).copied().collect();
                listed.sort_unstable();
                listed.truncate(1 + chance.below(listed.len()));
                let (bad, duplicates): (Vec<_>, Vec<_>) = listed.into_iter().partition(|index| bad.contains(index));
                self.say_partial(place, &bad, &duplicates, &[], true)
            }
            Kind::Strange => {
                let all: Vec<usize> = bad.iter().chain(&duplicates).copied().collect();
                let first = chance.below(all.len());
                let nameless: Vec<usize> = all
                    .iter()
                    .enumerate()
                    .filter(|(n, _)| *n == first || chance.below(2) == 1)
                    .map(|(_, i)| *i)
                    .collect();
                self.say_partial(place, &bad, &duplicates, &nameless, chance.below(3) == 2 && !self.rules.is_wire)
            }
            Kind::Phantom => self.say_partial(place, &bad, &duplicates, &[usize::MAX], false),
            Kind::Content => self.refuse(place, 400, "events: one of them is wrong"),
            Kind::ContentOfDuplicate => self.refuse(place, 400, "a duplicate is among them"),
            Kind::Unprocessable => self.refuse(place, 422, "one of them is wrong"),
            Kind::Size400 => self.refuse(place, 400, "events: too many items"),
            Kind::Size413 => self.refuse(place, 413, ""),
            Kind::Size422 => self.refuse(place, 422, "too large"),
            Kind::Unauthorized => self.refuse(place, 401, "bad token"),
            Kind::Forbidden => self.refuse(place, 403, "not allowed"),
            Kind::NotFound => self.refuse(place, 404, "no such thing"),
            Kind::Redirect => {
                // It may be the answer of a server that has done what it was asked to.
                if !self.rules.is_resending_harmless {
                    self.leave_open(place);
                }
                Said::Status(302, "")
            }
            Kind::Throttled => Said::Status(429, "slow down"),
            Kind::Connect => Said::Broken(Broken::Connect),
            Kind::NotBegun => Said::Broken(Broken::NotBegun),
            Kind::UnclearApplied
            | Kind::UnclearNot
            | Kind::OutageApplied
            | Kind::OutageNot
            | Kind::TimedOut
            | Kind::ResetApplied
            | Kind::ResetNot
            | Kind::Garbled => self.say_nothing_clear(kind, place, chance),
        }
    }

    fn say_nothing_clear(&mut self, kind: Kind, place: usize, chance: &mut Chance) -> Said {
        let fits = self.contents(place).fits;
        let is_applied = match kind {
            Kind::UnclearApplied | Kind::OutageApplied | Kind::ResetApplied => true,
            Kind::TimedOut | Kind::Garbled => fits && chance.below(2) == 1,
            _ => false,
        };
        if is_applied {
            self.apply(place);
        }
        self.leave_open(place);
        let broken = [Broken::Interrupted, Broken::Timeout][chance.below(2)];
        match kind {
            Kind::OutageApplied => Said::Status(503, "later"),
            Kind::OutageNot => Said::Status(500, ""),
            Kind::TimedOut => Said::Status(408, ""),
            Kind::ResetApplied | Kind::ResetNot => Said::Broken(broken),
            Kind::Garbled => Said::Garbled,
            _ => {
                self.is_proven = true;
                Said::Unclear
            }
        }
    }

    fn refuse(&mut self, place: usize, status: u16, message: &'static str) -> Said {
        for index in self.flights[place].indexes.clone() {
            self.handed[index].was_refused = true;
        }
        Said::Status(status, message)
    }

    /// Says of some events that they were not accepted, of some of these without their name.
    fn say_partial(
        &mut self,
        place: usize,
        bad: &[usize],
        duplicates: &[usize],
        nameless: &[usize],
        may_be_incomplete: bool,
    ) -> Said {
        self.apply(place);
        self.is_proven = true;
        let indexes = self.flights[place].indexes.clone();
        let is_one = indexes.len() == 1;
        let failed = self.contents(place).bad.len();
        // Enso counts them, so that no list is needed where it is all of them.
        let all_failed = self.rules.is_enso && failed == indexes.len();
        let mut failures = Vec::new();
        for (place, index) in indexes.iter().enumerate() {
            let is_duplicate = duplicates.contains(index);
            let is_listed = is_duplicate || bad.contains(index);
            let is_nameless = nameless.contains(index);
            let handed = &mut self.handed[*index];
            if is_listed {
                // Without a name is one that has none, or one of nobody.
                let is_strange = is_nameless && index % 2 == 0;
                let (id, place) = if is_nameless {
                    (is_strange.then(|| "?".to_owned()), is_strange.then_some(1 << 40))
                } else {
                    (handed.id.clone(), Some(place))
                };
                failures.push(Refused { id, place, is_duplicate });
            }
            handed.said = if is_listed && (is_one || !is_nameless) {
                // A duplicate of what this call may have sent before was accepted then.
                let own = if handed.is_ambiguous { Word::Accepted } else { Word::Duplicate };
                Some(if is_duplicate { own } else { Word::Refused })
            } else if (all_failed || is_one && may_be_incomplete) && !handed.is_ambiguous {
                Some(Word::Refused)
            } else if nameless.is_empty() && !may_be_incomplete {
                Some(Word::Accepted)
            } else {
                handed.is_ambiguous = true;
                None
            };
        }
        if nameless.contains(&usize::MAX) {
            failures.push(Refused { id: Some("??".into()), place: Some(indexes.len()), is_duplicate: false });
        }
        Said::Partial { failures, failed, may_be_incomplete }
    }
}
