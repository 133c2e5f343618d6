//! Why Enso does not take an event, and what it says of it.

use serde_json::{Value, json};

use crate::application::Application;
use crate::event;

const CUSTOMER_ENTITY_ID: &str = "CustomerEntityId";

/// Why an event was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    NoCustomerEntity,
    UnknownCustomerEntity,
    /// The database behind the service cannot take it. The message names the field, as those of Togai do.
    NotStored(String),
}

impl Failure {
    /// What is wrong with an event, if anything is.
    pub(super) fn of(application: &Application, event: &Value) -> Option<Self> {
        match event.get(CUSTOMER_ENTITY_ID) {
            None | Some(Value::Null) => return Some(Self::NoCustomerEntity),
            Some(Value::String(id)) if id.is_empty() => return Some(Self::NoCustomerEntity),
            Some(Value::String(id)) if !application.settings.enso.is_known(id) => {
                return Some(Self::UnknownCustomerEntity);
            }
            // One that is no text is found by the rules.
            Some(_) => {}
        }
        application.enso_document.event.check_fields("event", event).err().map(Self::NotStored)
    }

    /// Whether the customer entity is at fault, which is looked up before anything is stored.
    pub(super) fn is_of_customer_entity(&self) -> bool {
        matches!(self, Self::NoCustomerEntity | Self::UnknownCustomerEntity)
    }

    /// The field that is wrong, and what it has to be.
    pub(super) fn message(&self, event: &Value) -> String {
        match self {
            Self::NoCustomerEntity => format!("{CUSTOMER_ENTITY_ID}: is required, with at least 1 character"),
            Self::UnknownCustomerEntity => {
                let id = event::text(event, CUSTOMER_ENTITY_ID).unwrap_or_default();
                format!("{CUSTOMER_ENTITY_ID}: no customer entity has this id: {id}")
            }
            Self::NotStored(message) => message.clone(),
        }
    }

    /// What the answer says of the event at this place of the batch.
    pub(super) fn record(&self, index: usize, event: &Value) -> Value {
        // What is wrong is said in the words of the vendor's sample and table; the status of the first one is ours.
        let (error, code, status) = match self {
            Self::NoCustomerEntity => ("Customer entity ID required".to_owned(), json!(2001), 400),
            Self::UnknownCustomerEntity => ("Customer entity not found".to_owned(), json!(2002), 404),
            // A text among integers, as in the sample.
            Self::NotStored(message) => (storage_error(message, event), json!("27"), 400),
        };
        json!({ "index": index, "error": error, "code": code, "statusCode": status })
    }
}

