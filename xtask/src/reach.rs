//! Which areas reach which types, so that a type is compiled only where an operation needs it.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

/// The names that a piece of code mentions.
pub(crate) fn names(visit: impl FnOnce(&mut Names)) -> BTreeSet<String> {
    let mut names = Names::default();
    visit(&mut names);
    names.0
}

/// Collects every identifier of the types it visits.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_ident(&mut self, ident: &'ast syn::Ident) {
        self.0.insert(ident.to_string());
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_field(&mut self, field: &'ast syn::Field) {
        // A field may be named like a type.
        visit::visit_type(self, &field.ty);
    }
}

/// What is reached from each start, by what is reached.
///
/// `starts` names what an area begins with, `references` what a type leads to.
pub(crate) fn reached(
    starts: &BTreeMap<String, BTreeSet<String>>,
    references: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut reached: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (area, start) in starts {
        let mut left: Vec<&String> = start.iter().collect();
        while let Some(name) = left.pop() {
            let Some(next) = references.get(name) else { continue };
            if reached.entry(name.clone()).or_default().insert(area.clone()) {
                left.extend(next);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn types_are_reached_through_others_even_in_circles() {
        let starts = BTreeMap::from([("a".to_owned(), set(&["A", "String"])), ("b".to_owned(), set(&["B"]))]);
        let references = BTreeMap::from([
            ("A".to_owned(), set(&["Shared", "Option"])),
            ("B".to_owned(), set(&["Shared"])),
            ("Shared".to_owned(), set(&["Shared"])),
            ("Alone".to_owned(), set(&[])),
        ]);
        let reached = reached(&starts, &references);
        assert_eq!(reached["A"], set(&["a"]));
        assert_eq!(reached["Shared"], set(&["a", "b"]));
        assert!(!reached.contains_key("Alone") && !reached.contains_key("String"));
    }

    #[test]
    fn field_names_are_not_types() {
        let structure: syn::ItemStruct = syn::parse_quote!(
            struct A {
                #[doc = "X"]
                pub Named: ::std::option::Option<types::Thing>,
            }
        );
        assert!(names(|visitor| visitor.visit_fields(&structure.fields)).contains("Thing"));
        assert!(!names(|visitor| visitor.visit_fields(&structure.fields)).contains("Named"));
    }
}
