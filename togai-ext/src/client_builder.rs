//! Making a client.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use togai_api::{Client, Core, Error, HttpTransport};
use togai_ingest::Session;

use crate::auth::{AccessToken, Credentials, TokenProvider};
use crate::base_url;
use crate::clock::SystemClock;
use crate::environment::Environment;
use crate::pacing::Pacing;
use crate::retry::{Inner, Parts, Retry, RetryBudget, RetryPolicy};
use crate::service::Service;
use crate::stack::Stack;
use crate::tls;

const USER_AGENT: &str = concat!("togai-ext/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`], or the client of another service.
///
/// ```
/// use std::time::Duration;
/// use togai_ext::{ClientBuilder, Environment, RetryPolicy};
///
/// # fn main() -> Result<(), togai_ext::Error> {
/// # if !cfg!(feature = "rustls-ring") { return Ok(()) }
/// let client = ClientBuilder::new("secret-token-0001")
///     .environment(Environment::Sandbox)
///     .with_attempt_timeout(Duration::from_secs(10))
///     .with_retry(RetryPolicy::default().with_max_attempts(3))
///     .build()?;
/// assert_eq!(client.base_url(), "https://sandbox-api.togai.com");
/// # Ok(())
/// # }
/// ```
///
/// Make one client and clone it: clones share connections, and what is learnt of the server's limits.
///
/// | setting | default |
/// |---|---|
/// | server | production, `https://api.togai.com`; for Enso `https://api.getenso.ai` |
/// | time to connect | 5 s |
/// | time for an attempt, from the first byte sent to the last byte read | 30 s |
/// | idle connections are kept for | 50 s |
/// | size of an answer | 32 MiB |
/// | retry | [`RetryPolicy::default`], and at most 100 retries of all calls in an outage, [`RetryBudget`] |
/// | requests a second | 50 to each of the ingestion endpoints, 10 to all others, [`Pacing::default`]; for Enso what it lets through |
/// | a refused token is tried again after | 10 min |
/// | user agent | `togai-ext/` and its version |
/// | `http://` | to this machine only, see [`danger_allow_plaintext`](Self::danger_allow_plaintext) |
///
/// Redirects are never followed, since they would take the token along.
///
/// `C` is the client that is made: that of Togai, unless it is asked for another one by the way the builder is made.
pub struct ClientBuilder<C = Client> {
    token: String,
    token_provider: Option<TokenProvider>,
    token_probe_interval: Duration,
    base_url: String,
    allow_plaintext: bool,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    max_response_bytes: Option<usize>,
    user_agent: String,
    retry: RetryPolicy,
    budget: RetryBudget,
    pacing: Pacing,
    http: Option<reqwest::ClientBuilder>,
    client: PhantomData<fn() -> C>,
}

impl ClientBuilder {
    /// A builder with a token: a secret key, or a short-lived token.
    ///
    /// The token is in no log, no error and no `Debug` output.
    pub fn new(token: impl Into<String>) -> Self {
        Self::with_token(token.into())
    }

    /// A builder with the token of the environment variable `TOGAI_API_TOKEN`, and the address of `TOGAI_BASE_URL` where
    /// that is set.
    ///
    /// ```no_run
    /// use togai_ext::ClientBuilder;
    ///
    /// let client = ClientBuilder::from_env()?.build()?;
    /// # Ok::<(), togai_ext::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where `TOGAI_API_TOKEN` is not set, or a variable is not Unicode.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(variable)
    }

    /// Sets which server of the vendor to talk to; production by default.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        self.base_url(environment.base_url())
    }
}

#[cfg(feature = "enso")]
impl ClientBuilder<togai_api::enso::Client> {
    /// A builder of a client of Enso, with a token for it.
    ///
    /// ```
    /// use togai_ext::ClientBuilder;
    ///
    /// # fn main() -> Result<(), togai_ext::Error> {
    /// # if !cfg!(feature = "rustls-ring") { return Ok(()) }
    /// let client = ClientBuilder::enso("secret-token-0001").build()?;
    /// assert_eq!(client.base_url(), "https://api.getenso.ai");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It is an access token, as Enso's `POST /auth/system-login` answers one for a client key and secret; that is not done
    /// here. The settings are those of a client of Togai, but for [`environment`](ClientBuilder::environment), which is Togai's.
    pub fn enso(token: impl Into<String>) -> Self {
        Self::with_token(token.into())
    }

