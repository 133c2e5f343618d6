//! The offers make the events that are handed in.

use crate::chance::Chance;
use crate::item::{Item, Nature, Reading};
use crate::ledger::Ledger;
use crate::rules::Rules;
use crate::server::Server;

/// Makes events. Two of them say the same only where that is meant.
#[derive(Default)]
pub(crate) struct Offers {
    made: u64,
    tags: u64,
}

impl Offers {
    /// An event by chance, with its name in the table.
    pub(crate) fn item(
        &mut self,
        rules: &Rules,
        ledger: &Ledger,
        server: &mut Server,
        chance: &mut Chance,
    ) -> (&'static str, Item) {
        let (name, event, nature) = match chance.below(27) {
            4 | 15 if rules.has_deadly => {
                ("an event at which the service fails", self.event(chance.below(3) != 2), Nature::Deadly)
            }
            0..=5 => ("an event with a fresh id", self.event(true), Nature::Good),
            6..=7 => ("an event without an id", self.event(false), Nature::Good),
            8 => self.repeat_without_id(ledger, chance),
            9 => self.repeat_id(ledger, chance, false),
            10 => self.repeat_id(ledger, chance, true),
            11 => {
                let event = Reading { value: "far".to_owned(), ..self.event(chance.below(2) == 1) };
                ("a bad event", event, Nature::Bad)
            }
            12..=17 => ("a poisonous event", self.event(chance.below(3) != 2), Nature::Poison),
            18 => {
                let notes = (0..=chance.below(3)).map(|_| "x".repeat(200)).collect();
                let event = Reading { notes, ..self.event(true) };
                ("a huge event", event, Nature::Good)
            }
            19 => ("an event that cannot be written", self.event(chance.below(2) == 1), Nature::Unencodable),
            _ => {
                // The engine knows nothing of earlier calls.
                let event = self.event(true);
                if let Some(id) = &event.id {
                    server.take_from_earlier_call(id.clone());
                }
                ("an event that the service has", event, Nature::Good)
            }
        };
        self.tags += 1;
        (name, Item { event, nature, tag: self.tags * 7, response: None })
    }

    fn event(&mut self, has_id: bool) -> Reading {
        self.made += 1;
        Reading::new(format!("a{}", self.made), has_id.then(|| format!("e{}", self.made)))
    }

    /// An event that says the same as an earlier one, both without an id.
    fn repeat_without_id(&mut self, ledger: &Ledger, chance: &mut Chance) -> (&'static str, Reading, Nature) {
        let without: Vec<_> = ledger.events().iter().filter(|handed| handed.item.event.id.is_none()).collect();
        match without.get(chance.below(without.len())) {
            Some(handed) => ("an event without an id, like one before", handed.item.event.clone(), handed.item.nature),
            None => ("an event without an id", self.event(false), Nature::Good),
        }
    }

    /// An event with the id of an earlier one.
    fn repeat_id(
        &mut self,
        ledger: &Ledger,
        chance: &mut Chance,
        is_different: bool,
    ) -> (&'static str, Reading, Nature) {
        let with: Vec<_> = ledger.events().iter().filter(|handed| handed.id.is_some()).collect();
        let position = with.len().saturating_sub(1 + chance.below(with.len().min(12)));
        let Some(handed) = with.get(position) else {
            return ("an event with a fresh id", self.event(true), Nature::Good);
        };
        let mut event = handed.item.event.clone();
        event.id.clone_from(&handed.id);
        if is_different {
            self.made += 1;
            event.account_id = format!("a{}", self.made);
            ("an event with an id of another one", event, handed.item.nature)
        } else {
            ("an event that was there before", event, handed.item.nature)
        }
    }
}
