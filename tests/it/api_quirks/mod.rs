//! The quirks of the API, where the vendor's clients, specifications, samples and documentation disagree, with a test each.
//! They are numbered: 1 to 7 are about declarations, 8 to 11 about numbers, 12 to 15 about times, 16 to 22 about shapes, 23 to
//! 25 about enumerations and what is deprecated.

mod document;
mod enumerations;
mod names;
mod numbers;
mod requests;
mod shapes;
mod times;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use togai_ext::Call;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, LoggedRequest};

use crate::support::start;

/// Reads JSON as a response is read.
#[track_caller]
fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The API document.
fn document() -> Value {
    serde_json::from_str(include_str!("../../../openapi/togai.json")).unwrap()
}

/// The operations of the document by id, each with its method and path.
fn operations(document: &Value) -> BTreeMap<&str, (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            (operation["operationId"].as_str().unwrap(), (&**method, &**path, operation))
        })
    });
    operations.collect()
}

/// The request of a call, whatever the response.
async fn sent<T>(call: impl FnOnce(&Client) -> Call<T>) -> LoggedRequest {
    let (sandbox, client) = start().await;
    let _ = call(&client).await;
    let mut requests = sandbox.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// The decoded response of a call to a body.
async fn response_to<T>(json: &str, call: impl FnOnce(&Client) -> Call<T>) -> T {
    let (sandbox, client) = start().await;
    sandbox.fault(Fault::status(200).body(json));
    call(&client).await.unwrap_or_else(|error| panic!("{json}: {error}")).into_inner()
}

/// The value of a parameter of the query.
fn query<'a>(request: &'a LoggedRequest, name: &str) -> Option<&'a str> {
    request.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
