//! A request that is lent to a transport, and is given back as it was.

use std::time::Duration;

use reqwest::header::HeaderValue;

use super::Request;

/// Gives a request back as it was, also where the call is dropped: it may be sent once more, by other transports.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lent<'a> {
    request: &'a mut Request,
    timeout: Option<Duration>,
    authorization: Option<HeaderValue>,
}

impl<'a> Lent<'a> {
    /// One whose timeout and credential may be changed.
    pub fn new(request: &'a mut Request) -> Self {
        let (timeout, authorization) = (request.timeout(), request.authorization().cloned());
        Self { request, timeout, authorization }
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
    }
}
