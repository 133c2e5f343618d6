//! The token on every request, and in nothing else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use togai_api::{BoxFuture, CallContext, Error, HttpTransport, Operation, Transport, TransportError};

use crate::service::Service;
use crate::standing::Standing;

/// Adds the bearer token to a request that goes over the wire.
pub(crate) struct Authenticate {
    inner: HttpTransport,
    token: Arc<str>,
    header: HeaderValue,
    standing: Arc<Standing>,
}

impl Authenticate {
    /// Fails where the token is none.
    pub(crate) fn new<C: Service>(token: &str, inner: HttpTransport, standing: Arc<Standing>) -> Result<Self, Error> {
        if token.is_empty() {
            let (builder, variable) = (C::BUILDER, C::TOKEN_VARIABLE);
            return Err(Error::configuration(format!("the token is empty: set it with `{builder}` or {variable}")));
        }
        let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        let mut header =
            HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| is_plain).ok_or_else(|| {
                Error::configuration(
                    "the token holds white space or characters that no token has: give it without quotes and line ends",
                )
            })?;
        header.set_sensitive(true);
        Ok(Self { inner, token: token.into(), header, standing })
    }
}

impl Transport for Authenticate {
    fn execute<'a>(
        &'a self,
        mut request: reqwest::Request,
        _operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        request.headers_mut().insert(AUTHORIZATION, self.header.clone());
        Box::pin(async move {
            let mut answer = self.inner.exchange(request).await;
            // A server may echo the token in an answer that ends up in an error.
            let secret = Arc::clone(&self.token);
            match &mut answer {
                Ok(response) => {
                    if response.status().is_success() {
                        self.standing.prove();
                    }
                    let mut context = CallContext::new(1, Duration::ZERO);
                    context.set_secret(secret);
                    response.extensions_mut().insert(context);
                }
                Err(failure) => failure.context_mut().set_secret(secret),
            }
            answer
        })
    }
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authenticate")
            .field("token", &"***")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use togai_api::Client;

    use super::*;
    use crate::tls;

    fn http() -> HttpTransport {
        HttpTransport::new(tls::configure(reqwest::Client::builder(), false).unwrap().build().unwrap())
    }

    #[test]
    fn a_token_that_is_none_is_refused_without_being_repeated() {
        for token in ["", "se cret", "secret\n", "\"sécret\""] {
            let error = Authenticate::new::<Client>(token, http(), Arc::default()).unwrap_err();
            assert!(error.is_configuration());
            let said = format!("{error} {error:?}");
            assert!(said.contains("the token") && !said.contains("cret\""), "{said}");
        }
    }

    #[test]
    fn its_debug_output_does_not_show_the_token() {
        let transport = Authenticate::new::<Client>("s3cr3t", http(), Arc::default()).unwrap();
        assert!(!format!("{transport:?}").contains("s3cr3t"));
        assert!(!format!("{:?}", transport.header).contains("s3cr3t"));
    }
}
