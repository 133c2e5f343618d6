//! Every operation of the API document through its builder, with the examples of the document.

use std::time::{Duration, UNIX_EPOCH};

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use togai_api::Location;
use togai_ext::ResponseValue;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, ManualClock, Sandbox};

use crate::recording::recorded;
use crate::same::{difference, holds_nothing};
use crate::support::{TOKEN, client_of, sandbox};

/// An operation, called with everything set that the document has an example of.
struct Call {
    operation: &'static str,
    /// Statuses of success, each with what its body has to have where there is one.
    successes: &'static [(u16, Option<&'static [&'static str]>)],
    send: fn(Client) -> Sent,
}

type Sent = BoxFuture<'static, Result<Answered, Error>>;

/// An answer: its status, and what was decoded of its body, encoded again.
struct Answered {
    status: u16,
    body: Value,
}

fn answered<T: Serialize>(answer: Result<ResponseValue<T>, Error>) -> Result<Answered, Error> {
    let answer = answer?;
    let body = serde_json::to_value(&*answer).unwrap();
    Ok(Answered { status: answer.status().as_u16(), body })
}

fn body<T: DeserializeOwned>(example: &str) -> T {
    serde_json::from_str(example).unwrap()
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

include!(concat!(env!("OUT_DIR"), "/calls.rs"));

/// A sandbox in which the operation can succeed.
async fn sandbox_for(operation: &str) -> Sandbox {
    // What is created must not be there yet.
    let creates =
        ["create_account", "create_account_for_customer", "create_alias", "create_customer", "create_event_schema"];
    let builder = if creates.contains(&operation) { sandbox() } else { sandbox().with_examples() };
    // The two events that the examples speak of, when they arrived.
    let received = UNIX_EPOCH + Duration::from_millis(1_730_795_473_004);
    let sandbox = builder.clock(ManualClock::at(received)).start().await.unwrap();
    let ride = |id: &str| Event::new("rides", "ACC00001").id(id).timestamp(moment("2024-11-05T08:31:12.250Z"));
    let events = ["ride-2024-11-05-000481", "f4a52f2d-b798-4e08-8b24-db0a5a468ba3"].map(ride);
    client_of(&sandbox).ingest_events(events).send().await.unwrap().into_result().unwrap();
    sandbox.clear_requests();
    sandbox
}

/// What is wrong with the answer to a call, in words.
async fn problem_of(call: &Call) -> Option<String> {
    let sandbox = sandbox_for(call.operation).await;
    let (client, bodies) = recorded(&client_of(&sandbox));
    let answered = match (call.send)(client).await {
        Ok(answered) => answered,
        Err(error) => return Some(error.to_string()),
    };
    let requests = sandbox.requests();
    if requests.len() != 1 || requests[0].operation_id.as_deref() != Some(call.operation) {
        return Some(format!("{requests:?} were sent"));
    }
    let row = togai_api::OPERATIONS.iter().find(|row| row.id == call.operation)?;
    let set = row.parameters.iter().filter(|parameter| parameter.location == Location::Query);
    let mut set: Vec<&str> = set.map(|parameter| parameter.name).collect();
    let mut sent: Vec<&str> = requests[0].query.iter().map(|(name, _)| name.as_str()).collect();
    set.sort_unstable();
    sent.sort_unstable();
    if sent != set || requests[0].body.json().is_none() && row.requires_body {
        return Some(format!("{:?} was sent", requests[0]));
    }
    let Some((_, required)) = call.successes.iter().find(|(status, _)| *status == answered.status) else {
        return Some(format!("{} is none of {:?}", answered.status, call.successes));
    };
    let Some(required) = required else {
        return (!answered.body.is_null()).then(|| format!("{} was made of no body", answered.body));
    };
    // The server wrote what it has to, and nothing of what it wrote is lost on the way.
    let written: Value = serde_json::from_str(&bodies.last()?).unwrap();
    let missing = required.iter().find(|name| written.get(name).is_none());
    missing.map(|name| format!(".{name} is missing")).or_else(|| difference(&written, &answered.body, holds_nothing))
}

#[tokio::test]
async fn all_159_operations_succeed_through_their_builders() {
    assert_eq!(CALLS.len(), 159);
    let mut problems = Vec::new();
    for call in CALLS {
        if let Some(problem) = problem_of(call).await {
            problems.push(format!("{}: {problem}", call.operation));
        }
    }
    assert!(problems.is_empty(), "{} operations:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_calls_are_those_of_the_table_of_operations() {
    let mut ids: Vec<&str> = togai_api::OPERATIONS.iter().map(|operation| operation.id).collect();
    ids.sort_unstable();
    assert_eq!(CALLS.iter().map(|call| call.operation).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn a_file_is_elsewhere_and_the_token_does_not_go_there() {
    let sandbox = sandbox().start().await.unwrap();
    let client = client_of(&sandbox);
    let answer = client.get_file().file_id("report 1").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 302);
    let expected = format!("{}/downloads/report+1", sandbox.base_url());
    assert_eq!(answer.location(), Some(expected.as_str()));
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_redirection_to_another_server_is_told_and_not_followed() {
    let [sandbox, elsewhere] = [sandbox().start().await.unwrap(), sandbox().start().await.unwrap()];
    let location = format!("{}/signed?signature=abc", elsewhere.base_url());
    sandbox.fault(Fault::status(302).header("location", &location).on("get_file"));
    let answer = client_of(&sandbox).get_file().file_id("f").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.location()), (302, Some(location.as_str())));
    assert_eq!((sandbox.requests().len(), elsewhere.requests().len()), (1, 0));

    // Where no redirection is documented, it is an error that is not followed either.
    sandbox.fault(Fault::status(302).header("location", &location).json(json!({})).on("get_customers"));
    let error = client_of(&sandbox).get_customers().send().await.unwrap_err();
    assert!(!error.to_string().contains(TOKEN), "{error}");
    assert_eq!(elsewhere.requests().len(), 0);
}
