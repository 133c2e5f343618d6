//! Adapts the generator's code: one error, builders that own their client, nothing that nobody uses.

mod builders;
mod client;
mod docs;
mod types;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use syn::Item;
use syn::visit_mut::{self, VisitMut};

/// The files of the client by name, from the generator's code.
///
/// `lowered` is the document that the code was generated from, `truth` the one it was lowered from.
pub(crate) fn run(raw: syn::File, lowered: &Value, truth: &Value) -> Result<Vec<(String, syn::File)>> {
    let mut parts = Parts::of(raw)?;
    let types = types::adapt(std::mem::take(&mut parts.types), lowered)?;
    let builders = builders::adapt(std::mem::take(&mut parts.builders), truth)?;
    let client = client::adapt(parts, truth)?;
    Ok([("mod.rs", client), ("types.rs", types), ("builder.rs", builders)]
        .into_iter()
        .map(|(name, mut file)| {
            ShortPaths.visit_file_mut(&mut file);
            (name.to_owned(), file)
        })
        .collect())
}

/// What is kept of the generator's code.
struct Parts {
    types: Vec<Item>,
    builders: Vec<Item>,
    client: syn::ItemStruct,
    operations: syn::ItemImpl,
}

impl Parts {
    /// Sorts the items. An item that is not known is an error, since another version of the generator may have added
    /// something that matters.
    fn of(file: syn::File) -> Result<Self> {
        let (mut types, mut builders, mut client, mut operations) = (None, None, None, None);
        for item in file.items {
            match item {
                Item::Mod(module) if module.ident == "types" => types = module.content,
                Item::Mod(module) if module.ident == "builder" => builders = module.content,
                Item::Struct(structure) if structure.ident == "Client" => client = Some(structure),
                // `Client::new` unwraps; the hand-written one does not.
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
            client: client.context("the generator printed no client")?,
            operations: operations.context("the generator printed no operations")?,
        })
    }
}

fn method_names(block: &syn::ItemImpl) -> impl Iterator<Item = &syn::Ident> {
    block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some(&method.sig.ident),
        _ => None,
    })
}

fn describe(item: &Item) -> String {
    quote::quote!(#item).to_string().chars().take(120).collect()
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
