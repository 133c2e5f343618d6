//! The listings: what a partial response says of the events of its request.

use crate::chance::Chance;
use crate::evidence::{Dispute, Statement};
use crate::ledger::Ledger;
use crate::request::Request;
use crate::response::{Failure, FailureKind, Name, PartialBody, ResponseKind};
use crate::rules::{Channel, NamedBy, Rules};
use crate::store::Contents;

/// What a partial response says of events.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that a response says by itself")]
pub(crate) struct Listing {
    bad: Vec<usize>,
    duplicates: Vec<usize>,
    /// Those that the service failed at, and may have.
    unclear: Vec<usize>,
    /// Those that are named as accepted.
    accepted: Vec<usize>,
    /// Those that are listed without their name, or by that of no event.
    nameless: Vec<usize>,
    /// Whether an event is listed that was not sent.
    has_phantom: bool,
    /// Whether failures may be missing in it, and how many there are where the service counts them.
    may_be_incomplete: bool,
    failed: Option<usize>,
    pub(crate) is_contradictory: bool,
    /// Whether the counts say that all events failed.
    have_all_failed: bool,
    is_of_one: bool,
    /// Whether events are named by their ids, and not by their index.
    names_ids: bool,
}

/// A list of Togai with so many entries may have been cut off there.
const ROUND: usize = 10;

/// What a response says of an event.
pub(crate) enum Said {
    Statement(Statement),
    Dispute { dispute: Dispute, is_in_doubt: bool },
    Nothing,
}

impl Listing {
    pub(crate) fn of(
        kind: ResponseKind,
        contents: &Contents,
        request: &Request,
        rules: &Rules,
        chance: &mut Chance,
    ) -> Self {
        let (channel, events) = (rules.channel, request.indexes.len());
        let bad = contents.bad.clone();
        let all = Self { bad, duplicates: contents.named_duplicates().to_vec(), ..Self::default() };
        let number_failed = all.bad.len() + all.duplicates.len();
        let mut listing = match kind {
            ResponseKind::Complete => Self { duplicates: Vec::new(), ..all },
            ResponseKind::NoList => Self { may_be_incomplete: true, ..Self::default() },
            ResponseKind::Capped => {
                let least = usize::from(channel == Channel::Bare);
                let most = number_failed - usize::from(channel != Channel::Bare);
                let (bad, duplicates) = some(contents, least.min(most)..=most, chance);
                Self { bad, duplicates, may_be_incomplete: true, failed: Some(number_failed), ..Self::default() }
            }
            ResponseKind::Strange => {
                let first = chance.below(number_failed);
                let mut nameless = Vec::new();
                for (position, index) in contents.failures().enumerate() {
                    if position == first || chance.below(2) == 1 {
                        nameless.push(index);
                    }
                }
                Self { nameless, may_be_incomplete: chance.below(3) == 2 && channel == Channel::Bare, ..all }
            }
            ResponseKind::Phantom => Self { has_phantom: true, ..all },
            ResponseKind::NamesAccepted => {
                let taken: Vec<usize> = contents.taken().collect();
                let first = chance.below(taken.len());
                let mut accepted = taken[first..(first + 1 + chance.below(taken.len() - first))].to_vec();
                if channel == Channel::Togai && chance.below(2) == 1 && (1..ROUND).contains(&number_failed) {
                    // Together with the failures there may be a round number of entries.
                    let good = taken.into_iter().filter(|index| !all.duplicates.contains(index));
                    accepted = good.take(ROUND - number_failed).collect();
                }
                let duplicates: Vec<usize> =
                    all.duplicates.into_iter().filter(|index| !accepted.contains(index)).collect();
                let most = all.bad.len();
                let bad = all.bad[..most - chance.below(most + 1)].to_vec();
                let is_cut = bad.len() < most;
                let failed = is_cut.then_some(most + duplicates.len());
                Self { bad, duplicates, accepted, may_be_incomplete: is_cut, failed, ..Self::default() }
            }
            ResponseKind::MayBeThere => {
                let index = request.indexes[chance.below(events)];
                let others = |list: Vec<usize>| list.into_iter().filter(|other| *other != index).collect();
                // A failure and a duplicate: it may be there whatever else is said.
                let duplicates = if chance.below(2) == 1 { all.duplicates } else { others(all.duplicates) };
                Self { bad: others(all.bad), duplicates, unclear: vec![index], ..Self::default() }
            }
            ResponseKind::Contradictory => {
                let (bad, duplicates) = some(contents, 0..=number_failed, chance);
                Self { bad, duplicates, is_contradictory: true, ..Self::default() }
            }
            ResponseKind::RefusedDuplicate => {
                let mut listing = all;
                let count = number_failed.min(1 + chance.below(2));
                for index in contents.failures().skip(chance.below(number_failed - count + 1)).take(count) {
                    for list in [&mut listing.bad, &mut listing.duplicates] {
                        if !list.contains(&index) {
                            list.push(index);
                        }
                    }
                }
                let left_out = contents.failures().find(|index| !listing.is_disputed(*index));
                if let Some(index) = left_out.filter(|_| chance.below(2) == 1) {
                    listing.bad.retain(|other| *other != index);
                    listing.duplicates.retain(|other| *other != index);
                    (listing.may_be_incomplete, listing.failed) = (true, Some(number_failed));
                }
                listing
            }
            ResponseKind::AcceptedFailure => {
                let index = request.indexes[chance.below(events)];
                let mut listing = Self { accepted: vec![index], ..all };
                match chance.below(3) {
                    _ if listing.lists(index) => {}
                    0 => listing.bad.push(index),
                    1 => listing.duplicates.push(index),
                    _ => listing.unclear.push(index),
                }
                listing
            }
            _ => all,
        };
        listing.fit(channel, contents, events);
        listing.names_ids = channel == Channel::Togai || (channel == Channel::Bare && rules.named_by == NamedBy::Id);
        listing
    }

