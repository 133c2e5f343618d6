//! What the model hands in.

use serde::ser::{Error as _, SerializeStruct};
use serde::{Serialize, Serializer};
use togai_api::Event;

use super::super::payload::{Payload, Submission};

/// An event that is handed in.
#[derive(Clone, Debug)]
pub(in super::super) struct Item {
    pub(super) event: Event,
    pub(super) nature: Nature,
    pub(super) tag: u64,
    /// An answer that comes while the event is pulled, by the choice that it is made from.
    pub(super) answer: Option<u64>,
}

/// What an event is to those that look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    Good,
    /// The local checks find fault with it, and so does the service.
    Bad,
    /// Only the service finds fault with it.
    Poison,
    /// It cannot be written.
    Unencodable,
}

/// An event, or one that fails in the middle of being written.
#[derive(Debug)]
pub(in super::super) struct Written {
    event: Event,
    breaks: bool,
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.breaks {
            return self.event.serialize(serializer);
        }
        let mut fields = serializer.serialize_struct("Event", 2)?;
        fields.serialize_field("schemaName", &self.event.schema_name)?;
        Err(S::Error::custom("there is no more"))
    }
}

impl Payload for Written {
    type Returned = Event;

    fn set_id(&mut self, id: &str) {
        self.event.set_id(id);
    }

    fn check(&self) -> Result<(), String> {
        self.event.check()
    }

    fn into_returned(self) -> Event {
        self.event
    }
}

impl Submission for Item {
    type Payload = Written;
    type Tag = u64;

    fn into_parts(self) -> (Written, u64) {
        (Written { event: self.event, breaks: self.nature == Nature::Unencodable }, self.tag)
    }
}
