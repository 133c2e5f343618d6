//! Bodies with keys that make repeating a request harmless.

/// A key of something in a body, as a generated type holds it: the id of an event, which is metered once in 45 days, or an
/// idempotency key. An empty one is none.
pub(crate) trait Key {
    fn is_set(&self) -> bool;
}

impl Key for String {
    fn is_set(&self) -> bool {
        !self.is_empty()
    }
}

impl Key for crate::Text {
    fn is_set(&self) -> bool {
        !self.is_empty()
    }
}

impl<K: Key> Key for Option<K> {
    fn is_set(&self) -> bool {
        self.as_ref().is_some_and(Key::is_set)
    }
}