    /// What the channel makes of it.
    fn fit(&mut self, channel: Channel, contents: &Contents, events: usize) {
        self.is_of_one = events == 1;
        match channel {
            Channel::Bare => {}
            Channel::Togai => {
                // A list is short where it is empty, where it has a round number of entries, or by a count.
                let entries = self.number_listed() + self.accepted.len() + usize::from(self.has_phantom);
                let named: Vec<usize> = self.named().collect();
                let is_confirmed = self.failed.is_some_and(|failed| failed == named.len());
                let others = self.accepted.iter().filter(|index| !named.contains(index));
                let is_whole = named.len() + others.count() >= events || is_confirmed;
                let has_failed = self.number_listed() + usize::from(self.has_phantom) > 0;
                self.may_be_incomplete = !is_whole && (!has_failed || entries == ROUND || self.may_be_incomplete);
            }
            Channel::Enso => {
                // It counts failures, so that it needs no list where all events failed.
                let failed = contents.bad.iter().chain(&self.unclear).collect::<std::collections::BTreeSet<_>>().len();
                self.failed = Some(failed);
                self.have_all_failed = failed == events;
            }
        }
    }

    /// What it says of an event of the request, of which the service may have been sent an earlier request.
    pub(crate) fn says_of(&self, index: usize, is_ambiguous: bool, idempotent: bool) -> Said {
        let is_named = (self.is_of_one && !self.is_called_otherwise(index)) || !self.nameless.contains(&index);
        let has = |list: &[usize]| is_named && list.contains(&index);
        let duplicate = match (is_ambiguous, idempotent) {
            (false, _) => Statement::Duplicate,
            // A duplicate of what this call may have sent before was accepted then.
            (true, true) => Statement::Accepted,
            (true, false) => Statement::Unclear,
        };
        match (has(&self.accepted), has(&self.bad), has(&self.duplicates), has(&self.unclear)) {
            (true, false, false, false) => Said::Statement(Statement::Accepted),
            (true, ..) => Said::Dispute { dispute: Dispute::Unclear, is_in_doubt: true },
            (.., true) => Said::Statement(Statement::Unclear),
            (_, true, true, _) => {
                let is_lost = idempotent && !is_ambiguous;
                let dispute = if is_lost { Dispute::Lost } else { Dispute::Unclear };
                Said::Dispute { dispute, is_in_doubt: false }
            }
            (_, true, ..) => Said::Statement(Statement::Refused),
            (_, _, true, _) => Said::Statement(duplicate),
            _ if self.have_all_failed => {
                // Of others nothing shows that they are at fault.
                Said::Statement(match (is_ambiguous, self.is_of_one) {
                    (true, _) => Statement::Unclear,
                    (false, true) => Statement::Refused,
                    (false, false) => Statement::Unmet,
                })
            }
            _ if self.is_complete() => Said::Statement(Statement::Accepted),
            _ => Said::Nothing,
        }
    }

