//! Each operation that answers in pages, read item by item and at once.

use std::fmt::Write as _;

use crate::Result;
use crate::document::{Document, argument, setter};

pub(crate) fn code(document: &Document) -> Result<String> {
    let (mut functions, mut table) = (String::new(), String::new());
    for operation in document.operations()? {
        let id = operation.id;
        let Some(items) = operation.json["x-togai-paged"]["items"].as_str() else { continue };
        let mut call = format!("client.{id}()");
        let mut page_size = None;
        for parameter in operation.parameters() {
            if parameter["required"] == true {
                write!(call, ".{}({})", setter(parameter), argument(parameter)?)?;
            }
            if parameter["name"] == "pageSize" {
                page_size = parameter["schema"]["maximum"].as_u64();
            }
        }
        let sized =
            |size: u64| if page_size.is_some() { format!("{call}.page_size({size}_u32)") } else { call.clone() };
        writeln!(
            functions,
            "#[allow(deprecated, reason = \"deprecated operations are called, too\")]\n\
             mod {id} {{\n\
             pub(super) fn one_by_one(client: &super::Client) -> super::Read {{\n\
             use togai_ext::prelude::*;\n\
             Box::pin(super::read_to_the_end({}.extra_query(\"_sort\", \"id\").items()))\n}}\n\
             pub(super) fn at_once(client: &super::Client) -> super::Read {{\n\
             let call = {};\n\
             Box::pin(async move {{ Ok(call.send().await?.{items}.iter().map(super::encoded).collect()) }})\n}}\n}}",
            sized(1),
            sized(page_size.unwrap_or_default()),
        )?;
        let is_of_2022 = operation.json["tags"][0] == "CustomerAccounts";
        writeln!(
            table,
            "List {{ operation: {id:?}, items: {items:?}, takes_size: {}, is_of_2022: {is_of_2022}, \
             one_by_one: {id}::one_by_one, at_once: {id}::at_once }},",
            page_size.is_some(),
        )?;
    }
    Ok(format!("{functions}\n/// All of them.\nconst LISTS: &[List] = &[\n{table}];\n"))
}
