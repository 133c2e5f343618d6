//! Resources of one kind, each with the id that it is found by.

use std::collections::{BTreeMap, HashMap};

use crate::form::Fields;

/// The resources of one kind, in the order of creation, which is that of the lists.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    items: BTreeMap<usize, Fields>,
    numbers: HashMap<String, usize>,
    created: usize,
}

impl Collection {
    /// How many were ever created. The number of the next one makes ids that no other had.
    pub(crate) fn created(&self) -> usize {
        self.created
    }

    /// Adds a resource, or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, id: &str, fields: Fields) {
        let number = *self.numbers.entry(id.to_owned()).or_insert_with(|| {
            self.created += 1;
            self.created
        });
        self.items.insert(number, fields);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Fields> {
        self.items.get(self.numbers.get(id)?)
    }

    /// Removes a resource, and answers whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.numbers.remove(id).is_some_and(|number| self.items.remove(&number).is_some())
    }

    /// All of them, each with its position in the list.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Fields)> {
        self.items.iter().map(|(number, fields)| (*number, fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn resources_keep_their_order_until_removed() {
        let mut collection = Collection::default();
        let fields = |value: i32| Fields::from_iter([("value".to_owned(), json!(value))]);
        collection.put("a", fields(1));
        collection.put("b", fields(2));
        collection.put("a", fields(3));
        let values = |collection: &Collection| -> Vec<Value> {
            collection.all().map(|(_, fields)| fields["value"].clone()).collect()
        };
        assert_eq!(values(&collection), [3, 2]);
        assert!(collection.remove("a"));
        assert!(!collection.remove("a"));
        collection.put("a", fields(4));
        assert_eq!((values(&collection), collection.created()), (vec![json!(2), json!(4)], 3));
    }
}
