//! A client of the service, for a demonstration and for its test.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A request with what was answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    path: &'static str,
    sent_id: Option<String>,
    status: String,
    /// The id of the request; none where it was not metered.
    id: Option<String>,
}

/// Makes some requests, one after the other. The second part completes when they are done.
pub(crate) fn make_requests(address: SocketAddr) -> (JoinHandle<io::Result<Vec<Exchange>>>, impl Future<Output = ()>) {
    let (done, is_done) = oneshot::channel::<()>();
    let requests = tokio::spawn(async move {
        // Dropped at the end, whichever way it comes to that.
        let _done = done;
        let mut exchanges = Vec::new();
        for (path, id) in [
            ("/hello/ada", Some("req-1".to_owned())),
            ("/hello/grace", None),
            ("/hello/alan", Some("no id, but a sentence".to_owned())),
            ("/hello/kurt", Some("x".repeat(1000))),
            ("/health", None),
            ("/hello/ada", Some("req-2".to_owned())),
        ] {
            exchanges.push(get(address, path, id).await?);
        }
        Ok(exchanges)
    });
    let stop = async move {
        let _ = is_done.await;
    };
    (requests, stop)
}

/// A few lines of HTTP/1.1, so that the example needs no client.
async fn get(address: SocketAddr, path: &'static str, sent_id: Option<String>) -> io::Result<Exchange> {
    let id = sent_id.as_ref().map(|id| format!("x-request-id: {id}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{id}\r\n");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    let status = response.split(' ').nth(1).unwrap_or_default().to_owned();
    let id = response.lines().find_map(|line| line.strip_prefix("x-request-id: ")).map(str::to_owned);
    Ok(Exchange { path, sent_id, status, id })
}

impl fmt::Display for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = match &self.sent_id {
            None => "without an id".to_owned(),
            Some(id) if id.len() > 30 => format!("with an id of {} characters", id.len()),
            Some(id) => format!("with the id {id:?}"),
        };
        let id = self.id.as_deref().unwrap_or("not metered");
        write!(formatter, "GET {:<13} {sent:<36} -> {} {id}", self.path, self.status)
    }
}
