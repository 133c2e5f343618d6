//! The sandbox from the command line.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The binary, killed when the test ends, whichever way it does.
struct RunningSandbox(Child);

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A client of HTTP. Built together with the client of the workspace, reqwest has TLS without a provider and needs one.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

fn start(arguments: &[&str]) -> (RunningSandbox, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_togai-sandbox"));
    let mut running = RunningSandbox(command.args(arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    (running, url)
}

#[tokio::test]
async fn it_serves_until_a_stop_signal() {
    let (mut running, url) = start(&["--port", "0", "--token", "secret-token-0001", "--no-quotas"]);
    let client = client();
    for _ in 0..20 {
        let response = client.get(format!("{url}/events")).bearer_auth("secret-token-0001").send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
    if cfg!(unix) {
        let killed = Command::new("kill").arg(running.0.id().to_string()).status().unwrap();
        assert!(killed.success());
        assert!(running.0.wait().unwrap().success());
    }
}

#[tokio::test]
async fn the_default_token_is_accepted_and_quotas_hold() {
    let (_running, url) = start(&["--port=0"]);
    let client = client();
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let response = client.get(format!("{url}/events")).bearer_auth("sandbox-token-0001").send().await.unwrap();
        statuses.push(response.status().as_u16());
    }
    assert!(statuses.starts_with(&[200; 10]), "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn it_loads_the_document_examples_on_request() {
    for (arguments, expected) in [(&["--port=0", "--with-examples"][..], 200), (&["--port=0"][..], 404)] {
        let (_running, url) = start(arguments);
        let request = client().get(format!("{url}/v2/price_plans/pp.RidesMonthly")).bearer_auth("sandbox-token-0001");
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn it_refuses_whole_batches_on_request() {
    for (arguments, expected) in [(&["--port=0", "--refuse-whole-batches"][..], 400), (&["--port=0"][..], 207)] {
        let (_running, url) = start(arguments);
        let request = client().post(format!("{url}/ingestBatch")).bearer_auth("sandbox-token-0001");
        let response = request.header("content-type", "application/json").body(r#"{"events":[{}]}"#).send().await;
        assert_eq!(response.unwrap().status(), expected);
    }
}

#[tokio::test]
async fn enso_has_its_own_token() {
    for (arguments, token) in [
        (&["--port=0"][..], "enso-token-0001"),
        (&["--port=0", "--enso-token=secret-token-0001"][..], "secret-token-0001"),
    ] {
        let (_running, url) = start(arguments);
        let client = client();
        for (token, expected) in [(token, 200), ("sandbox-token-0001", 401)] {
            let request = client.post(format!("{url}/enso/events/batch")).bearer_auth(token);
            let response = request.header("content-type", "application/json").body(r#"{"events":[]}"#).send().await;
            assert_eq!(response.unwrap().status(), expected);
        }
    }
}

#[test]
fn the_help_shows_the_enso_address() {
    let output = Command::new(env!("CARGO_BIN_EXE_togai-sandbox")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for said in ["POST /enso/events/batch", "--enso-token", "enso-token-0001"] {
        assert!(help.contains(said), "{said}: {help}");
    }
}

#[test]
fn a_port_in_use_is_reported() {
    let (_running, url) = start(&["--port", "0"]);
    let port = url.rsplit(':').next().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_togai-sandbox")).args(["--port", port]).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(message.starts_with(&format!("error: cannot listen on port {port}: ")), "{message}");
}
