//! From a request to its answer, without any network.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use http::header::{
    ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::api::Api;
use crate::arrivals::Arrivals;
use crate::builder::Settings;
use crate::clock::Clock;
use crate::collection::Collection;
use crate::directory::{Account, Directory};
use crate::document::Document;
use crate::enso_arrivals::EnsoArrivals;
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::lock;
use crate::operation_call::OperationCall;
use crate::operations;
use crate::quota::RateLimiter;
use crate::request_log::{Head, ReceivedBody};
use crate::router::Route;

/// The in-memory Togai, and the part of Enso beside it.
#[derive(Debug)]
pub(crate) struct Application {
    /// The document of Togai.
    pub(crate) document: &'static Document,
    /// The document of Enso.
    pub(crate) enso_document: &'static Document,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    limiter: RateLimiter,
    pub(crate) state: Mutex<State>,
}

/// What changes as requests are carried out.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) arrivals: Arrivals,
    pub(crate) enso_arrivals: EnsoArrivals,
    pub(crate) directory: Directory,
    /// What is kept as it was sent, by kind.
    collections: BTreeMap<&'static str, Collection>,
}

impl Application {
    /// Sets the stage.
    ///
    /// # Errors
    ///
    /// What is wrong with the documents or with the accounts to begin with.
    pub(crate) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let mut state = State::default();
        for (customer_id, account_id) in &settings.accounts {
            let account = Account {
                customer_id: customer_id.clone(),
                id: account_id.clone(),
                name: format!("Account {account_id}"),
                aliases: Vec::new(),
                schedules: Vec::new(),
                details: Fields::new(),
            };
            state.directory.create(account)?;
        }
        let document = Document::load(Api::Togai)?;
        let enso_document = Document::load(Api::Enso)?;
        if settings.with_examples {
            operations::add_examples(document, &mut state)?;
        }
        let limiter = RateLimiter::new(settings.quotas, clock.now());
        Ok(Self { document, enso_document, settings, clock, limiter, state: Mutex::new(state) })
    }

    /// The document of an API.
    pub(crate) fn document_of(&self, api: Api) -> &'static Document {
        match api {
            Api::Togai => self.document,
            Api::Enso => self.enso_document,
        }
    }

    /// Carries a request out, unless something about it is wrong.
    pub(crate) fn respond(&self, head: &Head, route: &Route, body: &ReceivedBody) -> JsonResponse {
        self.carry_out(head, route, body).unwrap_or_else(JsonResponse::from)
    }

    fn carry_out(&self, head: &Head, route: &Route, body: &ReceivedBody) -> Result<JsonResponse, Refusal> {
        let api = Api::at(&head.path);
        self.authenticate(api, &head.headers)?;
        let operation = match route {
            Route::Operation(operation) => operation,
            Route::WrongMethod(allowed) => return Err(wrong_method(head, allowed)),
            Route::Unknown => {
                return Err(Refusal::not_found(format!("the API has no path {}: check the base URL", head.path)));
            }
        };
        let now = self.clock.now();
        // No quota is documented for Enso. The class in its document is for the client, which keeps its batches apart.
        if api == Api::Togai {
            self.limiter.take(operation.quota_class, now).map_err(too_many_requests)?;
        }
        let parameters = operation.read_parameters(&head.path_parameters, &head.query).map_err(Refusal::bad_request)?;
        let body = match operation.body {
            Some(_) => self.read_body(&head.headers, body)?,
            None => None,
        };
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        operations::perform(self, OperationCall { operation, now, body, parameters, host })
    }

    fn authenticate(&self, api: Api, headers: &HeaderMap) -> Result<(), Refusal> {
        let (token_of_api, not_valid) = match api {
            Api::Togai => (
                &self.settings.token,
                "authorization: the token is not valid; use the one that the sandbox was started with",
            ),
            Api::Enso => (
                &self.settings.enso.token,
                "authorization: the token is not valid; use the one for Enso that the sandbox was started with",
            ),
        };
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let message = match header.map(|value| value.split_once(' ').unwrap_or((value, ""))) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                if token.trim() == token_of_api {
                    return Ok(());
                }
                not_valid
            }
            Some(_) => "authorization: has to be `Bearer <token>`",
            None => "authorization: is required; send `Bearer <token>`",
        };
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, message);
        Err(refusal.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
    }

    fn read_body(&self, headers: &HeaderMap, body: &ReceivedBody) -> Result<Option<Value>, Refusal> {
        let bytes = match body {
            ReceivedBody::Whole(bytes) => bytes,
            ReceivedBody::NotRead => return Err(Refusal::bad_request("body: could not be read to its end")),
            ReceivedBody::TooLarge { bytes } => {
                let limit = self.settings.max_body_bytes;
                let message = format!("body: has {bytes} bytes, and at most {limit} are taken; send fewer events");
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message));
            }
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let text_of = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        if let Some(encoding) = text_of(CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
            let message = format!("content-encoding: is not supported, send the body as it is: {encoding}");
            return Err(Refusal::bad_request(message));
        }
        let content_type = text_of(CONTENT_TYPE).unwrap_or_default();
        if !is_json(&content_type) {
            let message = format!("content-type: has to be application/json, but is {content_type:?}");
            return Err(Refusal::bad_request(message));
        }
        let value = serde_json::from_slice(bytes);
        value.map(Some).map_err(|error| Refusal::bad_request(format!("body: is not JSON: {error}")))
    }
}

