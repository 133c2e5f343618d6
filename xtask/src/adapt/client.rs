//! The methods of the client, with rustdoc from the document.

use std::fmt::Write as _;

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::areas::Area;
use crate::document::{Document, Operation, entries, parameters, reference_name, resolve};
use crate::names;

/// The modules around the client, which is written by hand.
pub(super) fn root() -> Result<syn::File> {
    Ok(syn::parse2(quote! {
        pub mod builder;
        mod client;
        pub mod operations;
        pub mod types;
    })?)
}

/// The method of an operation.
pub(super) fn method(document: &Document, operation: &Operation<'_>, area: &Area) -> Result<TokenStream> {
    let id = operation.id()?;
    let (name, builder) = (format_ident!("{id}"), names::builder(id));
    let text = docs::attributes(&describe(document, operation, area));
    let deprecated = (operation.json["deprecated"] == true).then(docs::deprecation);
    Ok(quote! {
        #text
        #deprecated
        pub fn #name(&self) -> builder::#builder {
            builder::#builder::new(self.core())
        }
    })
}

/// What an operation does, what it takes and what it answers.
fn describe(document: &Document, operation: &Operation<'_>, area: &Area) -> String {
    let (service, truth) = (document.service(), document.json());
    let text = |field: &str| operation.json[field].as_str().unwrap_or_default();
    let mut description = format!(
        "{}.\n\n{}\n\n`{} {}`, feature `{}`\n\n",
        text("summary"),
        text("description"),
        operation.method.to_uppercase(),
        operation.path,
        area.feature,
    );
    for parameter in parameters(truth, operation) {
        let name = names::setter(parameter);
        let required = if parameter["required"] == true { ", required" } else { "" };
        let about = parameter["description"].as_str().unwrap_or_default();
        let _ = writeln!(description, "- `{name}`{required}: {about}");
    }
    let body = resolve(truth, &operation.json["requestBody"]);
    if let Some(schema) = reference_name(&body["content"]["application/json"]["schema"]) {
        let required = if body["required"] == true { ", required" } else { "" };
        let module = service.module_text();
        let link = if service.is_hand_written(schema) { module } else { format!("{module}::types") };
        let about = body["description"].as_str().unwrap_or("the body of the request");
        let _ = writeln!(description, "- `body`{required}: [`{schema}`]({link}::{schema}), {}", decapitalised(about));
    }
    description.push_str("\n# Answers\n\n");
    for (status, response) in entries(&operation.json["responses"]) {
        let about = resolve(truth, response)["description"].as_str().unwrap_or_default();
        let _ = writeln!(description, "- {status}: {about}");
    }
    description
}

fn decapitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