    /// A builder of a client of Enso, with the token of the environment variable `ENSO_API_TOKEN`, and the address of
    /// `ENSO_BASE_URL` where that is set.
    ///
    /// ```no_run
    /// use togai_ext::ClientBuilder;
    ///
    /// let client = ClientBuilder::enso_from_env()?.build()?;
    /// # Ok::<(), togai_ext::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where `ENSO_API_TOKEN` is not set, or a variable is not Unicode.
    pub fn enso_from_env() -> Result<Self, Error> {
        Self::from_variables(variable)
    }
}

impl<C: Service> ClientBuilder<C> {
    fn with_token(token: String) -> Self {
        Self {
            token,
            token_provider: None,
            token_probe_interval: Session::PROBE_INTERVAL,
            base_url: C::BASE_URL.to_owned(),
            allow_plaintext: false,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(30),
            max_response_bytes: None,
            user_agent: USER_AGENT.to_owned(),
            retry: RetryPolicy::default(),
            budget: RetryBudget::default(),
            pacing: C::pacing(),
            http: None,
            client: PhantomData,
        }
    }

    fn from_variables(read: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Self, Error> {
        let name = C::TOKEN_VARIABLE;
        let token = read(name)?.filter(|token| !token.is_empty()).ok_or_else(|| {
            let problem = format!("the environment variable {name} is not set: put a token for the server there");
            Error::configuration(problem)
        })?;
        let builder = Self::with_token(token);
        Ok(match read(C::BASE_URL_VARIABLE)?.filter(|address| !address.is_empty()) {
            Some(address) => builder.base_url(address),
            None => builder,
        })
    }

    /// Sets the address of another server, such as a sandbox on this machine or a proxy.
    ///
    /// It may have a path, and has no query. `http://` is accepted for this machine only, unless
    /// [`danger_allow_plaintext`](Self::danger_allow_plaintext) is set.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Sets whether `http://` is accepted for other machines; no by default.
    ///
    /// ```
    /// use togai_ext::ClientBuilder;
    ///
    /// // A service of the same compose file.
    /// let builder = ClientBuilder::new("sandbox-token-0001").base_url("http://togai-sandbox:8080");
    /// let client = builder.danger_allow_plaintext(true).build()?;
    /// assert_eq!(client.base_url(), "http://togai-sandbox:8080");
    /// # Ok::<(), togai_ext::Error>(())
    /// ```
    ///
    /// Everyone on the way can read and change what is sent: the token, which allows all that its owner may do, and the
    /// events. Set it for a sandbox in a network of containers, or for a proxy beside the application that speaks TLS to the
    /// server, and never with a token of production across a network that you do not control. No variable of the environment
    /// sets it, so that nothing but the code of the application takes this risk.
    ///
    /// Requests to an `http://` address never use a proxy, neither that of the environment nor one of
    /// [`with_http_client`](Self::with_http_client): it would see the token, too.
    #[must_use]
    pub fn danger_allow_plaintext(mut self, allow: bool) -> Self {
        self.allow_plaintext = allow;
        self
    }

    /// Sets how long an attempt may take to connect; 5 seconds by default.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an attempt may take in all, from the first byte sent to the last byte read; 30 seconds by default.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the size above which an answer is not read to its end but ends the call with an error; 32 MiB by default.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = Some(bytes);
        self
    }

    /// Sets what the client calls itself; name your application, so that the vendor can tell you apart.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets where the next token comes from when the server refuses the one in use (401), and before it expires.
    ///
    /// ```
    /// use std::time::Duration;
    /// use togai_ext::{AccessToken, ClientBuilder, Error};
    ///
    /// # togai_doctest::run(async |sandbox, _| {
    /// let client = ClientBuilder::new("expired-token-0001")
    ///     .base_url(sandbox.base_url())
    ///     .token_provider(async || {
    ///         // Read it from your secret store, or have one issued.
    ///         let day = Duration::from_secs(24 * 60 * 60);
    ///         Ok::<_, Error>(AccessToken::new("sandbox-token-0001").expires_in(day))
    ///     })
    ///     .build()?;
    /// client.get_events().send().await?;
    /// assert_eq!(sandbox.request_count(), 2);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// It gives a text or an [`AccessToken`], which may say when it expires. It is asked once for each refused token,
    /// whatever the number of calls that wait; then the call that met the refusal is sent once more. A token with a known
    /// end is renewed 5 minutes before it, or when a tenth of its time is left, whichever is later. With an empty token
    /// (`ClientBuilder::new("")`) the provider is asked before the first request.
    ///
    /// If it fails while the token in use is still good, the token stays in use. If there is no good token, calls fail, and
    /// nothing is sent.
    #[must_use]
    pub fn token_provider<F, T, E>(mut self, provider: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<AccessToken>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.token_provider = Some(Box::new(move || {
            let token = provider();
            Box::pin(async move { token.await.map(Into::into).map_err(Into::into) })
        }));
        self
    }

