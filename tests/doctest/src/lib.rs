//! What the examples of the documentation begin with: a sandbox, and a client that talks to it.

use std::error::Error;

use togai_ext::{Client, ClientBuilder, Pacing};
use togai_sandbox::Sandbox;

/// How an example ends.
pub type Ended = Result<(), Box<dyn Error>>;

/// Runs an example with a sandbox and a client for it.
///
/// # Panics
///
/// If the example fails.
pub fn run(example: impl AsyncFnOnce(Sandbox, Client) -> Ended) {
    block_on(async || {
        let (sandbox, client) = start().await?;
        example(sandbox, client).await
    });
}

/// Runs an example with two sandboxes, and a client for each.
///
/// # Panics
///
/// If the example fails.
pub fn run_two(example: impl AsyncFnOnce([Sandbox; 2], [Client; 2]) -> Ended) {
    block_on(async || {
        let ((old, first), (new, second)) = (start().await?, start().await?);
        example([old, new], [first, second]).await
    });
}

fn block_on(example: impl AsyncFnOnce() -> Ended) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    if let Err(error) = runtime.expect("there is a runtime").block_on(example()) {
        panic!("the example failed: {error}");
    }
}

async fn start() -> Result<(Sandbox, Client), Box<dyn Error>> {
    let sandbox = Sandbox::builder().token("sandbox-token-0001").start().await?;
    let builder = ClientBuilder::new("sandbox-token-0001").base_url(sandbox.base_url());
    let client = builder.with_pacing(Pacing::off()).build()?;
    Ok((sandbox, client))
}
