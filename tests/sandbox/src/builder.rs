//! How a sandbox is set up.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::application::Application;
use crate::clock::{Clock, SystemClock};
use crate::enso_settings::EnsoSettings;
use crate::quota::Quotas;
use crate::sandbox::Sandbox;

/// Sets a sandbox up and starts it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use togai_sandbox::{Quotas, Sandbox};
///
/// let sandbox = Sandbox::builder()
///     .token("secret-token-0001")
///     .quotas(Quotas::off())
///     .account("acme", "acme-prod")
///     .accept_unknown_accounts(false)
///     .start()
///     .await?;
/// assert_eq!(sandbox.token(), "secret-token-0001");
/// # Ok(()) }
/// ```
///
/// Defaults:
///
/// - token: `sandbox-token-0001`; that of Enso: `enso-token-0001`
/// - port: a free one
/// - quotas: 50 requests per second for each kind of ingestion, 10 for everything else, none for Enso
/// - batch limit: that of the API document, 1000 events; none for Enso
/// - largest body: 16 MiB
/// - batches with a bad event: the others are accepted, and the answer (207, or 200 of Enso) names the bad one
/// - duplicates: accepted like other events, as the service does; what became of them shows when they are looked up;
///   with Enso each of them counts
/// - processing: events are visible and metered at once
/// - accounts: none, but any account id is taken, and any customer entity of Enso
/// - answers of Enso: within `data`
/// - clock: that of the computer
#[derive(Clone)]
pub struct SandboxBuilder {
    pub(crate) settings: Settings,
    clock: Arc<dyn Clock>,
    port: u16,
}

/// Where the answer to a partly accepted batch (207) names the events that were not accepted.
///
/// The vendor does not document it for the current API, so a client has to cope with each. Enso names them in
/// `failedRecords`, whichever of the first two is set; without a list, `summary` alone says how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PartialFailureShape {
    /// In `errors`, as in 2022 and 2023. The default.
    #[default]
    TopLevel,
    /// In `details.errors`.
    UnderDetails,
    /// Nowhere: the message says how many there are.
    WithoutList,
}