    /// Sets how long a token that the server refused is left alone before one request tries it again; 10 minutes by default.
    ///
    /// The API locks an address out after five requests with a bad token in half an hour. Raise it where several processes
    /// share an address: at most four refused requests are sent in three of these intervals.
    #[must_use]
    pub fn with_token_probe_interval(mut self, interval: Duration) -> Self {
        self.token_probe_interval = interval;
        self
    }

    /// Sets how calls are repeated that meet throttling or an outage.
    #[must_use]
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how many retries all calls of the client, its clones included, may make in an outage; 100 by default.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how fast requests are sent, for each quota; the documented quotas by default.
    #[must_use]
    pub fn with_pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Sets an HTTP client to build on, for proxies, headers, or a resolver of your own.
    ///
    /// ```
    /// use togai_ext::ClientBuilder;
    ///
    /// let http = reqwest::Client::builder().tcp_nodelay(true);
    /// let client = ClientBuilder::new("sandbox-token-0001").base_url("http://127.0.0.1:8080").with_http_client(http).build()?;
    /// # Ok::<(), togai_ext::Error>(())
    /// ```
    ///
    /// The settings for redirects, retries, TLS, timeouts and the user agent are put on it last, so they hold. For an
    /// `http://` address its proxies are removed. A default header is sent where the client sends none of that name. Which
    /// ones there are cannot be seen from outside, so do not set those that [`CallOptions::header`](crate::CallOptions::header)
    /// refuses: a default `host` or `content-length` breaks requests.
    #[must_use]
    pub fn with_http_client(mut self, http: reqwest::ClientBuilder) -> Self {
        self.http = Some(http);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If the token is not one: in quotes or angle brackets, the name of a variable, with `Bearer` before it, with white space
    /// or other characters that no token has, or shorter than 8 characters. If the address is not one of a server. If it needs
    /// TLS and no TLS feature is on, or TLS cannot be set up. The error says what to set, and does not repeat the token.
    pub fn build(self) -> Result<C, Error> {
        let base_url = self.checked_base_url()?;
        let needs_tls = base_url.scheme() == "https";
        if needs_tls && !tls::IS_AVAILABLE {
            return Err(Error::configuration(
                "an https:// address needs TLS: turn on a feature of togai-ext, `rustls-ring`, `rustls-aws-lc` or \
                 `native-tls`",
            ));
        }
        for (name, timeout) in [("connect", self.connect_timeout), ("attempt", self.attempt_timeout)] {
            if timeout.is_zero() {
                return Err(Error::configuration(format!(
                    "the {name} timeout is zero: set `with_{name}_timeout` to the time it may take"
                )));
            }
        }
        self.pacing.check()?;
        let session = Session::with_probe_interval(Arc::new(SystemClock), self.token_probe_interval);
        self.pacing.apply(&session);
        if self.token.is_empty() && self.token_provider.is_none() {
            let (builder, variable) = (C::BUILDER, C::TOKEN_VARIABLE);
            return Err(Error::configuration(format!("the token is empty: set it with `{builder}` or {variable}")));
        }
        let token = Some(self.token).filter(|token| !token.is_empty()).map(AccessToken::new);
        let credentials = Credentials::new(session.clone(), token, self.token_provider)?;

        // A policy of its own would send requests again behind the back of ours, which knows when that is harmless.
        let http = self.http.map_or_else(Default::default, |http| http.retry(reqwest::retry::never()));
        let mut http = tls::configure(http, needs_tls)?;
        if !needs_tls {
            // A proxy, such as that of the environment, would see the token, on its way to this very machine, or on a network
            // of which the caller knows who can listen.
            http = http.no_proxy();
        }
        let http = http
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.connect_timeout)
            .timeout(self.attempt_timeout)
            // Below the 60 s after which load balancers usually close, so that a request does not meet a closing door.
            .pool_idle_timeout(Duration::from_secs(50))
            .user_agent(self.user_agent)
            .build()
            .map_err(|error| {
                let problem = "the HTTP client cannot be built: check `with_user_agent` and `with_http_client`";
                Error::configuration(problem).with_source(error)
            })?;
        let mut bottom = HttpTransport::new(http);
        if let Some(bytes) = self.max_response_bytes {
            bottom = bottom.with_max_response_bytes(bytes);
        }
        let retry = Retry::new(Parts {
            inner: Inner::Http(bottom),
            session: session.clone(),
            credentials: Some(credentials),
            policy: self.retry,
            attempt_timeout: Some(self.attempt_timeout),
            budget: self.budget,
        });
        Ok(C::from_core(Core::new(base_url.as_str(), Stack { retry, session })))
    }

