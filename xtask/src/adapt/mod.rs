//! Adapts the generator's code: one error, builders that own their client, nothing that nobody uses.

mod builders;
mod client;
mod docs;
mod keyed;
mod syntax;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Item;
use syn::visit_mut::{self, VisitMut};

use crate::areas::{Area, Areas};
use crate::document::Document;
use crate::{names, reach};

use syntax::{describe, method_names};

/// The files of the client by name, from the generator's code.
///
/// `lowered` is the document that the code was generated from, `truth` the one it was lowered from.
pub(crate) fn run(raw: syn::File, lowered: &Value, truth: &Document, areas: &Areas) -> Result<Files> {
    let parts = Parts::of(raw)?;
    let mut types = types::adapt(&parts.types, lowered)?;
    let builders = builders::read(&parts.builders, truth)?;

    let mut printed: BTreeMap<&str, GeneratedCode> = BTreeMap::new();
    let mut starts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for builder in &builders {
        let area = areas.of_operation(&builder.operation)?;
        starts.entry(area.feature.clone()).or_default().extend(builder.types());
        let row = names::constant(builder.operation.id()?);
        let printed = printed.entry(&area.feature).or_default();
        printed.builders.push(builder.print(&quote!(operations::#row)));
        printed.methods.push(client::method(truth, &builder.operation, area)?);
        printed.rows.push(crate::table::row(truth, &builder.operation)?);
    }
    let methods: BTreeSet<String> = method_names(&parts.operations).map(ToString::to_string).collect();
    let expected = builders.iter().filter_map(|builder| builder.operation.json["operationId"].as_str());
    if let Some(other) = methods.difference(&expected.map(str::to_owned).collect()).next() {
        bail!("the generator made a method `{other}` that no operation asks for");
    }

    let references = types.iter().map(|(name, definition)| (name.clone(), definition.mentions.clone())).collect();
    for name in types.keys() {
        if let Some(area) = areas.of_schema(truth, name)
            && !truth.json()["components"]["schemas"][name]["x-togai-unused"].is_null()
        {
            starts.entry(area.feature.clone()).or_default().insert(name.clone());
        }
    }
    let reached = reach::reached(&starts, &references);

    let mut shared: BTreeMap<syn::Ident, Vec<TokenStream>> = BTreeMap::new();
    for (name, features) in &reached {
        let Some(definition) = types.remove(name) else { continue };
        let features: Vec<&String> = features.iter().collect();
        if let [feature] = features[..] {
            printed.entry(feature).or_default().types.extend(definition.items);
        } else {
            let gate = (features.len() < areas.len()).then(|| quote!(#[cfg(any(#(feature = #features),*))]));
            let shared = shared.entry(module_of_shared(truth, name)).or_default();
            shared.extend(definition.items.into_iter().map(|item| quote!(#gate #item)));
        }
    }

    if let Some(name) = types.keys().find(|name| !lowered["components"]["schemas"][*name]["x-togai-unused"].is_null()) {
        bail!("`{name}` is kept although nothing refers to it, and is in the file of no area: move it to one");
    }

    let home = truth.service().module();
    let mut files = Files::new();
    files.insert("mod.rs".to_owned(), client::root()?);
    let gates: Vec<TokenStream> = areas.iter().map(Area::gate).collect();
    let modules: Vec<syn::Ident> = areas.iter().map(Area::module).collect();
    files.insert("client/mod.rs".to_owned(), syn::parse2(quote!(#(#gates mod #modules;)*))?);
    files.insert(
        "builder/mod.rs".to_owned(),
        syn::parse2(quote!(#(#gates mod #modules;)* #(#gates pub use #modules::*;)*))?,
    );
    let common: Vec<&syn::Ident> = shared.keys().collect();
    files.insert(
        "types/mod.rs".to_owned(),
        syn::parse2(quote! {
            #(mod #common;)*
            #(#gates mod #modules;)*
            #(pub use #common::*;)*
            #(#gates pub use #modules::*;)*
        })?,
    );
    for (module, items) in &shared {
        files.insert(format!("types/{module}.rs"), types_file(items)?);
    }
    for area in areas.iter() {
        let module = area.module();
        let Some(GeneratedCode { builders, methods, rows, types }) = printed.get(area.feature.as_str()) else {
            bail!("the area {} has no operation", area.feature);
        };
        files.insert(
            format!("client/{module}.rs"),
            syn::parse2(quote! {
                use super::super::builder;

                impl #home::Client {
                    #(#methods)*
                }
            })?,
        );
        files.insert(
            format!("builder/{module}.rs"),
            syn::parse2(quote! {
                use super::super::{operations, types};
                use crate::request::{Call, Draft};

                #(#builders)*
            })?,
        );
        files.insert(format!("types/{module}.rs"), types_file(types)?);
        files.insert(format!("operations/{module}.rs"), crate::table::file(rows)?);
    }
    files.insert("operations/mod.rs".to_owned(), crate::table::root(truth, areas)?);
    for file in files.values_mut() {
        ShortPaths.visit_file_mut(file);
    }
    Ok(files)
}

/// The module of a type that several areas reach: that of its file where the file is for nothing else.
fn module_of_shared(truth: &Document, name: &str) -> syn::Ident {
    let file = truth.file_of_component("schemas", name);
    match file.strip_suffix(".yaml") {
        Some(stem) if stem.starts_with("common") => names::module(stem),
        _ => format_ident!("shared"),
    }
}

/// Generated files by their paths below the folder of generated code.
pub(crate) type Files = BTreeMap<String, syn::File>;

/// What is printed for an area.
#[derive(Default)]
struct GeneratedCode {
    builders: Vec<TokenStream>,
    methods: Vec<TokenStream>,
    rows: Vec<TokenStream>,
    types: Vec<TokenStream>,
}

fn types_file(items: &[TokenStream]) -> Result<syn::File> {
    Ok(syn::parse2(quote! {
        use super::*;
        use crate::open_enum::open_enum;
        use crate::record::record;

        #(#items)*
    })?)
}

/// What is kept of the generator's code.
struct Parts {
    types: Vec<Item>,
    builders: Vec<Item>,
    operations: syn::ItemImpl,
}

impl Parts {
    /// Sorts the items. An item that is not known is an error, since another version of the generator may have added
    /// something that matters.
    fn of(file: syn::File) -> Result<Self> {
        let (mut types, mut builders, mut operations) = (None, None, None);
        for item in file.items {
            match item {
                Item::Mod(module) if module.ident == "types" => types = module.content,
                Item::Mod(module) if module.ident == "builder" => builders = module.content,
                // The client is written by hand, and so is what makes one.
                Item::Struct(structure) if structure.ident == "Client" => {}
                Item::Impl(block) if block.trait_.is_none() => {
                    if !method_names(&block).any(|name| name == "new_with_client") {
                        operations = Some(block);
                    }
                }
                // The imports go elsewhere, the trait on the client is served by inherent methods, the assertion is
                // about hooks that are not called, and users import the client itself.
                Item::Use(_) | Item::Impl(_) | Item::Const(_) => {}
                Item::Mod(module) if module.ident == "prelude" => {}
                other => bail!("the generator printed something unknown: {}", describe(&other)),
            }
        }
        Ok(Self {
            types: types.context("the generator printed no types")?.1,
            builders: builders.context("the generator printed no builders")?.1,
            operations: operations.context("the generator printed no operations")?,
        })
    }
}

/// Writes `String` where the generator writes `::std::string::String`.
struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let superfluous = match names[..] {
            ["std", "string", "String"]
            | ["std", "option", "Option"]
            | ["std", "vec", "Vec"]
            | ["std", "result", "Result"]
            | ["std", "boxed", "Box"]
            | ["std", "convert", "From" | "TryFrom" | "TryInto" | "Into"] => 2,
            ["std" | "serde" | "serde_json" | "chrono" | "reqwest", ..] if path.leading_colon.is_some() => 0,
            _ => return,
        };
        path.leading_colon = None;
        path.segments = std::mem::take(&mut path.segments).into_iter().skip(superfluous).collect();
    }
}

#[cfg(test)]
mod tests;