    /// The response that says so.
    pub(crate) fn body(&self, request: &Request, ledger: &Ledger) -> PartialBody {
        let mut failures = Vec::new();
        let mut accepted = Vec::new();
        for (position, index) in request.indexes.iter().enumerate() {
            let name = self.name(*index, position, ledger);
            let lists = [
                (&self.bad, FailureKind::Refused),
                (&self.duplicates, FailureKind::Duplicate),
                (&self.unclear, FailureKind::Unclear),
            ];
            for (_, kind) in lists.into_iter().filter(|(list, _)| list.contains(index)) {
                failures.push(Failure { name: name.clone(), kind });
            }
            if self.accepted.contains(index) {
                accepted.push(name);
            }
        }
        if self.has_phantom {
            let name = Name { id: Some("??".into()), index: Some(request.indexes.len()) };
            failures.push(Failure { name, kind: FailureKind::Refused });
        }
        let Self { failed, may_be_incomplete, is_contradictory, .. } = *self;
        PartialBody { failures, accepted, failed, may_be_incomplete, is_contradictory }
    }

    /// Whether an event is listed by an id that is of no event.
    fn is_called_otherwise(&self, index: usize) -> bool {
        self.names_ids && self.nameless.contains(&index) && has_strange_name(index)
    }

    fn is_disputed(&self, index: usize) -> bool {
        self.bad.contains(&index) && self.duplicates.contains(&index)
    }

    fn lists(&self, index: usize) -> bool {
        self.named().any(|named| named == index)
    }

    /// The events that it lists as failed, each once.
    fn named(&self) -> impl Iterator<Item = usize> {
        let others = self.duplicates.iter().chain(&self.unclear);
        let all = self.bad.iter().chain(others).copied();
        all.collect::<std::collections::BTreeSet<usize>>().into_iter()
    }

    fn number_listed(&self) -> usize {
        self.bad.len() + self.duplicates.len() + self.unclear.len()
    }

    /// Whether it says of each event whether it was accepted.
    fn is_complete(&self) -> bool {
        self.nameless.is_empty() && !self.has_phantom && !self.may_be_incomplete && !self.is_contradictory
    }

    fn name(&self, index: usize, position: usize, ledger: &Ledger) -> Name {
        if !self.nameless.contains(&index) {
            return Name { id: ledger.events()[index].id.clone(), index: Some(position) };
        }
        // It has no name, or that of no event.
        let has_name = has_strange_name(index);
        Name { id: has_name.then(|| "?".to_owned()), index: has_name.then_some(1 << 40) }
    }
}

/// Whether an event without its name has that of no event, instead of none.
fn has_strange_name(index: usize) -> bool {
    index.is_multiple_of(2)
}

/// The first ones of the bad events and duplicates, by chance how many.
fn some(contents: &Contents, range: std::ops::RangeInclusive<usize>, chance: &mut Chance) -> (Vec<usize>, Vec<usize>) {
    let mut listed: Vec<usize> = contents.failures().collect();
    listed.sort_unstable();
    listed.truncate(range.start() + chance.below(range.end() - range.start() + 1));
    listed.into_iter().partition(|index| contents.bad.contains(index))
}
