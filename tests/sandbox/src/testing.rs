//! Sends requests to the router without a network, and holds each answer against the document.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::{Extension, Router};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::runtime;
use tower::ServiceExt as _;

use crate::api::Api;
use crate::application::{Application, State};
use crate::builder::Settings;
use crate::clock::ManualClock;
use crate::connection::ConnectionControl;
use crate::document::Document;
use crate::json_response::JsonResponse;
use crate::lock;
use crate::operation::Operation;
use crate::quota::Quotas;
use crate::router::router;
use crate::sandbox::SandboxState;
use crate::schema::Schemas;
use crate::validate::Rules;

/// A sandbox under test.
pub(crate) struct TestSandbox {
    pub(crate) shared: Arc<SandboxState>,
    router: Router,
    pub(crate) clock: ManualClock,
}

/// A status and a body.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply(pub(crate) u16, pub(crate) Value);

impl TestSandbox {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { quotas: Quotas::off(), ..Settings::default() };
        change(&mut settings);
        let clock = ManualClock::new();
        let application = Application::new(settings, Arc::new(clock.clone())).unwrap();
        let shared = Arc::new(SandboxState::new(application));
        let router = router(Arc::clone(&shared)).layer(Extension(Arc::new(ConnectionControl::default())));
        Self { shared, router, clock }
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
        let token = match Api::at(target) {
            Api::Togai => "Bearer sandbox-token-0001",
            Api::Enso => "Bearer enso-token-0001",
        };
        headers.insert(AUTHORIZATION, token.parse().unwrap());
        headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        let body = body.map(Value::to_string).unwrap_or_default();
        let response = self.send_raw(method, target, headers, &body);
        Reply(response.status.as_u16(), response.body)
    }

    #[track_caller]
    pub(crate) fn send_raw(&self, method: &str, target: &str, headers: HeaderMap, body: &str) -> JsonResponse {
        let mut request = Request::new(Body::from(body.to_owned()));
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = target.parse().unwrap();
        *request.headers_mut() = headers;
        let response = runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            JsonResponse { status: head.status, headers: head.headers, body }
        });
        let api = Api::at(target);
        let operation_id = self.shared.log.requests().pop().and_then(|request| request.operation_id);
        if let Some(operation) = operation_id.and_then(|id| self.shared.application.document_of(api).operation(&id)) {
            // No answer of Enso but success is documented.
            if api == Api::Togai || response.status.is_success() {
                Self::check(api, operation, &response);
            }
        }
        response
    }

    /// Status of each arrival, in order.
    pub(crate) fn statuses(&self) -> Vec<&'static str> {
        State::of(&self.shared.application).arrivals.all().iter().map(|arrival| arrival.status).collect()
    }

    /// Compares an answer with what the document declares for its status.
    #[track_caller]
    fn check(api: Api, operation: &Operation, response: &JsonResponse) {
        let status = response.status.as_str();
        let Some(rules) = DeclaredResponses::rules(api, operation, status) else {
            assert_eq!(response.body, Value::Null, "{} has no body for {status}", operation.id);
            return;
        };
        let result = rules.check_fields("body", &without_refused_events(&response.body));
        assert_eq!(result, Ok(()), "{} answered {status}: {}", operation.id, response.body);
    }
}

/// A document, with schemas that allow no other properties than they list.
struct DeclaredResponses {
    document: Value,
    schemas: Schemas,
    /// The compiled rules of each response that was looked at, by operation and status.
    compiled: Mutex<HashMap<(String, String), Arc<Rules>>>,
}

impl DeclaredResponses {
    /// The rules of a body; none if there must not be one.
    fn rules(api: Api, operation: &Operation, status: &str) -> Option<Arc<Rules>> {
        static BY_TOGAI: LazyLock<DeclaredResponses> = LazyLock::new(|| DeclaredResponses::read(Api::Togai));
        static BY_ENSO: LazyLock<DeclaredResponses> = LazyLock::new(|| DeclaredResponses::read(Api::Enso));
        let declared = match api {
            Api::Togai => &*BY_TOGAI,
            Api::Enso => &*BY_ENSO,
        };
        let method = operation.method.as_str().to_ascii_lowercase();
        let responses = &declared.document["paths"][&operation.template][method]["responses"];
        // The last resort is for operations that declare nothing but success.
        let undeclared = json!({ "$ref": "#/components/responses/UnexpectedStatus" });
        let class = format!("{}XX", &status[..1]);
        let names = [status, &class, "default"];
        let mut response = names.iter().find_map(|name| responses.get(name)).unwrap_or(&undeclared);
        if let Some(reference) = response["$ref"].as_str() {
            response = declared.document.pointer(&reference[1..]).unwrap();
        }
        let schema = response.pointer("/content/application~1json/schema")?;
        let key = (operation.id.clone(), status.to_owned());
        let compile = || Arc::new(Rules::compile(&declared.schemas.standalone(schema)).unwrap());
        Some(Arc::clone(lock(&declared.compiled).entry(key).or_insert_with(compile)))
    }

    fn read(api: Api) -> Self {
        let mut document = Document::as_value(api).unwrap();
        forbid_other_properties(document.pointer_mut("/components/schemas").unwrap());
        let schemas = Schemas::new(document["components"]["schemas"].clone());
        Self { document, schemas, compiled: Mutex::default() }
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

/// A valid event of Enso.
pub(crate) fn enso_event(id: &str) -> Value {
    json!({
        "CustomerEntityId": "ent_acme",
        "metric": "api_calls",
        "value": 12.5,
        "timestamp": "2024-11-05T08:31:12.250Z",
        "metadata": { "region": "eu" },
        "eventId": id,
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
