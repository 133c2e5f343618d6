//! The events that the model hands in.

use serde::ser::{Error as _, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use togai_ingest::{Payload, ReadBack, Submission};

/// The event of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reading {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) meter_name: String,
    pub(crate) account_id: String,
    pub(crate) timestamp: String,
    pub(crate) value: String,
    /// They make an event large.
    pub(crate) notes: Vec<String>,
}

impl Reading {
    pub(crate) fn new(account_id: String, id: Option<String>) -> Self {
        Self {
            id,
            meter_name: "rides".to_owned(),
            account_id,
            timestamp: "2024-04-18T16:00:17Z".to_owned(),
            value: "1".to_owned(),
            notes: Vec::new(),
        }
    }
}

/// An event that is handed in.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) event: Reading,
    pub(crate) nature: Nature,
    pub(crate) tag: u64,
    /// A response that comes while the event is pulled, by the choice that it is made from.
    pub(crate) response: Option<u64>,
}

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Good,
    /// The local checks find fault with it, and so does the service.
    Bad,
    /// Only the service finds fault with it.
    Poison,
    /// The service fails at every request with it, and says nothing of its events.
    Deadly,
    /// It cannot be written.
    Unencodable,
}

/// An event, or one that fails in the middle of being written.
#[derive(Debug)]
pub(crate) struct Written {
    event: Reading,
    breaks: bool,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.breaks {
            return self.event.serialize(serializer);
        }
        let mut fields = serializer.serialize_struct("Reading", 2)?;
        fields.serialize_field("meterName", &self.event.meter_name)?;
        Err(S::Error::custom("there is no more"))
    }
}

impl Payload<Reading> for Written {
    type Returned = Reading;

    fn event(&self) -> Option<&Reading> {
        Some(&self.event)
    }

    fn event_mut(&mut self) -> Option<&mut Reading> {
        Some(&mut self.event)
    }

    fn into_returned(self) -> Reading {
        self.event
    }

    fn read_back(event: Option<ReadBack<Reading>>) -> Option<ReadBack<Reading>> {
        event
    }
}

impl Submission<Reading> for Item {
    type Payload = Written;
    type Tag = u64;

    fn into_parts(self) -> (Written, u64) {
        (Written { event: self.event, breaks: self.nature == Nature::Unencodable }, self.tag)
    }
}
