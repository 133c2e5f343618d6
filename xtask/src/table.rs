//! The table of operations, from the document as it is, since lowering takes out what the table tells.

use anyhow::{Context, Result, bail};
use quote::{format_ident, quote};
use serde_json::Value;

use crate::document::{Operation, entries, operations, parameters};

/// Name and code of the file.
pub(crate) fn run(json: &Value) -> Result<(String, syn::File)> {
    let mut constants = Vec::new();
    let mut names = Vec::new();
    for operation in operations(json) {
        let name = constant(&operation)?;
        let row = row(json, &operation).with_context(|| format!("cannot make the row of {name}"))?;
        let summary = format!(" {}.", operation.json["summary"].as_str().unwrap_or_default());
        constants.push(quote! {
            #[doc = #summary]
            pub(super) static #name: Operation = #row;
        });
        names.push(name);
    }
    let file = syn::parse2(quote! {
        use crate::operation::{Location, Operation, PageSize, Paging, Parameter, QuotaClass, Repeat};

        #(#constants)*

        /// All operations of the API.
        pub static OPERATIONS: &[&Operation] = &[#(&#names),*];
    })?;
    Ok(("operations.rs".to_owned(), file))
}

/// The name of an operation's row.
pub(crate) fn constant(operation: &Operation<'_>) -> Result<syn::Ident> {
    let id = operation.json["operationId"].as_str().context("an operation has no operationId")?;
    Ok(format_ident!("{}", id.to_uppercase()))
}

fn row(json: &Value, operation: &Operation<'_>) -> Result<proc_macro2::TokenStream> {
    let id = operation.json["operationId"].as_str();
    let method = operation.method.to_uppercase();
    let path = operation.path;
    let quota_class = match operation.json["x-togai-quota-class"].as_str() {
        Some("ingest") => quote!(QuotaClass::Ingest),
        Some("ingest_batch") => quote!(QuotaClass::IngestBatch),
        Some("other") => quote!(QuotaClass::Other),
        other => bail!("unknown quota class {other:?}"),
    };
    let repeat = match operation.json["x-togai-repeat"].as_str() {
        Some("always") => quote!(Repeat::Always),
        Some("with_event_ids") => quote!(Repeat::WithEventIds),
        Some("with_idempotency_key") => quote!(Repeat::WithIdempotencyKey),
        Some("never") => quote!(Repeat::Never),
        other => bail!("unknown repetition {other:?}"),
    };
    let declared = parameters(json, operation);
    let paging = if operation.json["x-togai-paged"].is_object() {
        let size = declared.iter().find(|parameter| parameter["name"] == "pageSize");
        let limits = size.map(|size| {
            let bound = |name: &str| {
                let bound = size["schema"][name].as_u64().with_context(|| format!("pageSize has no {name}"))?;
                anyhow::Ok(u32::try_from(bound)?)
            };
            let (smallest, largest) = (bound("minimum")?, bound("maximum")?);
            anyhow::Ok(quote!(Some(PageSize { smallest: #smallest, largest: #largest })))
        });
        let limits = limits.transpose()?.unwrap_or_else(|| quote!(None));
        quote!(Some(Paging { page_size: #limits }))
    } else {
        quote!(None)
    };
    let parameters = declared.iter().map(|parameter| {
        let name = parameter["name"].as_str();
        let location = if parameter["in"] == "path" { quote!(Location::Path) } else { quote!(Location::Query) };
        let required = parameter["required"] == true;
        quote!(Parameter { name: #name, location: #location, required: #required })
    });
    let statuses = entries(&operation.json["responses"]).map(|(status, _)| status);
    Ok(quote! {
        Operation {
            id: #id,
            method: #method,
            path: #path,
            quota_class: #quota_class,
            repeat: #repeat,
            paging: #paging,
            parameters: &[#(#parameters),*],
            statuses: &[#(#statuses),*],
        }
    })
}
