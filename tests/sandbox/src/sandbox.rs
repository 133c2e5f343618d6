//! A running sandbox, as its owner sees it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::api::Api;
use crate::application::{Application, State};
use crate::arrivals::Arrival;
use crate::builder::SandboxBuilder;
use crate::enso_arrivals::EnsoArrival;
use crate::fault::Fault;
use crate::faults::Faults;
use crate::lock;
use crate::log::LoggedRequest;
use crate::request_log::RequestLog;
use crate::server::{Server, Shutdown};

/// An in-memory Togai that listens on a port of this computer.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use togai_sandbox::Sandbox;
///
/// let sandbox = Sandbox::start().await?;
/// # let _ = rustls::crypto::ring::default_provider().install_default();
/// let answer = reqwest::Client::new()
///     .get(format!("{}/events", sandbox.base_url()))
///     .bearer_auth(sandbox.token())
///     .send()
///     .await?;
/// assert_eq!(answer.status(), 200);
/// assert_eq!(sandbox.requests()[0].to_string(), "GET /events -> 200");
/// # Ok(()) }
/// ```
///
/// It stops when it is dropped, with all connections; [`stop`](Self::stop) lets the requests under way finish.
///
/// # Panics
///
/// Dropping it panics if the server did, so that a fault of the sandbox fails the test that met it.
#[must_use = "the sandbox stops when it is dropped"]
pub struct Sandbox {
    base_url: String,
    enso_base_url: String,
    shared: Arc<SandboxState>,
    server: Server,
}

/// The state that the server shares with the handle of the sandbox.
#[derive(Debug)]
pub(crate) struct SandboxState {
    pub(crate) application: Application,
    pub(crate) log: RequestLog,
    pub(crate) faults: Faults,
    /// What the server was doing each time it panicked.
    pub(crate) panics: Mutex<Vec<String>>,
}

impl Sandbox {
    /// Sets a sandbox up.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// Starts a sandbox with the default settings: the token `sandbox-token-0001`, a free port, the quotas of a trial.
    ///
    /// # Errors
    ///
    /// If no port can be listened on.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    pub(crate) async fn launch(application: Application, address: SocketAddr) -> io::Result<Self> {
        let shared = Arc::new(SandboxState::new(application));
        let server = Server::start(address, Arc::clone(&shared)).await?;
        let base_url = format!("http://{}", server.address());
        let enso_base_url = format!("{base_url}{}", Api::Enso.prefix());
        Ok(Self { base_url, enso_base_url, shared, server })
    }

    /// Where the API is: `http://127.0.0.1:` and the port, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The token that requests have to carry.
    pub fn token(&self) -> &str {
        &self.shared.application.settings.token
    }

    /// Where Enso, the second service, is: `http://127.0.0.1:`, the port and `/enso`, without a slash at the end.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use serde_json::json;
    /// use togai_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::start().await?;
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let event = json!({
    ///     "CustomerEntityId": "ent_acme",
    ///     "metric": "api_calls",
    ///     "value": 1,
    ///     "timestamp": "2024-11-05T08:31:12Z",
    ///     "eventId": "call-1",
    /// });
    /// let answer = reqwest::Client::new()
    ///     .post(format!("{}/events/batch", sandbox.enso_base_url()))
    ///     .bearer_auth(sandbox.enso_token())
    ///     .json(&json!({ "events": [event] }))
    ///     .send()
    ///     .await?;
    /// assert_eq!(answer.status(), 200);
    /// assert_eq!(sandbox.requests()[0].to_string(), "POST /events/batch 1 event -> 200");
    /// assert_eq!(sandbox.enso_metered_count(), 1);
    /// # Ok(()) }
    /// ```
    pub fn enso_base_url(&self) -> &str {
        &self.enso_base_url
    }

    /// The token that requests to Enso have to carry; that of Togai is not valid there.
    pub fn enso_token(&self) -> &str {
        &self.shared.application.settings.enso.token
    }

    /// Every request, answered or not, in the order in which their heads arrived.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.log.requests()
    }

    /// How many requests there were; cheaper than the list of them, whose bodies are read for it.
    pub fn request_count(&self) -> usize {
        self.shared.log.len()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Every event that was accepted, in order. A repeated event is there as often as it arrived.
    pub fn events(&self) -> Vec<Arrival> {
        State::of(&self.shared.application).arrivals.all().to_vec()
    }

    /// The events that count: each of them was metered, once, and not reverted.
    pub fn metered(&self) -> Vec<Arrival> {
        let state = State::of(&self.shared.application);
        state.arrivals.all().iter().filter(|arrival| arrival.is_metered()).cloned().collect()
    }

    /// How many events count; cheaper than the list of them.
    pub fn metered_count(&self) -> usize {
        let state = State::of(&self.shared.application);
        state.arrivals.all().iter().filter(|arrival| arrival.is_metered()).count()
    }

    /// Every event that Enso took, in order. A repeated event is there as often as it arrived.
    pub fn enso_events(&self) -> Vec<EnsoArrival> {
        State::of(&self.shared.application).enso_arrivals.all().to_vec()
    }

    /// The events of Enso that count; see [`EnsoArrival::counts`].
    pub fn enso_metered(&self) -> Vec<EnsoArrival> {
        let state = State::of(&self.shared.application);
        state.enso_arrivals.all().iter().filter(|arrival| arrival.counts).cloned().collect()
    }

    /// How many events of Enso count; cheaper than the list of them.
    pub fn enso_metered_count(&self) -> usize {
        State::of(&self.shared.application).enso_arrivals.metered_count()
    }

    /// Makes something go wrong from now on, with requests to either service.
    ///
    /// # Panics
    ///
    /// If the fault is for an operation that neither API has: it would never apply, and the test would pass
    /// without testing anything.
    pub fn fault(&self, fault: Fault) {
        if let Some(wanted) = &fault.operation_id {
            let operations = Api::ALL.iter().flat_map(|api| self.shared.application.document_of(*api).operations());
            let known: Vec<_> = operations.map(|operation| operation.id.as_str()).collect();
            assert!(known.contains(&wanted.as_str()), "no operation {wanted}, only {}", known.join(", "));
        }
        self.shared.faults.register(fault);
    }

    /// Lets nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Stops listening, lets the requests under way finish and closes the connections.
    ///
    /// What has not finished after five seconds is cut off. Dropping the future does the same at once.
    ///
    /// # Panics
    ///
    /// If the server did.
    pub async fn stop(mut self) {
        self.server.stop(Shutdown::Gracefully).await;
    }
}

impl SandboxState {
    pub(crate) fn new(application: Application) -> Self {
        Self { application, log: RequestLog::default(), faults: Faults::default(), panics: Mutex::default() }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.stop_now();
        let panics = std::mem::take(&mut *lock(&self.shared.panics));
        // A second panic would abort the process and hide the first.
        assert!(panics.is_empty() || std::thread::panicking(), "the sandbox panicked {}", panics.join(", "));
    }
}
