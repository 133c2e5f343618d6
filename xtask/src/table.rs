//! The table of operations, from the document as it is, since lowering takes out what the table tells.

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::areas::{Area, Areas};
use crate::document::{Document, Operation, entries, operations, parameters, resolve};
use crate::names::{constant, setter};

/// The file of an area, from its rows.
pub(crate) fn file(rows: &[TokenStream]) -> Result<syn::File> {
    Ok(syn::parse2(quote! {
        use crate::operation::{Location, Operation, PageSize, Paging, Parameter, QuotaClass, Repeat};

        #(#rows)*
    })?)
}

/// The file that brings the rows of all areas together.
pub(crate) fn root(document: &Document, areas: &Areas) -> Result<syn::File> {
    let about = match document.service().feature {
        Some(_) => " All operations of the service.",
        None => " All operations of the areas whose features are on.",
    };
    let gates: Vec<TokenStream> = areas.iter().map(Area::gate).collect();
    let modules: Vec<syn::Ident> = areas.iter().map(Area::module).collect();
    let names = operations(document.json())
        .map(|operation| {
            let (gate, name) = (areas.of_operation(&operation)?.gate(), constant(operation.id()?));
            Ok(quote!(#gate &#name))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(syn::parse2(quote! {
        //! A static for each operation, named like the method of the client.

        use crate::Operation;

        #(#gates mod #modules;)*
        #(#gates pub use #modules::*;)*

        #[doc = #about]
        pub static OPERATIONS: &[&Operation] = &[#(#names),*];
    })?)
}

/// The row of an operation.
pub(crate) fn row(document: &Document, operation: &Operation<'_>) -> Result<TokenStream> {
    let name = constant(operation.id()?);
    let text = |field: &str| operation.json[field].as_str().unwrap_or_default();
    let summary = format!(" {}: `{} {}`.", text("summary"), operation.method.to_uppercase(), operation.path);
    let value = value(document.json(), operation).with_context(|| format!("cannot make the row of {name}"))?;
    Ok(quote! {
        #[doc = #summary]
        pub static #name: Operation = #value;
    })
}

fn value(json: &Value, operation: &Operation<'_>) -> Result<TokenStream> {
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
    let paging = if let Some(items) = operation.json["x-togai-paged"]["items"].as_str() {
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
        quote!(Some(Paging { items: #items, page_size: #limits }))
    } else {
        quote!(None)
    };
    let parameters = declared.iter().map(|parameter| {
        let name = parameter["name"].as_str();
        let location = if parameter["in"] == "path" { quote!(Location::Path) } else { quote!(Location::Query) };
        let required = parameter["required"] == true;
        let setter = setter(parameter);
        quote!(Parameter { name: #name, setter: #setter, location: #location, required: #required })
    });
    let requires_body = resolve(json, &operation.json["requestBody"])["required"] == true;
    let answers_secret = entries(&operation.json["responses"]).any(|(_, response)| {
        let schema = &resolve(json, response)["content"]["application/json"]["schema"];
        entries(&resolve(json, schema)["properties"]).any(|(_, property)| property["x-togai-secret"] == true)
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
            requires_body: #requires_body,
            answers_secret: #answers_secret,
            statuses: &[#(#statuses),*],
        }
    })
}
