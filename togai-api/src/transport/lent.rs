//! A request that is lent to a transport, and is given back as it was.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::Request;

/// Gives a request back as it was, also where the call is dropped: it may be sent once more, by other transports.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lent<'a> {
    request: &'a mut Request,
    timeout: Option<Duration>,
    authorization: Option<HeaderValue>,
    url: Option<Url>,
}

impl<'a> Lent<'a> {
    /// One whose address stays as it is.
    pub fn new(request: &'a mut Request) -> Self {
        let (timeout, authorization) = (request.timeout(), request.authorization().cloned());
        Self { request, timeout, authorization, url: None }
    }

    /// The same with more in the query.
    #[must_use]
    pub fn with_query(mut self, pairs: &[(String, String)]) -> Self {
        self.url = Some(self.request.url().clone());
        self.request.url_mut().query_pairs_mut().extend_pairs(pairs);
        self
    }

    /// The request, to be changed.
    pub fn request(&mut self) -> &mut Request {
        self.request
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.request.set_timeout(self.timeout);
        self.request.set_authorization(self.authorization.take());
        if let Some(url) = self.url.take() {
            *self.request.url_mut() = url;
        }
    }
}
