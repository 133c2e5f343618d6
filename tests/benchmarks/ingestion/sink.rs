//! A server that takes everything and keeps nothing, in a process of its own.
//!
//! It speaks as much of HTTP/1.1 as keeps a connection open: heads, and bodies of a known length. It counts what came,
//! so that a way that sends less than another is noticed.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// Set for the process that is to be the server.
pub(crate) const ROLE: &str = "TOGAI_BENCHMARKS_SINK";
/// What it asks for to be told [`Counts`].
const COUNTS: &str = "GET /counts ";
const LARGEST_READ: usize = 256 * 1024;

static REQUESTS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// The process of the server. It ends with the bench.
pub(crate) struct Sink {
    process: Child,
    authority: String,
}

/// Requests with a body, and the bytes in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

impl Sink {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut authority = String::new();
        let output = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(output).read_line(&mut authority)?;
        Ok(Self { process, authority: authority.trim().to_owned() })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// What came since the server was started.
    pub(crate) fn counts(&self) -> Result<Counts, Box<dyn Error>> {
        let mut connection = TcpStream::connect(&self.authority)?;
        write!(connection, "{COUNTS}HTTP/1.1\r\nconnection: close\r\n\r\n")?;
        let mut response = String::new();
        connection.read_to_string(&mut response)?;
        let mut numbers = response.lines().last().unwrap_or_default().split(' ').map(str::parse);
        let mut next = || numbers.next().ok_or("the server told no counts");
        Ok(Counts { requests: next()??, bytes: next()?? })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is the server until the bench is gone, however it went.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // A client that goes away in the middle is its own business.
            std::thread::spawn(move || respond(connection).ok());
        }
    });
    // The bench writes nothing: this ends when its end of the pipe does.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn respond(mut connection: TcpStream) -> std::io::Result<()> {
    const RESPONSE: &str = r#"{"success":true}"#;
    connection.set_nodelay(true)?;
    let accepted = format!(
        "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{RESPONSE}",
        RESPONSE.len()
    );
    let mut buffer = vec![0; LARGEST_READ];
    let mut filled = 0;
    loop {
        let Some(end) = buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") else {
            let read = connection.read(&mut buffer[filled..])?;
            if read == 0 {
                return Ok(());
            }
            filled += read;
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]);
        if head.starts_with(COUNTS) {
            let (requests, bytes) = (REQUESTS.load(Ordering::SeqCst), BYTES.load(Ordering::SeqCst));
            return write!(connection, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{requests} {bytes}");
        }
        let length = content_length(&head);
        let mut left = length - length.min(filled - end - 4);
        let consumed = end + 4 + length - left;
        buffer.copy_within(consumed..filled, 0);
        filled -= consumed;
        while left > 0 {
            let most = left.min(buffer.len());
            let read = connection.read(&mut buffer[..most])?;
            if read == 0 {
                return Ok(());
            }
            left -= read;
        }
        REQUESTS.fetch_add(1, Ordering::SeqCst);
        BYTES.fetch_add(length as u64, Ordering::SeqCst);
        connection.write_all(accepted.as_bytes())?;
    }
}

fn content_length(head: &str) -> usize {
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}