/// What the in-memory service needs to know.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, with a setter that names it")]
pub(crate) struct Settings {
    pub(crate) token: String,
    pub(crate) quotas: Quotas,
    pub(crate) max_batch: Option<usize>,
    pub(crate) max_body_bytes: usize,
    pub(crate) partial_failure: PartialFailureShape,
    pub(crate) partial_failure_limit: Option<usize>,
    pub(crate) refuse_whole_batches: bool,
    pub(crate) name_duplicates: bool,
    pub(crate) visible_after: Duration,
    pub(crate) settled_after: Duration,
    pub(crate) accept_unknown_accounts: bool,
    pub(crate) trailing_empty_page: bool,
    /// Customer id and account id.
    pub(crate) accounts: Vec<(String, String)>,
    pub(crate) with_examples: bool,
    pub(crate) enso: EnsoSettings,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::default(), clock: Arc::new(SystemClock), port: 0 }
    }

    /// Sets the token that requests have to carry; Enso has [one of its own](Self::enso_token).
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.token = token.into();
        self
    }

    /// Sets the port to listen on; 0 picks a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets how many requests per second are carried out.
    #[must_use]
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.settings.quotas = quotas;
        self
    }

    /// Sets how many events a batch may hold, for either service; a larger one is answered 422.
    ///
    /// By default it is as many as the API document says: 1000 for Togai, and any number for Enso.
    #[must_use]
    pub fn max_batch(mut self, events: usize) -> Self {
        self.settings.max_batch = Some(events);
        self
    }

    /// Sets how many bytes a request body may have, for either service; a larger one is answered 413.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_body_bytes = bytes;
        self
    }

    /// Sets how the answer to a partly accepted batch, of either service, names the events that were not.
    #[must_use]
    pub fn partial_failure(mut self, shape: PartialFailureShape) -> Self {
        self.settings.partial_failure = shape;
        self
    }

    /// Sets how many events that answer names at most. Documents of 2022 and 2023 say 100; by default it names all.
    ///
    /// The list of Enso is cut as well. Its `summary` counts all events.
    #[must_use]
    pub fn partial_failure_limit(mut self, events: usize) -> Self {
        self.settings.partial_failure_limit = Some(events);
        self
    }

    /// Sets whether a batch in which an event breaks a rule is refused as a whole.
    ///
    /// With `true` it is answered 400 with the message of the first bad event, which is named with its place
    /// (`events[3].timestamp: is required`), and nothing of it is recorded. By default the other events are accepted and
    /// the batch is answered 207.
    ///
    /// It holds for Enso as well, which answers 200 by default. There an event also breaks a rule if its customer
    /// entity is missing or not known.
    #[must_use]
    pub fn refuse_whole_batches(mut self, refuse: bool) -> Self {
        self.settings.refuse_whole_batches = refuse;
        self
    }

    /// Sets whether the answer to a batch names events whose id was metered within the 45 days before, or earlier in the
    /// same batch.
    ///
    /// With `true` they are among the failures of a 207; they are recorded as duplicates all the same. By default they
    /// are accepted without a word, as the service is documented to do.
    ///
    /// It has no effect on the batches of Enso, for which nothing of the kind is documented: see
    /// [`enso_meters_an_id_once`](Self::enso_meters_an_id_once).
    #[must_use]
    pub fn name_duplicates(mut self, name: bool) -> Self {
        self.settings.name_duplicates = name;
        self
    }

    /// Sets how long it takes until an event that arrived can be listed or looked up; no time by default.
    ///
    /// The time passes on the [`clock`](Self::clock). [`Sandbox::events`] and corrections find the event at once.
    #[must_use]
    pub fn events_visible_after(mut self, duration: Duration) -> Self {
        self.settings.visible_after = duration;
        self
    }

    /// Sets how long after its arrival an event is shown as `INGESTION_IN_PROGRESS`, where it is shown at all; no time
    /// by default.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use togai_sandbox::{ManualClock, Sandbox};
    ///
    /// let clock = ManualClock::new();
    /// let late = Sandbox::builder().clock(clock.clone()).events_settled_after(Duration::from_secs(5));
    /// let sandbox = late.start().await?;
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// # let http = reqwest::Client::new();
    /// # let event = serde_json::json!({ "event": {
    /// #     "schemaName": "rides", "id": "ride-1", "timestamp": "2024-11-05T08:31:12Z", "accountId": "acme-prod",
    /// #     "attributes": [], "dimensions": {},
    /// # } });
    /// # let request = http.post(format!("{}/ingest", sandbox.base_url()));
    /// # request.bearer_auth(sandbox.token()).json(&event).send().await?;
    /// # let look_up = || async {
    /// #     let request = http.get(format!("{}/events/ride-1", sandbox.base_url())).bearer_auth(sandbox.token());
    /// #     request.send().await?.text().await
    /// # };
    /// // An event was ingested. What a look-up answers depends on the clock.
    /// assert!(look_up().await?.contains("INGESTION_IN_PROGRESS"));
    /// clock.advance(Duration::from_secs(5));
    /// assert!(look_up().await?.contains("INGESTION_COMPLETED_EVENT_METERED"));
    /// # Ok(()) }
    /// ```
    ///
    /// The time passes on the [`clock`](Self::clock). Only what is listed and looked up is late: [`Sandbox::events`] and
    /// corrections see what the event will be.
    #[must_use]
    pub fn events_settled_after(mut self, duration: Duration) -> Self {
        self.settings.settled_after = duration;
        self
    }

    /// Creates an account to begin with.
    #[must_use]
    pub fn account(mut self, customer_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        self.settings.accounts.push((customer_id.into(), account_id.into()));
        self
    }

    /// Creates one resource of each kind to begin with, the one that the examples of the API document speak of.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use togai_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder().with_examples().start().await?;
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// # let http = reqwest::Client::new();
    /// let request = http.get(format!("{}/usage_meters/um.Distance", sandbox.base_url()));
    /// assert_eq!(request.bearer_auth(sandbox.token()).send().await?.status(), 200);
    /// # Ok(()) }
    /// ```
    ///
    /// They are the customer `CUST00001` with the account `ACC00001` and its alias `riders@example.com`, the event schema
    /// `rides`, the usage meter `um.Distance`, the feature `feature.Rides`, the price plan `pp.RidesMonthly` in both
    /// generations and the setting `setting.USER.region_of_city.ACCOUNT.ACC00001`. Without this the sandbox begins with
    /// none of them.
    #[must_use]
    pub fn with_examples(mut self) -> Self {
        self.settings.with_examples = true;
        self
    }

    /// Sets whether events of accounts that do not exist are metered.
    ///
    /// They are by default, so that a small test needs no account. With `false` they are recorded as
    /// `INGESTION_FAILED_ACCOUNT_NOT_FOUND`, as the service does.
    #[must_use]
    pub fn accept_unknown_accounts(mut self, accept: bool) -> Self {
        self.settings.accept_unknown_accounts = accept;
        self
    }

    /// Sets whether a list whose last page is full ends with an empty page, as the vendor documents. By default the
    /// last page has no token.
    #[must_use]
    pub fn trailing_empty_page(mut self, trailing: bool) -> Self {
        self.settings.trailing_empty_page = trailing;
        self
    }

    /// Sets where the time comes from, such as a [`ManualClock`](crate::ManualClock).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Starts to listen on the loopback interface.
    ///
    /// The server runs on threads of its own, so it also serves a test that blocks the thread it runs on.
    ///
    /// # Errors
    ///
    /// If the port is taken, or if two accounts to begin with have the same id.
    pub async fn start(self) -> io::Result<Sandbox> {
        let application = Application::new(self.settings, self.clock)
            .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        Sandbox::launch(application, SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SandboxBuilder")
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .field("port", &self.port)
            .finish()
    }
}

impl fmt::Debug for Settings {
    /// Leaves the tokens out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("quotas", &self.quotas)
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "sandbox-token-0001".to_owned(),
            quotas: Quotas::default(),
            max_batch: None,
            max_body_bytes: 16 * 1024 * 1024,
            partial_failure: PartialFailureShape::default(),
            partial_failure_limit: None,
            refuse_whole_batches: false,
            name_duplicates: false,
            visible_after: Duration::ZERO,
            settled_after: Duration::ZERO,
            accept_unknown_accounts: true,
            trailing_empty_page: false,
            accounts: Vec::new(),
            with_examples: false,
            enso: EnsoSettings::default(),
        }
    }
}
