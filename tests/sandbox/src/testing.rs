//! Sends requests to an application without a network, and holds each answer against the document.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::application::{Application, State};
use crate::builder::Settings;
use crate::clock::ManualClock;
use crate::document::{Document, Operation};
use crate::quota::Quotas;
use crate::request_log::{Head, ReceivedBody};
use crate::route::Route;
use crate::schema::Schemas;
use crate::validate::Rules;

/// An application under test.
pub(crate) struct Bench {
    pub(crate) application: Application,
    pub(crate) clock: ManualClock,
    document: Value,
}

/// A status and a body.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply(pub(crate) u16, pub(crate) Value);

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { quotas: Quotas::off(), ..Settings::default() };
        change(&mut settings);
        let clock = ManualClock::new();
        let application = Application::new(settings, Arc::new(clock.clone())).unwrap();
        Self { application, clock, document: Document::as_value().unwrap() }
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Reply {
        self.send("GET", target, None)
    }

    #[track_caller]
    pub(crate) fn post(&self, target: &str, body: &Value) -> Reply {
        self.send("POST", target, Some(body))
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, target: &str, body: Option<&Value>) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer sandbox".parse().unwrap());
        headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.send_raw(method, target, headers, &ReceivedBody::Whole(body.into()));
        Reply(answer.status.as_u16(), answer.body)
    }

    #[track_caller]
    pub(crate) fn send_raw(&self, method: &str, target: &str, headers: HeaderMap, body: &ReceivedBody) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let head = Head { method: method.parse::<Method>().unwrap(), path: path.to_owned(), query, headers };
        let route = Route::find(&self.application.document, &head.method, &head.path);
        let answer = self.application.answer(&head, &route, body);
        if let Some(operation) = route.operation() {
            self.check(operation, &answer);
        }
        answer
    }

    /// Status of each arrival, in order.
    pub(crate) fn statuses(&self) -> Vec<&'static str> {
        State::of(&self.application).arrivals.all().iter().map(|arrival| arrival.status).collect()
    }

    /// Compares an answer with what the document declares for its status.
    #[track_caller]
    fn check(&self, operation: &Operation, answer: &Answer) {
        let method = operation.method.as_str().to_ascii_lowercase();
        let responses = &self.document["paths"][&operation.template][method]["responses"];
        let status = answer.status.as_str();
        let mut response = responses.get(status).unwrap_or(&responses["default"]);
        if let Some(reference) = response["$ref"].as_str() {
            response = self.document.pointer(&reference[1..]).unwrap();
        }
        let schema = response.pointer("/content/application~1json/schema").unwrap();

        let mut document = self.document.clone();
        forbid_other_properties(document.pointer_mut("/components/schemas").unwrap());
        let rules = Rules::compile(&Schemas::new(&document).standalone(schema)).unwrap();
        let result = rules.check("", &without_refused_events(&answer.body));
        assert_eq!(result, Ok(()), "{} answered {status}: {}", operation.id, answer.body);
    }
}

/// A valid event.
pub(crate) fn event(id: &str) -> Value {
    json!({
        "schemaName": "rides",
        "id": id,
        "timestamp": "2024-11-05T08:31:12.250Z",
        "accountId": "acme-prod",
        "attributes": [{ "name": "distance", "value": "12.4", "unit": "km" }],
        "dimensions": { "city": "Chennai" },
    })
}

/// The document lets a response have more properties than it lists; the sandbox adds none.
fn forbid_other_properties(schemas: &mut Value) {
    for schema in schemas.as_object_mut().unwrap().values_mut() {
        if schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
        }
    }
}

/// A refused event is sent back as it came, so it breaks the rules of an event.
fn without_refused_events(body: &Value) -> Value {
    let mut body = body.clone();
    for list in ["/errors", "/details/errors"] {
        for error in body.pointer_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            error["eventPayload"] = event("refused");
        }
    }
    body
}
