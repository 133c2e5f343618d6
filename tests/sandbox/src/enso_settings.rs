//! How the part of the sandbox that plays Enso is set up.

use std::collections::HashSet;

use crate::builder::SandboxBuilder;

/// What only the event batches of Enso need to know.
#[derive(Clone)]
pub(crate) struct EnsoSettings {
    pub(crate) token: String,
    pub(crate) bare_responses: bool,
    /// The customer entities that are known. While there is none, all of them are.
    pub(crate) customers: HashSet<String>,
    pub(crate) meters_an_id_once: bool,
}

impl SandboxBuilder {
    /// Sets the token that requests to Enso have to carry. It is not valid for Togai, nor is that of Togai here.
    #[must_use]
    pub fn enso_token(mut self, token: impl Into<String>) -> Self {
        self.settings.enso.token = token.into();
        self
    }

    /// Sets whether Enso answers in the older form: `summary` and `failedRecords` at the top.
    ///
    /// By default they are within `data`, beside `status` and `message`.
    #[must_use]
    pub fn enso_bare_responses(mut self, bare: bool) -> Self {
        self.settings.enso.bare_responses = bare;
        self
    }

    /// Adds a customer entity of Enso to begin with.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use serde_json::{Value, json};
    /// use togai_sandbox::Sandbox;
    ///
    /// let sandbox = Sandbox::builder().enso_customer("ent_acme").start().await?;
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// # let http = reqwest::Client::new();
    /// let event = json!({
    ///     "CustomerEntityId": "ent_umbrella",
    ///     "metric": "api_calls",
    ///     "value": 1,
    ///     "timestamp": "2024-11-05T08:31:12Z",
    /// });
    /// let request = http.post(format!("{}/events/batch", sandbox.enso_base_url())).bearer_auth(sandbox.enso_token());
    /// let answer = request.json(&json!({ "events": [event] })).send().await?;
    /// assert_eq!(answer.status(), 200);
    /// assert_eq!(answer.json::<Value>().await?["data"]["failedRecords"][0]["code"], 2002);
    /// # Ok(()) }
    /// ```
    ///
    /// As soon as there is one, an event of another is not taken: it fails with the code 2002. By default every
    /// customer entity is known, so that a small test needs none.
    #[must_use]
    pub fn enso_customer(mut self, customer_entity_id: impl Into<String>) -> Self {
        self.settings.enso.customers.insert(customer_entity_id.into());
        self
    }

    /// Sets whether an `eventId` of Enso counts once, however often it arrives.
    ///
    /// By default every event that was taken counts, since no document says otherwise. An event without an id always
    /// does.
    #[must_use]
    pub fn enso_meters_an_id_once(mut self, once: bool) -> Self {
        self.settings.enso.meters_an_id_once = once;
        self
    }
}

impl EnsoSettings {
    /// Whether a customer entity is known.
    pub(crate) fn is_known(&self, customer_entity_id: &str) -> bool {
        self.customers.is_empty() || self.customers.contains(customer_entity_id)
    }
}

impl Default for EnsoSettings {
    fn default() -> Self {
        Self {
            token: "enso-token-0001".to_owned(),
            bare_responses: false,
            customers: HashSet::new(),
            meters_an_id_once: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_token() {
        let builder = SandboxBuilder::new().token("first-t0ken").enso_token("second-t0ken");
        let printed = format!("{builder:?} {:?}", builder.settings);
        assert!(!printed.contains("t0ken"), "{printed}");
    }
}
