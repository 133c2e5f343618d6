//! Bodies with keys that make repeating a request harmless: ids of events, and idempotency keys.

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::{Value, json};

use crate::document::{Operation, entries, resolve};
use crate::names::setter;

/// Whether everything in a body has its key, as an expression over `body`; nothing for an operation without keys.
///
/// The key is that of the one object or of each object in the one list that the body consists of, or it is the key of the
/// body itself.
pub(super) fn condition(truth: &Value, operation: &Operation<'_>) -> Result<Option<TokenStream>> {
    let key = match operation.json["x-togai-repeat"].as_str() {
        Some("with_event_ids") => "id",
        Some("with_idempotency_key") => "idempotencyKey",
        _ => return Ok(None),
    };
    let request = resolve(truth, &operation.json["requestBody"]);
    let body = resolve(truth, &request["content"]["application/json"]["schema"]);
    if let Some(property) = property(body, key) {
        let field = field(key, property);
        return Ok(Some(quote!(crate::keyed::Key::is_set(&body.#field))));
    }
    let mut properties = entries(&body["properties"]);
    let (Some((name, only)), None) = (properties.next(), properties.next()) else {
        bail!("the body has neither `{key}` nor a single property that could: correct `x-togai-repeat`");
    };
    let is_required = body["required"].as_array().is_some_and(|required| required.contains(&json!(name)));
    let only = resolve(truth, only);
    let is_list = only["type"] == "array";
    let object = if is_list { resolve(truth, &only["items"]) } else { only };
    let property = property(object, key).with_context(|| format!("`{name}` holds no `{key}`"))?;
    let (field, key) = (field(name, only), field(key, property));
    let is_set = quote!(crate::keyed::Key::is_set(&item.#key));
    Ok(Some(match (is_list, is_required) {
        (true, true) => quote!(!body.#field.is_empty() && body.#field.iter().all(|item| #is_set)),
        (true, false) => {
            quote!(body.#field.as_ref().is_some_and(|list| !list.is_empty() && list.iter().all(|item| #is_set)))
        }
        (false, true) => quote!(crate::keyed::Key::is_set(&body.#field.#key)),
        (false, false) => quote!(body.#field.as_ref().is_some_and(|item| #is_set)),
    }))
}

fn property<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object["properties"].get(name)
}

fn field(name: &str, property: &Value) -> syn::Ident {
    format_ident!("{}", setter(&json!({ "name": name, "x-togai-name": property["x-togai-name"] })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(repeat: &str, body: &Value, expected: Option<&str>) {
        let key = json!({ "properties": { "id": {}, "idempotencyKey": { "x-togai-name": "own_key" } } });
        let document = json!({ "components": { "schemas": { "Body": body, "Item": key } } });
        let schema = json!({ "$ref": "#/components/schemas/Body" });
        let operation = json!({
            "x-togai-repeat": repeat,
            "requestBody": { "content": { "application/json": { "schema": schema } } },
        });
        let operation = Operation { method: "post", path: "/things", json: &operation };
        let condition = condition(&document, &operation).ok().flatten();
        assert_eq!(condition.map(|tokens| tokens.to_string().replace(' ', "")).as_deref(), expected);
    }

    #[test]
    fn the_key_comes_from_the_body_or_its_items() {
        let item = json!({ "$ref": "#/components/schemas/Item" });
        check("never", &json!({}), None);
        check(
            "with_idempotency_key",
            &json!({ "properties": { "idempotencyKey": {}, "a": {} } }),
            Some("crate::keyed::Key::is_set(&body.idempotency_key)"),
        );
        check(
            "with_event_ids",
            &json!({ "properties": { "event": item }, "required": ["event"] }),
            Some("crate::keyed::Key::is_set(&body.event.id)"),
        );
        let list =
            &json!({ "properties": { "someItems": { "type": "array", "items": item } }, "required": ["someItems"] });
        check(
            "with_idempotency_key",
            list,
            Some(
                "!body.some_items.is_empty()&&body.some_items.iter().all(|item|crate::keyed::Key::is_set(&item.own_key))",
            ),
        );
        let optional = json!({ "properties": { "items": { "type": "array", "items": item } } });
        check(
            "with_event_ids",
            &optional,
            Some(
                "body.items.as_ref().is_some_and(|list|!list.is_empty()&&list.iter().all(|item|crate::keyed::Key::is_set(&item.id)))",
            ),
        );
    }

    #[test]
    fn a_body_without_a_key_is_an_error() {
        check("with_event_ids", &json!({ "properties": { "a": {}, "b": {} } }), None);
        check("with_event_ids", &json!({ "properties": { "a": { "type": "object" } } }), None);
    }
}
