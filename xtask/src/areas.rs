//! The areas of the API: a file of the document, a feature of the crates and a module of the client each.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::document::{Document, Operation, items};
use crate::names;

/// All areas, by the names of their features.
#[derive(Clone, Debug)]
pub(crate) struct Areas {
    by_feature: BTreeMap<String, Area>,
}

/// One area.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    /// Name of the feature, and of the file without its ending: `event-ingestion`.
    pub(crate) feature: String,
    /// Name of the tag: `EventIngestion`.
    pub(crate) tag: String,
    /// What the area is about, in a sentence.
    pub(crate) about: String,
}

impl Areas {
    /// The areas of a document, from its tags.
    pub(crate) fn of(json: &Value) -> Result<Self> {
        let mut by_feature = BTreeMap::new();
        for tag in items(&json["tags"]) {
            let name = tag["name"].as_str().context("a tag has no name")?;
            let about = tag["description"].as_str().with_context(|| format!("the tag {name} has no description"))?;
            let area = Area { feature: names::feature(name), tag: name.to_owned(), about: about.trim().to_owned() };
            if let Some(other) = by_feature.insert(area.feature.clone(), area) {
                bail!("the tag {name} is defined twice, or makes the same feature as {}", other.tag);
            }
        }
        Ok(Self { by_feature })
    }

    /// Every area, in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Area> {
        self.by_feature.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_feature.len()
    }

    /// The area of an operation, by its tag.
    pub(crate) fn of_operation(&self, operation: &Operation<'_>) -> Result<&Area> {
        let tag = operation.json["tags"][0].as_str().context("an operation has no tag")?;
        self.by_feature.get(&names::feature(tag)).with_context(|| format!("the tag {tag} is not defined"))
    }

    /// The area whose file defines a schema; none for what all share.
    pub(crate) fn of_schema(&self, document: &Document, name: &str) -> Option<&Area> {
        self.by_feature.get(document.file_of_component("schemas", name).strip_suffix(".yaml")?)
    }
}

impl Area {
    /// The module of the area.
    pub(crate) fn module(&self) -> syn::Ident {
        names::module(&self.feature)
    }

    /// The attribute that leaves out what belongs to this area alone.
    pub(crate) fn gate(&self) -> TokenStream {
        let feature = &self.feature;
        quote!(#[cfg(feature = #feature)])
    }
}
