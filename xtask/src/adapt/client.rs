//! The client: its fields as generated, its methods with rustdoc from the document.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use quote::quote;
use serde_json::Value;

use super::{Parts, docs};
use crate::document::{Operation, entries, operations, parameters, reference_name, resolve};

pub(super) fn adapt(parts: Parts, truth: &Value) -> Result<syn::File> {
    let mut client = parts.client;
    let about = truth["info"]["description"].as_str().unwrap_or_default();
    docs::replace(
        &mut client.attrs,
        &format!(
            "The client: a method for each operation of the API.\n\n{about}\n\nClones are cheap and share connections, \
             retries and pauses. `togai_ext::ClientBuilder` makes one; [`Client::new`] puts one together from its parts."
        ),
    );
    let methods = super::method_names(&parts.operations)
        .map(|name| {
            let operation = operations(truth)
                .find(|operation| name == operation.json["operationId"].as_str().unwrap_or_default())
                .with_context(|| format!("the generator made a method `{name}` that no operation asks for"))?;
            let builder = super::builders::name(&operation)?;
            let text = docs::attributes(&describe(truth, &operation));
            let deprecated = (operation.json["deprecated"] == true).then(|| quote!(#[deprecated]));
            Ok(quote! {
                #text
                #deprecated
                pub fn #name(&self) -> builder::#builder {
                    builder::#builder::new(self.clone())
                }
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(syn::parse2(quote! {
        pub mod builder;
        mod operations;
        pub mod types;

        pub use operations::OPERATIONS;

        #client

        impl Client {
            #(#methods)*
        }
    })?)
}

/// What an operation does, what it takes and what it answers.
fn describe(truth: &Value, operation: &Operation<'_>) -> String {
    let text = |field: &str| operation.json[field].as_str().unwrap_or_default();
    let mut description = format!(
        "{}.\n\n{}\n\n`{} {}`\n\n",
        text("summary"),
        text("description"),
        operation.method.to_uppercase(),
        operation.path
    );
    for parameter in parameters(truth, operation) {
        let name = super::builders::setter(parameter);
        let required = if parameter["required"] == true { ", required" } else { "" };
        let about = parameter["description"].as_str().unwrap_or_default();
        let _ = writeln!(description, "- `{name}`{required}: {about}");
    }
    let body = resolve(truth, &operation.json["requestBody"]);
    if let Some(schema) = reference_name(&body["content"]["application/json"]["schema"]) {
        let required = if body["required"] == true { ", required" } else { "" };
        let link = if crate::generate::HAND_WRITTEN.contains(&schema) { "crate" } else { "types" };
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