    fn checked_base_url(&self) -> Result<Url, Error> {
        base_url::check(&self.base_url, C::BASE_URL, self.allow_plaintext)
    }
}

impl<C: Service> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("token", &"***")
            .field("has_token_provider", &self.token_provider.is_some())
            .field("token_probe_interval", &self.token_probe_interval)
            // An address that holds a password is refused, but only later.
            .field("base_url", &self.checked_base_url().map_or("***", |_| &self.base_url))
            .field("allow_plaintext", &self.allow_plaintext)
            .field("connect_timeout", &self.connect_timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("user_agent", &self.user_agent)
            .field("retry", &self.retry)
            .field("budget", &self.budget)
            .field("pacing", &self.pacing)
            .finish_non_exhaustive()
    }
}

/// The value of an environment variable, where it is set.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::configuration(format!("the environment variable {name} is not Unicode")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problem(builder: ClientBuilder) -> String {
        let error = builder.build().unwrap_err();
        assert!(error.is_configuration());
        error.to_string()
    }

    fn at(base_url: &str) -> ClientBuilder {
        ClientBuilder::new("s3cr3t-t0ken").base_url(base_url)
    }

    #[test]
    fn the_address_may_have_a_path_and_a_trailing_slash() {
        assert_eq!(at("http://localhost:8080/togai/").build().unwrap().base_url(), "http://localhost:8080/togai");
    }

    #[test]
    fn timeouts_of_zero_are_refused() {
        let builder = at("http://localhost").with_attempt_timeout(Duration::ZERO);
        insta::assert_snapshot!(problem(builder), @"the attempt timeout is zero: set `with_attempt_timeout` to the time it may take");
    }

    #[test]
    fn an_invalid_user_agent_is_refused() {
        let builder = at("http://localhost").with_user_agent("a\nb");
        insta::assert_snapshot!(problem(builder), @"the HTTP client cannot be built: check `with_user_agent` and `with_http_client`");
    }

    #[test]
    fn the_variables_of_the_environment_are_read() {
        let variables = |token: &'static str, address: &'static str| {
            ClientBuilder::<Client>::from_variables(move |name| {
                Ok(Some(if name == "TOGAI_API_TOKEN" { token.to_owned() } else { address.to_owned() }))
            })
        };
        assert_eq!(variables("t0ken", "http://localhost:1").unwrap().base_url, "http://localhost:1");
        assert_eq!(variables("t0ken", "").unwrap().base_url, "https://api.togai.com");
        insta::assert_snapshot!(
            variables("", "").unwrap_err(),
            @"the environment variable TOGAI_API_TOKEN is not set: put a token for the server there"
        );
    }

    #[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
    #[test]
    fn without_tls_the_features_are_named() {
        insta::assert_snapshot!(
            problem(at("https://api.togai.com")),
            @"an https:// address needs TLS: turn on a feature of togai-ext, `rustls-ring`, `rustls-aws-lc` or `native-tls`"
        );
    }

    #[test]
    fn no_debug_output_contains_the_token() {
        let builder = at("http://localhost");
        assert!(!format!("{builder:?}").contains("s3cr3t-t0ken"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("s3cr3t-t0ken"));
    }
}
