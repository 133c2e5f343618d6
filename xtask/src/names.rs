//! How Rust names what the document defines: features, modules, types, fields, setters, statics.

use quote::format_ident;
use serde_json::Value;

/// The key by which the document names a field or a setter whose name on the wire Rust cannot use.
pub(crate) const GIVEN_NAME: &str = "x-togai-name";

/// A name in snake case: `pricePlanId` as `price_plan_id`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut previous = '_';
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            if previous != '_' {
                snake.push('_');
            }
            previous = '_';
            continue;
        }
        if character.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
        previous = character;
    }
    snake
}

/// The feature of an area, from its tag: `PricePlansV2` as `price-plans-v2`.
pub(crate) fn feature(tag: &str) -> String {
    snake_case(tag).replace('_', "-")
}

/// The module of a feature or of a file of the document: `price-plans-v2` as `price_plans_v2`.
pub(crate) fn module(feature: &str) -> syn::Ident {
    format_ident!("{}", feature.replace('-', "_"))
}

/// The type of an operation's builder, from the operation's id: `get_price_plan` as `GetPricePlan`.
pub(crate) fn builder(operation_id: &str) -> syn::Ident {
    let words = operation_id.split('_').map(|word| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    });
    format_ident!("{}", words.collect::<String>())
}

/// The static of an operation, from the operation's id: `get_price_plan` as `GET_PRICE_PLAN`.
pub(crate) fn constant(operation_id: &str) -> syn::Ident {
    format_ident!("{}", operation_id.to_uppercase())
}

/// The field of a property: the given name, or the one on the wire in snake case.
pub(crate) fn field(property: &str, schema: &Value) -> String {
    snake_case(schema[GIVEN_NAME].as_str().unwrap_or(property))
}

/// The name of a parameter in the document: the given one, or the one on the wire.
pub(crate) fn parameter(parameter: &Value) -> &str {
    parameter[GIVEN_NAME].as_str().or_else(|| parameter["name"].as_str()).unwrap_or("?")
}

/// The field and setter of a parameter. A keyword gets an underscore: `async` as `async_`.
pub(crate) fn setter(parameter: &Value) -> String {
    let snake = snake_case(self::parameter(parameter));
    if syn::parse_str::<syn::Ident>(&snake).is_ok() { snake } else { format!("{snake}_") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_collide_if_rust_writes_them_alike() {
        for (name, snake) in [
            ("nextToken", "next_token"),
            ("account_id", "account_id"),
            ("TogaiId", "togai_id"),
            ("v2Plan", "v2_plan"),
            ("a-b.c", "a_b_c"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn features_and_modules_are_named_after_tags() {
        for (tag, name, path) in [
            ("EventIngestion", "event-ingestion", "event_ingestion"),
            ("PricePlansV2", "price-plans-v2", "price_plans_v2"),
            ("Wallet", "wallet", "wallet"),
        ] {
            assert_eq!((feature(tag).as_str(), module(name).to_string().as_str()), (name, path));
        }
    }

    #[test]
    fn an_operation_names_its_builder_and_its_static() {
        assert_eq!(builder("get_price_plan"), "GetPricePlan");
        assert_eq!(constant("get_price_plan"), "GET_PRICE_PLAN");
    }

    #[test]
    fn a_given_name_comes_before_the_name_on_the_wire() {
        assert_eq!(field("JobId", &json!({})), "job_id");
        assert_eq!(field("JobId", &json!({"x-togai-name": "job"})), "job");
        assert_eq!(setter(&json!({"name": "pageSize"})), "page_size");
        assert_eq!(setter(&json!({"name": "pageSize", "x-togai-name": "size"})), "size");
    }

    #[test]
    fn a_setter_that_would_be_a_keyword_gets_an_underscore() {
        assert_eq!(setter(&json!({"name": "async"})), "async_");
    }
}
