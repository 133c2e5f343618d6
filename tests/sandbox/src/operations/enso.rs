//! `POST /events/batch` of Enso.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::application::{Application, State};
use crate::builder::PartialFailureShape;
use crate::call::Call;
use crate::event;
use crate::operations::ingestion::check_size;

const CUSTOMER_ENTITY_ID: &str = "CustomerEntityId";

/// Why an event was not taken.
enum Failure {
    NoCustomerEntity,
    UnknownCustomerEntity,
    /// The database behind the service cannot take it. The message names the field, as those of Togai do.
    Store {
        message: String,
    },
}

/// Takes the events that are in order, one by one.
pub(super) fn create_events_batch(application: &Application, mut call: Call<'_>) -> Result<Answer, Refusal> {
    let mut body = call.take_unchecked_body().unwrap_or_default();
    if application.enso_document.batch_envelope.check_fields("body", &body).is_err() {
        return Ok(no_list_of_events());
    }
    let Some(Value::Array(received)) = body.get_mut("events").map(Value::take) else {
        return Ok(no_list_of_events());
    };
    check_size(&received, application.settings.max_batch.or(application.enso_document.batch_limit))?;

    let total = received.len();
    let mut taken = Vec::with_capacity(total);
    let mut without_customer_entity = Vec::new();
    let mut not_stored = Vec::new();
    for (index, event) in received.into_iter().enumerate() {
        let Err(failure) = check(application, &event) else {
            taken.push(event);
            continue;
        };
        if application.settings.refuse_whole_batches {
            return Err(Refusal::bad_request(format!("events[{index}].{}", failure.described(&event))));
        }
        let failures = match failure {
            Failure::Store { .. } => &mut not_stored,
            Failure::NoCustomerEntity | Failure::UnknownCustomerEntity => &mut without_customer_entity,
        };
        failures.push(failure.recorded(index, &event));
    }
    record(application, &call, taken);

    // The service looks all customer entities up before it stores anything, and names what failed in this order.
    let mut failed = without_customer_entity;
    failed.append(&mut not_stored);
    Ok(answer(application, failed, total))
}

/// Records events under one lock, so that a batch arrives as one even when others arrive at the same time.
fn record(application: &Application, call: &Call<'_>, events: Vec<Value>) {
    let once = application.settings.enso.meters_an_id_once;
    let mut state = State::of(application);
    for event in events {
        state.enso_arrivals.record(event, call.now, once);
    }
}

fn check(application: &Application, event: &Value) -> Result<(), Failure> {
    match event.get(CUSTOMER_ENTITY_ID) {
        None | Some(Value::Null) => return Err(Failure::NoCustomerEntity),
        Some(Value::String(id)) if id.is_empty() => return Err(Failure::NoCustomerEntity),
        Some(Value::String(id)) if !application.settings.enso.knows(id) => return Err(Failure::UnknownCustomerEntity),
        // What is no text is found by the rules.
        Some(_) => {}
    }
    let result = application.enso_document.event.check_fields("event", event);
    result.map_err(|message| Failure::Store { message })
}

impl Failure {
    /// What is wrong, beginning with the field.
    fn described(&self, event: &Value) -> String {
        match self {
            Self::NoCustomerEntity => format!("{CUSTOMER_ENTITY_ID}: is required, and must not be empty"),
            Self::UnknownCustomerEntity => {
                let id = event::text(event, CUSTOMER_ENTITY_ID).unwrap_or_default();
                format!("{CUSTOMER_ENTITY_ID}: no customer entity has this id: {id}")
            }
            Self::Store { message } => message.clone(),
        }
    }

    /// What the answer says of the event.
    fn recorded(&self, index: usize, event: &Value) -> Value {
        let (error, code, status) = match self {
            Self::NoCustomerEntity => ("Customer entity ID required".to_owned(), json!(2001), 400),
            Self::UnknownCustomerEntity => ("Customer entity not found".to_owned(), json!(2002), 404),
            Self::Store { message } => (words_of_the_store(message, event), json!("27"), 400),
        };
        json!({ "index": index, "error": error, "code": code, "statusCode": status })
    }
}

/// What the database says of an event that it cannot take.
///
/// Of a timestamp that cannot be read it is known word for word. The service makes numbers of it first, which become
/// `NaN`, and the database then shows the text from where it could read no further.
fn words_of_the_store(message: &str, event: &Value) -> String {
    let (key, rule) = message.split_once(": ").unwrap_or((message, ""));
    let trace = format!("(while reading the value of key {key}): (at row 1)\\n: While executing WaitForAsyncInsert. ");
    if key != "timestamp" {
        return format!("Cannot parse input: {key} {rule}: {trace}");
    }
    let [metadata, customer_entity_id, job_id] =
        ["metadata", CUSTOMER_ENTITY_ID, "JobId"].map(|name| event.get(name).unwrap_or(&Value::Null));
    let rest = format!(
        r#"N NaN:NaN:NaN.NaN","metadata":{metadata},"status":"active","CustomerEntityId":{customer_entity_id},"JobId":{job_id},"OrganisationId":"org_k0JGnR6VZsLd"#
    );
    format!("Cannot parse input: expected '\"' before: '{rest}': {trace}")
}

fn no_list_of_events() -> Answer {
    let message = "events array is required; send {\"events\": [..]}";
    Answer::new(StatusCode::BAD_REQUEST, json!({ "status": "error", "message": message, "code": 2003 }))
}

fn answer(application: &Application, mut failed: Vec<Value>, total: usize) -> Answer {
    let settings = &application.settings;
    let summary = json!({ "success": total - failed.len(), "failed": failed.len(), "total": total });
    let is_left_out = settings.partial_failure == PartialFailureShape::WithoutList && !failed.is_empty();
    failed.truncate(settings.partial_failure_limit.unwrap_or(usize::MAX));
    let mut result = json!({ "summary": summary });
    if !is_left_out {
        result["failedRecords"] = Value::Array(failed);
    }
    if settings.enso.bare_answers {
        return Answer::ok(result);
    }
    Answer::ok(json!({ "status": "success", "message": "Success", "data": result }))
}
