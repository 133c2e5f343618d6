//! Events of other shapes than the usual one.

use togai_ext::prelude::*;

use crate::records::Record;

/// What an event holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Three texts: a schema, an account and an id.
    Small,
    /// The one of [`Record`], with 18 texts.
    Usual,
    /// About 2 kB: labels of up to 200 characters, as many as the service takes, with escapes and letters beyond ASCII.
    Large,
}

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Usual, Self::Large];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Usual => "usual",
            Self::Large => "large",
        }
    }

    /// Events of so many numbers from 0 on.
    pub(crate) fn events(self, count: u32) -> Vec<Event> {
        (0..count).map(|number| self.event(number)).collect()
    }

    fn event(self, number: u32) -> Event {
        let record = Record::new(number);
        let small = || {
            let time = Timestamp::from_unix_milliseconds(record.milliseconds);
            Event::at(time, record.schema, record.account.as_str()).id(record.id.as_str())
        };
        match self {
            Self::Small => small(),
            Self::Usual => record.event(),
            Self::Large => (0..10).fold(small(), |event, label| {
                event.dimension(format!("comment-{label}"), comment(number.wrapping_add(label)))
            }),
        }
    }
}

/// A text as people write it into a form: lines, quotes, paths, and words of several languages.
fn comment(number: u32) -> String {
    const PARTS: [&str; 6] = [
        "The driver said \"no luggage\" and left.\n",
        "C:\\rides\\2024\\april\\report.txt\t",
        "Straßenbahn statt Taxi, fünf Minuten später. ",
        "空港から市内まで、三人と荷物。",
        "A note without anything that is worth an escape, as most of them are. ",
        "\u{1b}[1mbold\u{1b}[0m / плюс десять минут ",
    ];
    let first = number as usize;
    let mut text = String::new();
    for part in (first..first + PARTS.len()).map(|part| PARTS[part % PARTS.len()]) {
        if text.chars().count() + part.chars().count() <= 200 {
            text.push_str(part);
        }
    }
    text
}
