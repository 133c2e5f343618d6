//! Plain HTTP to other machines, which only the code of an application can allow.

use togai_ext::prelude::*;
use togai_sandbox::Sandbox;

use crate::support::{TOKEN, builder_of, sandbox};

/// A builder for the sandbox under the name that it would have in a compose file.
fn in_compose_file(sandbox: &Sandbox, http: reqwest::ClientBuilder) -> ClientBuilder {
    let address = sandbox.base_url().trim_start_matches("http://").parse().unwrap();
    let http = http.resolve("togai-sandbox", address);
    builder_of(sandbox).base_url(format!("http://togai-sandbox:{}", address.port())).with_http_client(http)
}

#[tokio::test]
async fn another_machine_is_reached_without_tls_only_on_request() {
    let sandbox = sandbox().start().await.unwrap();
    let http = reqwest::Client::builder;
    let error = in_compose_file(&sandbox, http()).build().unwrap_err();
    assert!(error.is_configuration() && error.to_string().contains("`danger_allow_plaintext(true)`"), "{error}");
    let client = in_compose_file(&sandbox, http()).danger_allow_plaintext(true).build().unwrap();
    client.get_events().send().await.unwrap();
    assert_eq!(sandbox.request_count(), 1);
}

#[tokio::test]
async fn no_proxy_sees_a_token_in_plaintext() {
    let (sandbox, proxy) = (sandbox().start().await.unwrap(), sandbox().start().await.unwrap());
    let http = reqwest::Client::builder().proxy(reqwest::Proxy::all(proxy.base_url()).unwrap());
    let client = in_compose_file(&sandbox, http).danger_allow_plaintext(true).build().unwrap();
    client.get_events().send().await.unwrap();
    assert_eq!((sandbox.request_count(), proxy.request_count()), (1, 0));
}

#[test]
fn debug_output_shows_the_setting_and_no_token() {
    let builder = ClientBuilder::new(TOKEN).base_url("http://10.0.0.7:8080").danger_allow_plaintext(true);
    let shown = format!("{builder:?}");
    assert!(shown.contains("allow_plaintext: true") && shown.contains("10.0.0.7") && !shown.contains(TOKEN), "{shown}");
}