impl State {
    /// Locks the state of an application.
    pub(crate) fn of(application: &Application) -> std::sync::MutexGuard<'_, Self> {
        lock(&application.state)
    }

    /// The resources of a kind.
    pub(crate) fn collection(&self, kind: &str) -> &Collection {
        static EMPTY: LazyLock<Collection> = LazyLock::new(Collection::default);
        self.collections.get(kind).unwrap_or(&EMPTY)
    }

    /// The same, to be changed.
    pub(crate) fn collection_mut(&mut self, kind: &'static str) -> &mut Collection {
        self.collections.entry(kind).or_default()
    }
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn wrong_method(head: &Head, allowed: &[http::Method]) -> Refusal {
    let allowed = allowed.iter().map(http::Method::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("{} {} is not part of the API; the path takes {allowed}", head.method, head.path);
    let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message);
    match HeaderValue::from_str(&allowed) {
        Ok(allowed) => refusal.header(ALLOW, allowed),
        Err(_) => refusal,
    }
}

fn too_many_requests(seconds: u64) -> Refusal {
    let message = format!("the quota of requests per second is used up; send the request again in {seconds} s");
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, message).header(RETRY_AFTER, seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::quota::Quotas;
    use crate::testing::{Reply, TestSandbox};

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[track_caller]
    fn check(target: &str, headers: HeaderMap, body: &str, status: u16, message: &str) {
        let sandbox = TestSandbox::with(|settings| settings.max_body_bytes = 100);
        let (method, target) = target.split_once(' ').unwrap();
        let response = sandbox.send_raw(method, target, headers, body);
        assert_eq!((response.status.as_u16(), response.body["message"].as_str()), (status, Some(message)));
    }

    #[test]
    fn a_request_needs_the_token() {
        let message = "authorization: is required; send `Bearer <token>`";
        check("GET /events", headers(&[]), "", 401, message);
        check("GET /nowhere", headers(&[]), "", 401, message);
        let message = "authorization: has to be `Bearer <token>`";
        check("GET /events", headers(&[(AUTHORIZATION, "sandbox-token-0001")]), "", 401, message);
        let message = "authorization: the token is not valid; use the one that the sandbox was started with";
        check("GET /events", headers(&[(AUTHORIZATION, "Bearer other-t0ken")]), "", 401, message);
        check("GET /events", headers(&[(AUTHORIZATION, "Bearer")]), "", 401, message);
    }

    #[test]
    fn unknown_paths_and_methods_are_refused() {
        let authorized = || headers(&[(AUTHORIZATION, "bearer sandbox-token-0001")]);
        check("GET /nowhere", authorized(), "", 404, "the API has no path /nowhere: check the base URL");
        let message = "PUT /ingest is not part of the API; the path takes POST";
        check("PUT /ingest", authorized(), "", 405, message);
    }

    #[test]
    fn a_body_must_be_json_and_declare_it() {
        let with =
            |content_type| headers(&[(AUTHORIZATION, "Bearer sandbox-token-0001"), (CONTENT_TYPE, content_type)]);
        let message = r#"content-type: has to be application/json, but is "text/plain""#;
        check("POST /ingest", with("text/plain"), "{}", 400, message);
        let message = "body: is not JSON: EOF while parsing an object at line 1 column 1";
        check("POST /ingest", with("application/json"), "{", 400, message);
        check("POST /ingest", with("application/json"), "", 400, "body: is required");
        check("POST /ingestBatch", with("application/json"), "", 400, "body: is required");
        check("POST /ingest", with("application/json"), "[]", 400, "body: has to be an object, but is an array");
        let message = "body: has 101 bytes, and at most 100 are taken; send fewer events";
        check("POST /ingest", with("application/json"), &"x".repeat(101), 413, message);
        let mut compressed = with("application/json");
        compressed.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let message = "content-encoding: is not supported, send the body as it is: gzip";
        check("POST /ingest", compressed, "{}", 400, message);
    }

    #[test]
    fn parameters_are_checked() {
        let authorized = || headers(&[(AUTHORIZATION, "Bearer sandbox-token-0001")]);
        check("GET /events?pageSize=51", authorized(), "", 400, "pageSize: has to be at most 50, but is 51");
        check("GET /events?pageSize=x", authorized(), "", 400, "pageSize: has to be an integer, but is a string");
        let long_id = format!("GET /events/{}", "x".repeat(51));
        check(&long_id, authorized(), "", 400, "event_id: has to have at most 50 characters");
        check("POST /events/correction", authorized(), "", 400, "action: is required");
    }

    #[test]
    fn undocumented_parameters_are_ignored() {
        assert_eq!(TestSandbox::new().get("/events?_sort=id&pageSize=1").0, 200);
    }

    #[test]
    fn quotas_refill_with_time() {
        let sandbox = TestSandbox::with(|settings| settings.quotas = Quotas::off().other(1.0));
        let retry_after = || {
            let response =
                sandbox.send_raw("GET", "/events", headers(&[(AUTHORIZATION, "Bearer sandbox-token-0001")]), "");
            (response.status.as_u16(), response.headers.get(RETRY_AFTER).cloned())
        };
        assert_eq!(retry_after(), (200, None));
        assert_eq!(retry_after(), (429, Some(HeaderValue::from_static("1"))));
        sandbox.clock.advance(Duration::from_secs(1));
        assert_eq!(retry_after(), (200, None));
    }

    #[test]
    fn unauthenticated_requests_use_no_quota() {
        let sandbox = TestSandbox::with(|settings| settings.quotas = Quotas::off().other(1.0));
        for _ in 0..3 {
            let response = sandbox.send_raw("GET", "/events", HeaderMap::new(), "");
            assert_eq!(response.status, 401);
        }
        assert!(matches!(sandbox.get("/events"), Reply(200, _)));
    }

    #[test]
    fn every_operation_of_the_document_is_implemented() {
        let sandbox = TestSandbox::new();
        for operation in sandbox.shared.application.document.operations() {
            let target = operation.template.replace(['{', '}'], "");
            let Reply(status, body) = sandbox.send(operation.method.as_str(), &target, None);
            assert!(status < 500, "{}: {status} {body}", operation.id);
        }
    }

    #[test]
    fn initial_accounts_cannot_share_an_id() {
        let settings = Settings {
            accounts: vec![("acme".to_owned(), "prod".to_owned()), ("umbrella".to_owned(), "prod".to_owned())],
            ..Settings::default()
        };
        let error = Application::new(settings, Arc::new(crate::SystemClock)).unwrap_err();
        assert_eq!(error, "id: is taken by another account or alias: prod");
    }
}
