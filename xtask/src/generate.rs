//! Runs the generator over the lowered document.

use anyhow::{Context, Result};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

use crate::service::Service;

/// The generator's code as it comes, before it is adapted.
pub(crate) fn run(service: &Service, lowered: &Value) -> Result<syn::File> {
    let document: OpenAPI =
        serde_json::from_value(lowered.clone()).context("the lowered document is not OpenAPI 3.0")?;

    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        // Maps that iterate in one order make requests and snapshots repeatable.
        .with_map_type("::std::collections::BTreeMap")
        .with_conversion(schema_of(InstanceType::String, Some("date-time")), "crate::Timestamp", [].into_iter())
        .with_conversion(schema_of(InstanceType::String, Some("date")), "crate::Date", [].into_iter())
        .with_conversion(schema_of(InstanceType::Number, None), "crate::Decimal", [].into_iter());
    let module = service.module_text();
    for name in service.hand_written {
        settings.with_replacement(name, format!("{module}::{name}"), [].into_iter());
    }

    let tokens = Generator::new(&settings).generate_tokens(&document).context("the generator refuses the document")?;
    syn::parse2(tokens).context("the generator's code does not parse")
}

fn schema_of(kind: InstanceType, format: Option<&str>) -> SchemaObject {
    SchemaObject { instance_type: Some(kind.into()), format: format.map(str::to_owned), ..SchemaObject::default() }
}