/// What the database says of an event that it cannot take.
///
/// Of a timestamp that cannot be read there is a sample of the vendor: it looks as if the service made numbers of it first,
/// each of which is `NaN`, and the database showed its input from where it could read no further. The rest is made after
/// that.
fn storage_error(message: &str, event: &Value) -> String {
    let (key, rule) = message.split_once(": ").unwrap_or((message, ""));
    let expected = if key == "timestamp" {
        let [metadata, customer_entity_id, job_id] =
            ["metadata", CUSTOMER_ENTITY_ID, "JobId"].map(|name| event.get(name).unwrap_or(&Value::Null));
        let rest = [
            r#"N NaN:NaN:NaN.NaN","metadata":"#,
            &metadata.to_string(),
            r#","status":"active","CustomerEntityId":"#,
            &customer_entity_id.to_string(),
            r#","JobId":"#,
            &job_id.to_string(),
            r#","OrganisationId":"org_k0JGnR6VZsLd"#,
        ];
        format!("expected '\"' before: '{}'", rest.concat())
    } else {
        format!("{key} {rule}")
    };
    // The backslash and the letter after it are two characters in the vendor's sample as well.
    format!(
        "Cannot parse input: {expected}: (while reading the value of key {key}): (at row 1)\\n: \
         While executing WaitForAsyncInsert. "
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, TestSandbox, enso_event};

    fn records(sandbox: &TestSandbox, event: &Value) -> Value {
        let Reply(status, mut body) = sandbox.post("/enso/events/batch", &json!({ "events": [event] }));
        assert_eq!(status, 200, "{body}");
        body["data"]["failedRecords"].take()
    }

    /// An event in which the value of a key is another one, or is missing.
    fn with(key: &str, value: Option<Value>) -> Value {
        let mut event = enso_event("a");
        let fields = event.as_object_mut().unwrap();
        match value {
            Some(value) => fields.insert(key.to_owned(), value),
            None => fields.remove(key),
        };
        event
    }

    #[test]
    fn the_response_equals_the_vendor_sample() {
        let sample = r#"{
            "status": "success",
            "message": "Success",
            "data": {
                "summary": { "success": 0, "failed": 3, "total": 3 },
                "failedRecords": [
                    { "index": 2, "error": "Customer entity not found", "code": 2002, "statusCode": 404 },
                    {
                        "index": 0,
                        "error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
                        "code": "27",
                        "statusCode": 400
                    },
                    {
                        "index": 1,
                        "error": "Cannot parse input: expected '\"' before: 'N NaN:NaN:NaN.NaN\",\"metadata\":null,\"status\":\"active\",\"CustomerEntityId\":\"ent_6CsgzAdRgTlzT_9O\",\"JobId\":\"job_xI_wWRvcLpZzhiJF\",\"OrganisationId\":\"org_k0JGnR6VZsLd': (while reading the value of key timestamp): (at row 1)\\n: While executing WaitForAsyncInsert. ",
                        "code": "27",
                        "statusCode": 400
                    }
                ]
            }
        }"#;
        let event = |customer_entity_id: &str, timestamp: &str| {
            json!({
                "CustomerEntityId": customer_entity_id,
                "metric": "api_calls",
                "value": 123,
                "timestamp": timestamp,
                "eventId": "call-1",
                "JobId": "job_xI_wWRvcLpZzhiJF",
            })
        };
        let events = [
            event("ent_6CsgzAdRgTlzT_9O", "yesterday"),
            event("ent_6CsgzAdRgTlzT_9O", ""),
            event("ent_unknown", "2023-11-07T05:31:56Z"),
        ];
        let sandbox = TestSandbox::with(|settings| {
            settings.enso.customers.insert("ent_6CsgzAdRgTlzT_9O".to_owned());
        });
        let reply = sandbox.post("/enso/events/batch", &json!({ "events": events }));
        assert_eq!(reply, Reply(200, serde_json::from_str(sample).unwrap()));
    }

    #[test]
    fn an_event_without_a_customer_entity_has_its_own_code() {
        let failure = json!({ "index": 0, "error": "Customer entity ID required", "code": 2001, "statusCode": 400 });
        let key = "CustomerEntityId";
        let sandbox = TestSandbox::with(|settings| {
            settings.enso.customers.insert("ent_acme".to_owned());
        });
        for event in [with(key, None), with(key, Some(json!(null))), with(key, Some(json!(""))), json!("no event")] {
            assert_eq!(records(&sandbox, &event), json!([failure]), "{event}");
        }
    }

    #[test]
    fn a_known_customer_entity_makes_unknown_ones_fail() {
        let event = with("CustomerEntityId", Some(json!("ent_umbrella")));
        assert_eq!(records(&TestSandbox::new(), &event), json!([]));
        let sandbox = TestSandbox::with(|settings| {
            settings.enso.customers.insert("ent_acme".to_owned());
        });
        let failure = json!({ "index": 0, "error": "Customer entity not found", "code": 2002, "statusCode": 404 });
        assert_eq!(records(&sandbox, &event), json!([failure]));
        assert_eq!(records(&sandbox, &enso_event("a")), json!([]));
    }

    #[test]
    fn a_value_the_store_rejects_is_named_by_its_key() {
        let sandbox = TestSandbox::new();
        let check = |key: &str, value: Option<Value>, expected: &str| {
            let records = records(&sandbox, &with(key, value));
            let rest = format!(
                ": (while reading the value of key {key}): (at row 1)\\n: While executing WaitForAsyncInsert. "
            );
            let error = format!("Cannot parse input: {expected}{rest}");
            let failure = json!({ "index": 0, "error": error, "code": "27", "statusCode": 400 });
            assert_eq!(records, json!([failure]));
        };
        check("value", Some(json!("12")), "value has to be a number, but is a string");
        check("value", None, "value is required");
        check("metric", None, "metric is required");
        check("metric", Some(json!(1)), "metric has to be a string, but is a number");
        check("eventId", Some(json!(null)), "eventId has to be a string, but is null");
        check("jobId", Some(json!(7)), "jobId has to be a string, but is a number");
        check("CustomerEntityId", Some(json!(7)), "CustomerEntityId has to be a string, but is a number");
        check("metadata", Some(json!([])), "metadata has to be an object, but is an array");
        let of_timestamp = r#"expected '"' before: 'N NaN:NaN:NaN.NaN","metadata":{"region":"eu"},"status":"active","CustomerEntityId":"ent_acme","JobId":null,"OrganisationId":"org_k0JGnR6VZsLd'"#;
        check("timestamp", None, of_timestamp);
        check("timestamp", Some(json!("2024-13-05T08:31:12Z")), of_timestamp);
        check("timestamp", Some(json!(1_730_795_472)), of_timestamp);
    }
}
