//! TLS from whichever feature is on. Nothing of the process is changed: no default provider is installed.

use togai_api::Error;

/// Whether `https://` addresses can be reached.
pub(crate) const IS_AVAILABLE: bool =
    cfg!(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls"));

/// Puts TLS into the HTTP client. Where none is needed, the roots of the operating system are not loaded.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc"))]
pub(crate) fn configure(http: reqwest::ClientBuilder, is_needed: bool) -> Result<reqwest::ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore};
    use rustls_platform_verifier::BuilderVerifierExt as _;

    #[cfg(feature = "rustls-ring")]
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(not(feature = "rustls-ring"))]
    let provider = rustls::crypto::aws_lc_rs::default_provider();

    let failed = |error: rustls::Error| Error::configuration("TLS cannot be set up").with_source(error);
    let versions = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    // Without a configuration reqwest panics where the process has no default provider, even for `http://` alone.
    let mut config = if is_needed {
        versions.with_platform_verifier().map_err(failed)?.with_no_client_auth()
    } else {
        versions.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    // reqwest does not set these on a configuration that it is given.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(http.tls_backend_preconfigured(config))
}

/// Puts the TLS of the operating system into the HTTP client.
#[cfg(all(feature = "native-tls", not(any(feature = "rustls-ring", feature = "rustls-aws-lc"))))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature with every feature")]
pub(crate) fn configure(http: reqwest::ClientBuilder, _is_needed: bool) -> Result<reqwest::ClientBuilder, Error> {
    Ok(http.tls_backend_native())
}

/// Without TLS there is nothing to set.
#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature with every feature")]
pub(crate) fn configure(http: reqwest::ClientBuilder, _is_needed: bool) -> Result<reqwest::ClientBuilder, Error> {
    Ok(http)
}
