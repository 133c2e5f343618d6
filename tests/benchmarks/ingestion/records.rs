//! What an application has before there are events: records that somebody else owns.

use serde::Serialize;
use togai_ext::prelude::*;
use uuid::Uuid;

/// A record of usage. Numbers are text, since that is how amounts come out of a database without a loss.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) schema: &'static str,
    pub(crate) id: String,
    pub(crate) milliseconds: i64,
    pub(crate) account: String,
    pub(crate) attributes: [(&'static str, String, &'static str); 2],
    pub(crate) dimensions: [(&'static str, String); 4],
}

impl Record {
    /// The record of a number, always the same.
    pub(crate) fn new(number: u32) -> Self {
        const CITIES: [&str; 4] = ["Chennai", "Lisbon", "Nairobi", "Toronto"];
        const REGIONS: [&str; 4] = ["asia-south", "europe-west", "africa-east", "america-north"];
        // A number that is spread over all digits, so that ids look like those of version 4.
        let spread = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let index = number as usize % 4;
        Self {
            schema: "rides",
            id: Uuid::from_u64_pair(spread, spread.rotate_left(29)).to_string(),
            milliseconds: 1_713_456_017_250 + i64::from(number) * 7,
            account: format!("acme-prod-{:04}", number % 500),
            attributes: [
                ("distance", format!("{}.{:02}", number % 90 + 10, number % 100), "km"),
                ("duration", (number % 9000 + 1000).to_string(), "seconds"),
            ],
            dimensions: [
                ("city", CITIES[index].to_owned()),
                ("driver", format!("driver-{:05}", number % 20_000)),
                ("product", "premium".to_owned()),
                ("region", REGIONS[index].to_owned()),
            ],
        }
    }

    /// Records of so many numbers from 0 on.
    pub(crate) fn many(count: usize) -> Vec<Self> {
        (0..).take(count).map(Self::new).collect()
    }

    /// The event of the record, made as the documentation shows it.
    pub(crate) fn event(&self) -> Event {
        let time = Timestamp::from_unix_milliseconds(self.milliseconds);
        let mut event = Event::at(time, self.schema, self.account.as_str()).id(self.id.as_str());
        for (name, value, unit) in &self.attributes {
            event = event.attribute_with_unit(*name, value, *unit);
        }
        for (name, value) in &self.dimensions {
            event = event.dimension(*name, value.as_str());
        }
        event
    }
}
