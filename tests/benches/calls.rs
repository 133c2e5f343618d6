//! What our transports add to a call over a bare reqwest call.
//!
//! ```sh
//! cargo bench -p togai-tests --bench calls                      # CPU time, with criterion
//! cargo bench -p togai-tests --bench calls -- --instructions    # instructions a call, counted by valgrind
//! ```
//!
//! CPU time is that of the thread that makes the calls. The server is another process, which is this program again. The ways
//! of calling alternate within one run, so that whatever else the machine does meets all of them. Instructions are the same
//! from run to run, and are written to docs/benchmarks.md.
#![expect(clippy::print_stdout, reason = "a program for a terminal")]

#[path = "../benchmarks/section.rs"]
mod section;

#[path = "calls/instructions.rs"]
mod instructions;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput};
use togai_api::{BoxFuture, CallContext, Request, Response, Transport, TransportError, TransportErrorKind};
use togai_ext::prelude::*;
use togai_ext::types::GetEventsResponse;
use tokio::runtime::Runtime;

const TOKEN: &str = "bench-token-0001";
const SINK: &str = "TOGAI_BENCH_SINK";
/// The address of the server, for a process whose instructions are counted.
const COUNTED: &str = "TOGAI_BENCH_COUNTED";
const RESPONSE: &str = r#"{"events":[{"referenceId":"r-1","eventPayload":{"schemaName":"rides","id":"ride-1","timestamp":"2024-04-18T16:00:17Z","accountId":"acme-prod","attributes":[{"name":"distance","value":"12.5","unit":"km"}],"dimensions":{"city":"Chennai"}},"ingestionStatus":{"status":"INGESTION_COMPLETED_EVENT_METERED"},"createdAt":"2024-04-18T16:00:18.250Z"}],"nextToken":null}"#;

fn main() {
    if std::env::var_os(SINK).is_some() {
        serve();
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Ok(address) = std::env::var(COUNTED) {
        let [way, calls] = &arguments[..] else { panic!("which way, and how many calls") };
        return CallBench::new(&address).repeat(way.parse().expect("a way"), calls.parse().expect("a number"));
    }
    let sink = Sink::start();
    if arguments.iter().any(|argument| argument == "--instructions") {
        return instructions::count(&sink.address);
    }
    let bench = CallBench::new(&sink.address);
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    let mut group = criterion.benchmark_group("a call that reads, CPU time");
    group.bench_function("reqwest by hand", |bencher| bencher.iter(|| bench.by_hand()));
    group.bench_function("builder over bare reqwest", |bencher| bencher.iter(|| bench.bare()));
    group.bench_function("builder over our transports", |bencher| bencher.iter(|| bench.client()));
    group.finish();
    criterion.final_summary();
    bench.compare();
}

type Call = fn(&CallBench);

const WAYS: [(&str, Call); 3] = [
    ("reqwest by hand", CallBench::by_hand),
    ("builder over bare reqwest", CallBench::bare),
    ("builder over our transports", CallBench::client),
];

struct CallBench {
    runtime: Runtime,
    http: reqwest::Client,
    client: Client,
    /// The same client over [`BareTransport`].
    bare_client: Client,
    url: String,
}

/// A transport that does nothing of what ours do but reach the server.
#[derive(Debug)]
struct BareTransport(reqwest::Client);

impl Transport for BareTransport {
    fn execute<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let failed = |error| TransportError::new(TransportErrorKind::Interrupted, error, CallContext::default());
            let bare = self.0.get(request.url().clone()).header("accept", "application/json").bearer_auth(TOKEN);
            let mut response = bare.send().await.map_err(failed)?;
            let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
            Ok(Response::new(status, headers, response.bytes().await.map_err(failed)?))
        })
    }
}

impl CallBench {
    fn new(address: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = ClientBuilder::new(TOKEN).base_url(address).with_pacing(Pacing::off()).build().expect("a client");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("HTTP");
        let bare_client = client.with_transport(BareTransport(http.clone()));
        Self { runtime, http, client, bare_client, url: format!("{address}/events") }
    }

    /// The same headers, query and decoding, without anything of ours on the way.
    fn by_hand(&self) {
        self.runtime.block_on(async {
            let request = self
                .http
                .get(&self.url)
                .header("accept", "application/json")
                .query(&[("account_id", "acme-prod"), ("pageSize", "50")])
                .bearer_auth(TOKEN);
            let response = request.send().await.expect("an answer").bytes().await.expect("a body");
            let page: GetEventsResponse = serde_json::from_slice(&response).expect("a page");
            assert_eq!(page.events.len(), 1);
        });
    }

    fn bare(&self) {
        self.call(&self.bare_client);
    }

    fn client(&self) {
        self.call(&self.client);
    }

    fn call(&self, client: &Client) {
        self.runtime.block_on(async {
            let page = client.get_events().account_id("acme-prod").page_size(50).send().await.expect("a page");
            assert_eq!(page.events.len(), 1);
        });
    }

    fn repeat(&self, way: usize, calls: u32) {
        for _ in 0..calls {
            WAYS[way].1(self);
        }
    }

    /// Medians of alternating rounds, and what ours take beside bare reqwest.
    fn compare(&self) {
        const ROUNDS: usize = 21;
        const CALLS: u32 = 1000;
        let mut times = WAYS.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (times, (_, call)) in times.iter_mut().zip(WAYS) {
                let start = ThreadTime::now();
                for _ in 0..CALLS {
                    call(self);
                }
                times.push(start.elapsed() / CALLS);
            }
        }
        let medians = times.map(|mut times: Vec<Duration>| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e6
        });
        println!("CPU time a call, medians of {ROUNDS} alternating rounds of {CALLS} calls");
        for ((name, _), median) in WAYS.iter().zip(medians) {
            println!("  {median:>6.2} us  {name}");
        }
        println!("  our transports add {:+.1} % to a call over bare reqwest", (medians[2] / medians[1] - 1.0) * 100.0);
    }
}

/// CPU time of the thread as what criterion measures.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;

    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }

    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_secs_f64() * 1e9
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Microseconds
    }
}

struct Microseconds;

impl ValueFormatter for Microseconds {
    fn scale_values(&self, _typical: f64, values: &mut [f64]) -> &'static str {
        for value in values {
            *value /= 1e3;
        }
        "us CPU"
    }

    fn scale_throughputs(&self, _typical: f64, _throughput: &Throughput, _values: &mut [f64]) -> &'static str {
        "calls"
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        "ns CPU"
    }
}

/// The server in a process of its own. It ends with the bench.
struct Sink {
    process: Child,
    address: String,
}

impl Sink {
    fn start() -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut process = Command::new(program).env(SINK, "1").stdout(Stdio::piped()).spawn().expect("a process");
        let mut address = String::new();
        let output = process.stdout.take().expect("the output of the process");
        BufReader::new(output).read_line(&mut address).expect("an address");
        Self { process, address: address.trim().to_owned() }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers every request alike.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    for connection in listener.incoming().flatten() {
        std::thread::spawn(move || respond(connection));
    }
}

fn respond(mut connection: TcpStream) {
    let _ = connection.set_nodelay(true);
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{RESPONSE}",
        RESPONSE.len()
    );
    let mut request = [0; 4096];
    // A request without a body fits into one read.
    while connection.read(&mut request).is_ok_and(|length| length > 0) {
        if connection.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}
