//! What all ways share: the server, the runtime, and HTTP clients that are made alike.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use togai_ext::prelude::*;
use tokio::runtime::Runtime;

use crate::records::Record;

/// The token of every request.
pub(crate) const TOKEN: &str = "a-token-0001-of-forty-characters-as-is--";
/// Events in a request: the most that the API takes.
pub(crate) const CHUNK: usize = 1000;
/// Requests in flight: the default of ours.
pub(crate) const IN_FLIGHT: usize = 4;

pub(crate) struct Setup {
    /// That of the server.
    pub(crate) address: String,
    pub(crate) runtime: Runtime,
    pub(crate) client: Client,
    /// An HTTP client of the same settings.
    pub(crate) http: reqwest::Client,
    /// The same that sends the token with every request, since code of plain progenitor has
    /// no other place for it.
    pub(crate) http_with_token: reqwest::Client,
    pub(crate) records: Vec<Record>,
    pub(crate) events: Vec<Event>,
}

impl Setup {
    /// Everything for so many events.
    pub(crate) fn at(address: &str, events: usize) -> Result<Self, Box<dyn Error>> {
        let records = Record::many(events);
        let events = records.iter().map(Record::event).collect();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {TOKEN}"))?);
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            address: address.to_owned(),
            runtime: runtime()?,
            client: builder(address).build()?,
            http: http().build()?,
            http_with_token: http().default_headers(headers).build()?,
            records,
            events,
        })
    }
}

/// An HTTP client with the settings of ours.
fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30))
}

/// A runtime of one thread, so that the time of the process is that of its work and not of waking threads.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// A client as everybody gets it.
pub(crate) fn builder(address: &str) -> ClientBuilder {
    ClientBuilder::new(TOKEN).base_url(address).with_pacing(Pacing::off())
}
