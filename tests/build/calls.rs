//! A call of each operation, with everything set that the document has an example of.

use std::fmt::Write as _;

use crate::Result;
use crate::document::{Document, argument, required, rust_type, setter};

/// The id that the sandbox gives to the first event that arrives.
const REFERENCE_ID: &str = "reference-1";

pub(crate) fn code(document: &Document) -> Result<String> {
    let (mut functions, mut table) = (String::new(), String::new());
    for operation in document.operations()? {
        let id = operation.id;
        let mut call = format!("client.{id}()");
        for parameter in operation.parameters() {
            // The server chooses this id, so no example can be that of an event which is there.
            let argument = match (id, parameter["name"].as_str()) {
                ("event_correction", Some("id")) => format!("{REFERENCE_ID:?}"),
                _ => argument(parameter)?,
            };
            write!(call, ".{}({argument})", setter(parameter))?;
        }
        if let Some(body) = operation.request_body() {
            let (Some(kind), Some(example)) = (rust_type(body.schema), body.example) else {
                return Err(format!("{id}: there is no body to send").into());
            };
            write!(call, ".body(body::<{kind}>({:?}))", example.to_string())?;
        }
        writeln!(
            functions,
            "#[allow(clippy::unreadable_literal, deprecated, reason = \"made of the document as it is\")]\n\
             fn {id}(client: Client) -> Sent {{\nBox::pin(async move {{ decode_response({call}.send().await) }})\n}}",
        )?;
        let mut successes = String::new();
        for (status, body) in operation.successes() {
            match body.map(|body| required(document.schema(body.schema))) {
                Some(required) => write!(successes, "({status}, Some(&{required:?})), ")?,
                None => write!(successes, "({status}, None), ")?,
            }
        }
        writeln!(table, "ExampleCall {{ operation: {id:?}, successes: &[{successes}], send: {id} }},")?;
    }
    Ok(format!("{functions}\n/// All of them.\nconst CALLS: &[ExampleCall] = &[\n{table}];\n"))
}
