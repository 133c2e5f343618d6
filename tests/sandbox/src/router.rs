//! Routes requests to the operations of the document.

use std::sync::Arc;

use axum::handler::Handler as _;
use axum::routing::{MethodFilter, MethodRouter, any, on};
use axum::{Extension, Router};
use http::Method;

use crate::api::Api;
use crate::operation::Operation;
use crate::sandbox::SandboxState;
use crate::service::serve;

/// What the method and the path of a request lead to. The handler finds it among the extensions of the request.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// An operation.
    Operation(Arc<Operation>),
    /// The path is known, and takes these methods.
    WrongMethod(Arc<[Method]>),
    /// No operation has this path.
    Unknown,
}

impl Route {
    /// The operation, if there is one.
    pub(crate) fn operation(&self) -> Option<&Operation> {
        match self {
            Self::Operation(operation) => Some(operation),
            _ => None,
        }
    }
}

/// Builds a router that leads every request to [`serve`], even those that no operation takes: what is wrong with them is
/// said only after they were logged, met by a fault or not, and authenticated.
pub(crate) fn router(shared: Arc<SandboxState>) -> Router {
    let mut router = Router::new().fallback(serve.layer(Extension(Route::Unknown)));
    for api in Api::ALL {
        for (path, operations) in &shared.application.document_of(api).paths {
            router = router.route(&format!("{}{path}", api.prefix()), methods_of(api, path, operations, &shared));
        }
    }
    router.with_state(shared)
}

/// The methods of a path: its own, and those of the paths that cover it.
///
/// axum looks at the method only after it has chosen the path, the one with the fewest parameters. By that alone
/// `GET /events/correction` would be refused, as that path takes POST; but it is the event with the id `correction`.
fn methods_of(
    api: Api,
    path: &str,
    operations: &[Arc<Operation>],
    shared: &Arc<SandboxState>,
) -> MethodRouter<Arc<SandboxState>> {
    let allowed = operations.iter().map(|operation| operation.method.clone()).collect();
    let refuse = serve.layer(Extension(Route::WrongMethod(allowed)));
    // Unlike the other ways to set a fallback, `any` leaves the `Allow` header to the handler, whose answer may be 401.
    let mut methods = any(refuse.clone());
    for operation in operations {
        let filter = operation.filter;
        let is_own = operation.template == path;
        let template = format!("{}{}", api.prefix(), operation.template);
        let perform = serve.layer(Extension(Route::Operation(Arc::clone(operation))));
        methods = if is_own {
            methods.on(filter, perform)
        } else {
            // Routed once more, by the path that covers this one, to capture the values of its parameters.
            let covering = Router::new().route(&template, on(filter, perform));
            methods.on_service(filter, covering.with_state(Arc::clone(shared)))
        };
    }
    if operations.iter().all(|operation| operation.method != Method::HEAD) {
        // axum would answer it as GET.
        methods = methods.on(MethodFilter::HEAD, refuse);
    }
    methods
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{TestSandbox, event};

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<&str>, status: u16) {
        let sandbox = TestSandbox::new();
        let status_found = sandbox.send(method, path, None).0;
        let operation_id = sandbox.shared.log.requests().remove(0).operation_id;
        assert_eq!((operation_id.as_deref(), status_found), (expected, status), "{method} {path}");
    }

    #[test]
    fn every_operation_is_found_by_its_method_and_path() {
        let sandbox = TestSandbox::new();
        for operation in sandbox.shared.application.document.operations() {
            sandbox.send(operation.method.as_str(), &operation.template.replace(['{', '}'], ""), None);
        }
        let requests = sandbox.shared.log.requests();
        let found = requests.iter().filter_map(|request| request.operation_id.as_deref());
        let operations = sandbox.shared.application.document.operations();
        assert!(found.eq(operations.iter().map(|operation| operation.id.as_str())));
    }

    #[test]
    fn a_literal_path_wins_over_a_parameter_if_the_method_matches() {
        check("POST", "/events/correction", Some("event_correction"), 400);
        check("GET", "/events/correction", Some("get_single_event"), 404);
        let sandbox = TestSandbox::new();
        sandbox.post("/ingest", &json!({ "event": event("correction") }));
        assert_eq!(sandbox.get("/events/correction").1["events"][0]["eventPayload"]["id"], "correction");
    }

    #[test]
    fn path_parameters_are_decoded_after_the_path_was_split() {
        let sandbox = TestSandbox::new();
        sandbox.post("/ingest", &json!({ "event": event("a/b 1") }));
        assert_eq!(sandbox.get("/events/a%2Fb%201").1["events"][0]["eventPayload"]["id"], "a/b 1");
        check("GET", "/events/a%ff", None, 404);
    }

    #[test]
    fn unknown_paths_and_wrong_methods_are_distinguished() {
        check("GET", "/nowhere", None, 404);
        check("GET", "/events/", None, 404);
        check("GET", "/customers//accounts", None, 404);
        check("PUT", "/ingest", None, 405);
        check("HEAD", "/events", None, 405);
        check("POST", "/enso/events/batch", Some("create_events_batch"), 400);
        check("PUT", "/enso/events/batch", None, 405);
        check("HEAD", "/enso/events/batch", None, 405);
        check("POST", "/enso", None, 404);
        check("POST", "/enso/events", None, 404);
        check("POST", "/enso/ingest", None, 404);
        // Without the prefix it is the event of Togai with the id `batch`, which can only be read.
        check("POST", "/events/batch", None, 405);
    }

    #[test]
    fn a_path_accepts_the_methods_of_paths_that_cover_it() {
        let message = "PUT /events/correction is not part of the API; the path takes POST, GET";
        assert_eq!(TestSandbox::new().send("PUT", "/events/correction", None).1["message"], message);
    }
}
