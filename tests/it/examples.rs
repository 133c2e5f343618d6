//! The examples that are programs, run as programs against the sandbox.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;
use togai_sandbox::{Fault, Sandbox, SandboxBuilder};

use crate::support::{TOKEN, TOKEN_MARKS, sandbox, stable_text};

/// Where each example is.
///
/// They are built here, which takes no time where they are built already, since the tests may be run by themselves. All
/// packages are named, so that it is the same build as that of `cargo test --workspace`, with the events of Enso.
static PROGRAMS: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(|| {
    // The folder of this build: target/debug/deps/it-0123456789abcdef.
    let this = std::env::current_exe().unwrap();
    let profile = this.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--examples", "--message-format=json-render-diagnostics"]);
    cargo.args(["--features", "togai-ext/enso"]);
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo tells the tests of their package. The build script of ring would take it for its own, and so everything
    // above it would be built again each time.
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"];
        if name.to_str().is_some_and(|name| of_package.iter().any(|start| name.starts_with(start))) {
            cargo.env_remove(name);
        }
    }
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    messages
        .map(|message| serde_json::from_slice::<Value>(message).unwrap())
        .filter(|message| message["target"]["kind"][0] == "example")
        .filter_map(|message| {
            Some((message["target"]["name"].as_str()?.to_owned(), message["executable"].as_str()?.into()))
        })
        .collect()
});

/// The token for Enso. Where it shows, the other one does.
const ENSO_TOKEN: &str = "s3cr3t-t0ken-of-enso";

/// The command that runs an example.
struct ExampleCommand(Command);

/// A running example, killed when its test ends.
struct RunningExample(Option<Child>);

/// The exit code and the output of an example.
#[derive(Debug)]
struct ExampleOutput {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl ExampleCommand {
    fn new(program: &str, folder: &Path, sandbox: &Sandbox, arguments: &[&str]) -> Self {
        let mut command = Command::new(&PROGRAMS[program]);
        command
            .current_dir(folder)
            .args(arguments)
            .env("TOGAI_BASE_URL", sandbox.base_url())
            .env("TOGAI_API_TOKEN", TOKEN)
            .env("ENSO_BASE_URL", sandbox.enso_base_url())
            .env("ENSO_API_TOKEN", ENSO_TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command)
    }

    fn backfill(folder: &Path, sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::new("backfill", folder, sandbox, arguments)
    }

    fn backfill_of_enso(folder: &Path, sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::new("backfill", folder, sandbox, &[&["--service", "enso"], arguments].concat())
    }

    fn web_service(folder: &Path, sandbox: &Sandbox) -> Self {
        Self::new("web_service", folder, sandbox, &["--demo"])
    }

    fn start(mut self) -> RunningExample {
        RunningExample(Some(self.0.spawn().unwrap()))
    }

    fn start_with_input(mut self) -> (RunningExample, ChildStdin) {
        let mut child = self.0.stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        (RunningExample(Some(child)), stdin)
    }

    /// Runs it to its end, with a text on its standard input.
    fn end_with_input(self, input: &str) -> ExampleOutput {
        let (running, mut stdin) = self.start_with_input();
        // What it writes fits into the pipes, so it does not wait for us while we wait for it.
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        running.end()
    }

    fn end(self) -> ExampleOutput {
        self.start().end()
    }
}

impl RunningExample {
    fn id(&self) -> String {
        self.0.as_ref().unwrap().id().to_string()
    }

    fn end(mut self) -> ExampleOutput {
        ExampleOutput::of(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for RunningExample {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl ExampleOutput {
    fn of(output: Output) -> Self {
        let ended = Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        // Whatever happens, no token is shown.
        assert!(TOKEN_MARKS.iter().all(|mark| !format!("{ended:?}").contains(mark)), "{ended:?}");
        ended
    }

    /// The number beside a name.
    #[track_caller]
    fn count(&self, name: &str) -> u64 {
        let line = self.stdout.lines().find_map(|line| line.trim_start().strip_prefix(name));
        let number = line.unwrap_or_else(|| panic!("no line {name}: {self:?}")).split_whitespace().next().unwrap();
        number.replace(',', "").parse().unwrap()
    }

    /// The counts of a backfill, in the order in which they are printed, without the time.
    fn counts(&self) -> [u64; 6] {
        ["lines read", "accepted", "duplicates", "rejected", "unknown", "not sent"].map(|name| self.count(name))
    }
}

/// An empty folder for a test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A line without an id, in the current shape or that of 2022.
fn line(number: u32) -> String {
    let time = format!("2026-11-20T{:02}:{:02}:{:02}Z", number / 3600 % 24, number / 60 % 60, number % 60);
    if number.is_multiple_of(3) {
        format!(
            r#"{{"eventName":"rides","eventTimestamp":"{time}","accountId":"acme-prod","eventAttributes":[{{"attributeName":"distance","attributeValue":"{number}"}}]}}"#
        )
    } else {
        format!(
            r#"{{"schemaName":"rides","timestamp":"{time}","accountId":"acme-prod","attributes":[{{"name":"distance","value":"{number}"}}],"dimensions":{{"city":"Chennai"}}}}"#
        )
    }
}

fn lines(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|number| line(number) + "\n").collect()
}

/// Waits for something that another process does, however long that takes.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("{what} did not come to be");
}

/// The file of rejected lines by file and line, since batches end in any order. Long texts are cut.
fn rejected(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("rejected.ndjson")).unwrap();
    let mut entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    entries.sort_by_key(|entry| (entry["file"].to_string(), entry["line"].as_u64()));
    let describe = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
        let mut line = text("text");
        if line.len() > 60 {
            line = format!("{}.. ({} characters)", line.chars().take(40).collect::<String>(), line.chars().count());
        }
        let code = entry["code"].as_str().map(|code| format!(" [{code}]")).unwrap_or_default();
        format!("{}:{} {}: {}{code}\n    {line}", text("file"), entry["line"], text("verdict"), text("reason"))
    };
    entries.iter().map(describe).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_backfill_meters_each_good_line_once_and_records_the_others() {
    let sandbox = sandbox().start().await.unwrap();
    let folder = folder("backfill");
    let bad_value = line(1).replace(r#""1""#, r#""far""#);
    let bad_name = line(1).replace("rides", &"r".repeat(51));
    // Equal lines are so many events.
    let equal = line(999_999) + "\n";
    let first = lines(0..1500) + "no event\n\n" + &equal.repeat(5) + &bad_value + "\n" + &lines(1500..3000);
    let second = format!("{}\n{{}}\r\n{}\n{}", "x".repeat(3 << 20), bad_name, lines(3000..4900));
    fs::write(folder.join("first.ndjson"), first).unwrap();
    fs::write(folder.join("second.ndjson"), second).unwrap();
    let last = lines(4900..5000) + "[]";
    let run =
        || ExampleCommand::backfill(&folder, &sandbox, &["first.ndjson", "second.ndjson", "-"]).end_with_input(&last);

    let ended = run();
    assert_eq!((ended.code, ended.counts()), (Some(2), [5011, 5005, 0, 6, 0, 0]), "{ended:?}");
    assert_eq!(sandbox.metered_count(), 5005);
    insta::assert_snapshot!(rejected(&folder), @r###"
    first.ndjson:1501 rejected: the line is no event: expected ident, at column 2
        no event
    first.ndjson:1508 rejected: attributes[0]: `value` is "far", and has to be a plain decimal number such as -12.5
        {"schemaName":"rides","timestamp":"2026-.. (162 characters)
    second.ndjson:1 rejected: the line has more than 1024 KiB
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.. (200 characters)
    second.ndjson:2 rejected: the line is no event: missing field `schemaName`, at column 2
        {}
    second.ndjson:3 rejected: `schemaName` has 51 characters, and may have 50
        {"schemaName":"rrrrrrrrrrrrrrrrrrrrrrrrr.. (206 characters)
    standard input:101 rejected: the line is no event: invalid length 0, expected struct Event with 6 elements, at column 2
        []
    "###);

    // Again: the ids are the same, so nothing is metered twice.
    let rerun = run();
    assert_eq!((rerun.code, rerun.count("lines read"), rerun.count("rejected")), (Some(2), 5011, 6), "{rerun:?}");
    assert_eq!((sandbox.metered_count(), sandbox.events().len()), (5005, 10_010));
}

#[tokio::test]
async fn refused_and_unknown_lines_are_recorded_with_their_reason() {
    let sandbox = sandbox().start().await.unwrap();
    let folder = folder("refused-lines");
    fs::write(folder.join("events.ndjson"), lines(0..4)).unwrap();
    sandbox.fault(Fault::delay(Duration::ZERO).on("ingest_batch").first(2));
    sandbox.fault(Fault::status(400).json(serde_json::json!({ "message": "no such schema" })).first(1));
    sandbox.fault(Fault::status(501).body("not today"));
    let ended =
        ExampleCommand::backfill(&folder, &sandbox, &["events.ndjson", "--batch-size=1", "--concurrency=1"]).end();
    assert_eq!((ended.code, ended.counts()), (Some(1), [4, 2, 0, 1, 1, 0]), "{ended:?}");
    insta::assert_snapshot!(stable_text(&rejected(&folder)), @r###"
    events.ndjson:3 rejected: no such schema
        {"schemaName":"rides","timestamp":"2026-.. (160 characters)
    events.ndjson:4 unknown: ingest_batch: the server answered 501 Not Implemented: not today; the request may have been applied; to send its events again with the same ids is harmless
        {"eventName":"rides","eventTimestamp":"2.. (155 characters)
    "###);
}

#[tokio::test]
async fn a_killed_backfill_can_be_rerun() {
    let sandbox = sandbox().start().await.unwrap();
    let folder = folder("killed");
    fs::write(folder.join("events.ndjson"), lines(0..5000)).unwrap();
    // Two batches are taken, and the others wait for longer than any test.
    sandbox.fault(Fault::delay(Duration::ZERO).on("ingest_batch").first(2));
    sandbox.fault(Fault::delay(Duration::from_secs(3600)).on("ingest_batch"));
    let running = ExampleCommand::backfill(&folder, &sandbox, &["events.ndjson", "--batch-size", "500"]).start();
    until("the third batch", || sandbox.metered_count() == 1000 && sandbox.requests().len() > 2).await;
    // That kills it.
    drop(running);
    assert_eq!(sandbox.metered_count(), 1000);

    sandbox.clear_faults();
    let rerun = ExampleCommand::backfill(&folder, &sandbox, &["events.ndjson"]).end();
    assert_eq!((rerun.code, rerun.count("lines read")), (Some(0), 5000), "{rerun:?}");
    assert_eq!((sandbox.metered_count(), sandbox.events().len()), (5000, 6000));
}

#[tokio::test]
#[cfg(unix)]
async fn ctrl_c_delivers_the_lines_already_read() {
    let sandbox = sandbox().start().await.unwrap();
    let (running, mut stdin) = ExampleCommand::backfill(&folder("ctrl-c"), &sandbox, &[]).start_with_input();
    stdin.write_all(lines(0..1500).as_bytes()).unwrap();
    until("the first batch", || sandbox.metered_count() == 1000).await;
    assert!(Command::new("kill").args(["-INT", &running.id()]).status().unwrap().success());
    // Standard input stays open, and is not waited for.
    let ended = running.end();
    drop(stdin);

    let read = ended.count("lines read");
    assert!((1000..=1500).contains(&read), "{read}");
    assert_eq!((ended.code, ended.counts()), (Some(1), [read, read, 0, 0, 0, 0]), "{ended:?}");
    assert_eq!(sandbox.metered_count() as u64, read);
    assert!(ended.stdout.contains("run it again"), "{ended:?}");
}

#[tokio::test]
async fn a_refused_token_stops_a_backfill_with_advice() {
    let sandbox = sandbox().token("another-t0ken").start().await.unwrap();
    let folder = folder("refused");
    fs::write(folder.join("events.ndjson"), lines(0..3000)).unwrap();
    let ended = ExampleCommand::backfill(&folder, &sandbox, &["events.ndjson"]).end();
    assert_eq!((ended.code, sandbox.requests().len(), sandbox.metered_count()), (Some(1), 1, 0), "{ended:?}");
    assert!(ended.stdout.contains("401 Unauthorized") && ended.stdout.contains("TOGAI_API_TOKEN"), "{ended:?}");
    assert!(ended.stdout.contains("run it again"), "{ended:?}");
}

#[tokio::test]
async fn a_backfill_that_cannot_work_fails_before_sending() {
    let sandbox = sandbox().start().await.unwrap();
    let folder = folder("beforehand");
    fs::write(folder.join("events.ndjson"), lines(0..10)).unwrap();
    let problem = |arguments: &[&str]| {
        let ended = ExampleCommand::backfill(&folder, &sandbox, arguments).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        ended.stderr
    };
    insta::assert_snapshot!(problem(&["events.ndjson", "./events.ndjson"]), @"error: ./events.ndjson is named twice, and would be metered twice: name it once");
    insta::assert_snapshot!(problem(&["events.ndjson", "--rejected", "./events.ndjson"]), @"error: events.ndjson would be overwritten: name another file with --rejected");
    assert!(problem(&["missing.ndjson"]).starts_with("error: missing.ndjson: "));
    assert!(
        problem(&["events.ndjson", "--rejected", "missing/rejected.ndjson"]).starts_with("error: missing/rejected")
    );
    assert!(problem(&["--batch-size", "1001"]).contains("1001 is not in 1..=1000"));
    assert!(sandbox.requests().is_empty());
    assert_eq!(fs::read_to_string(folder.join("events.ndjson")).unwrap(), lines(0..10));
}

/// A line for Enso, without an id.
fn line_of_enso(number: u32) -> String {
    let time = format!("2026-11-20T{:02}:{:02}:{:02}Z", number / 3600 % 24, number / 60 % 60, number % 60);
    format!(
        r#"{{"CustomerEntityId":"ent_acme","metric":"ride_distance","value":{number}.50,"timestamp":"{time}","metadata":{{"city":"Chennai"}}}}"#
    )
}

fn lines_of_enso(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|number| line_of_enso(number) + "\n").collect()
}

/// A sandbox whose Enso knows one customer.
fn sandbox_of_enso() -> SandboxBuilder {
    sandbox().enso_token(ENSO_TOKEN).enso_customer("ent_acme")
}

/// What is told after the counts.
fn advice(ended: &ExampleOutput) -> String {
    let (_, advice) = ended.stdout.split_once("lines/s\n").unwrap();
    stable_text(&advice.trim())
}

#[tokio::test]
async fn an_enso_backfill_sends_each_good_line_once_and_records_the_others() {
    let sandbox = sandbox_of_enso().start().await.unwrap();
    let folder = folder("enso");
    let unknown = line_of_enso(1).replace("ent_acme", "ent_nobody");
    let bad_value = line_of_enso(2).replace("2.50", r#""2,5""#);
    // Equal lines are so many events.
    let equal = line_of_enso(999_999) + "\n";
    let all = lines_of_enso(0..1500) + &equal.repeat(3) + &unknown + "\n" + &bad_value + "\n{}\n" + &line(1);
    fs::write(folder.join("events.ndjson"), all).unwrap();
    let ended = ExampleCommand::backfill_of_enso(&folder, &sandbox, &["events.ndjson"]).end();

    assert_eq!((ended.code, ended.counts()), (Some(1), [1507, 1503, 0, 3, 0, 1]), "{ended:?}");
    assert_eq!((sandbox.enso_events().len(), sandbox.enso_metered_count()), (1503, 1503));
    let ids: BTreeSet<_> = sandbox.enso_events().iter().map(|arrival| arrival.event_id.clone().unwrap()).collect();
    assert_eq!(ids.len(), 1503);
    insta::assert_snapshot!(rejected(&folder), @r#"
    events.ndjson:1504 not sent: Customer entity not found [2002]
        {"CustomerEntityId":"ent_nobody","metric.. (136 characters)
    events.ndjson:1505 rejected: the line is no event: not a decimal number such as -12.50, at column 69
        {"CustomerEntityId":"ent_acme","metric":.. (135 characters)
    events.ndjson:1506 rejected: the line is no event: missing field `CustomerEntityId`, at column 2
        {}
    events.ndjson:1507 rejected: the line is no event: missing field `CustomerEntityId`, at column 160
        {"schemaName":"rides","timestamp":"2026-.. (160 characters)
    "#);
    insta::assert_snapshot!(advice(&ended), @"
    do not run it again with the same files: that an event which is sent again counts once is not documented
      rejected lines: correct them, and send them in a file of their own; they are in rejected.ndjson
      lines that were not sent: send them in a file of their own; they are in rejected.ndjson
    ");
}

#[tokio::test]
async fn an_enso_backfill_stops_after_an_ambiguous_batch() {
    let folder = folder("enso-unknown");
    fs::write(folder.join("events.ndjson"), lines_of_enso(0..10)).unwrap();
    let arguments = ["events.ndjson", "--batch-size=2", "--concurrency=1"];
    // The second batch is taken, and its answer gets lost.
    let faults = |sandbox: &Sandbox| {
        sandbox.fault(Fault::delay(Duration::ZERO).on("create_events_batch").first(1));
        sandbox.fault(Fault::reset_after_reading().on("create_events_batch").first(1));
    };

    let sandbox = sandbox_of_enso().start().await.unwrap();
    faults(&sandbox);
    let ended = ExampleCommand::backfill_of_enso(&folder, &sandbox, &arguments).end();
    assert_eq!((ended.code, ended.counts()), (Some(1), [4, 2, 0, 0, 2, 0]), "{ended:?}");
    assert_eq!((sandbox.enso_metered_count(), sandbox.requests().len()), (4, 2));
    let entries: Vec<String> = rejected(&folder).lines().map(|line| stable_text(&line)).collect();
    insta::assert_snapshot!(entries.join("\n"), @r#"
    events.ndjson:3 unknown: create_events_batch: the connection broke before the answer was complete: <cause>; the request may have been applied, so look before repeating it
        {"CustomerEntityId":"ent_acme","metric":.. (134 characters)
    events.ndjson:4 unknown: create_events_batch: the connection broke before the answer was complete: <cause>; the request may have been applied, so look before repeating it
        {"CustomerEntityId":"ent_acme","metric":.. (134 characters)
    "#);
    insta::assert_snapshot!(advice(&ended), @"
    stopped by create_events_batch: the connection broke before the answer was complete: <cause> (1 attempt; no retry, since it is not idempotent); the request may have been applied, so look before repeating it
      the server is not up to it now

      do not run it again with the same files: that an event which is sent again counts once is not documented
      unknown lines: find out from the vendor whether the server has them, before you send them again; they are in rejected.ndjson
      lines after events.ndjson:4: they were not read, so send them in a file of their own
    ");

    // If an id is known to count once, events can be resent and the backfill rerun.
    let sandbox = sandbox_of_enso().enso_meters_an_id_once(true).start().await.unwrap();
    faults(&sandbox);
    let arguments = [&arguments[..], &["--assume-idempotent"]].concat();
    for arrivals in [12, 22] {
        let ended = ExampleCommand::backfill_of_enso(&folder, &sandbox, &arguments).end();
        assert_eq!((ended.code, ended.counts()), (Some(0), [10, 10, 0, 0, 0, 0]), "{ended:?}");
        assert_eq!((sandbox.enso_metered_count(), sandbox.enso_events().len()), (10, arrivals));
    }
}

#[tokio::test]
async fn a_refused_enso_token_stops_a_backfill_with_advice() {
    let sandbox = sandbox_of_enso().enso_token("another-t0ken").start().await.unwrap();
    let folder = folder("enso-refused");
    fs::write(folder.join("events.ndjson"), lines_of_enso(0..3000)).unwrap();
    let ended = ExampleCommand::backfill_of_enso(&folder, &sandbox, &["events.ndjson"]).end();
    assert_eq!((ended.code, sandbox.requests().len(), sandbox.enso_metered_count()), (Some(1), 1, 0), "{ended:?}");
    insta::assert_snapshot!(advice(&ended), @"
    stopped by create_events_batch: the server answered 401 Unauthorized: authorization: the token is not valid; use the one for Enso that the sandbox was started with (1 attempt); check the token, and that it belongs to this environment
      check ENSO_API_TOKEN, and that ENSO_BASE_URL is the server that it is for

      run it again with the same files: the server took none of it
    ");
}

#[tokio::test]
async fn the_enso_example_data_runs_without_an_account() {
    let sandbox = sandbox_of_enso().start().await.unwrap();
    let folder = folder("enso-data");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../togai-ext/examples/data/usage-enso.ndjson");
    let ended = ExampleCommand::backfill_of_enso(&folder, &sandbox, &["--sandbox", file]).end();
    assert_eq!((ended.code, ended.counts()), (Some(1), [400, 396, 0, 3, 0, 1]), "{ended:?}");
    assert!(ended.stdout.contains("the sandbox metered 396 events"), "{ended:?}");
    assert!(rejected(&folder).contains("[2002]"));
    assert!(sandbox.requests().is_empty());
}

/// The ids of the requests of a demo that were metered, by what it printed.
fn request_ids(ended: &ExampleOutput) -> BTreeSet<String> {
    let responses = ended.stdout.lines().filter(|line| line.starts_with("GET /hello/"));
    responses.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
}

fn metered_ids(sandbox: &Sandbox) -> BTreeSet<String> {
    sandbox.metered().iter().map(|arrival| arrival.event_id.clone().unwrap()).collect()
}

#[tokio::test]
async fn the_web_service_meters_its_requests_under_their_ids() {
    let sandbox = sandbox().start().await.unwrap();
    let ended = ExampleCommand::web_service(&folder("web-service"), &sandbox).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ids = request_ids(&ended);
    assert_eq!((ids.len(), sandbox.metered_count(), ended.count("accepted")), (5, 5, 5), "{ended:?}");
    assert_eq!(ids, metered_ids(&sandbox));
    assert!(ids.contains("req-1") && ids.contains("req-2") && ids.iter().all(|id| id.len() <= 36), "{ids:?}");
}

#[tokio::test]
async fn the_web_service_redelivers_returned_events() {
    let sandbox = sandbox().start().await.unwrap();
    sandbox.fault(Fault::status(404).on("ingest_batch").first(1));
    let folder = folder("web-service-stopped");
    let ended = ExampleCommand::web_service(&folder, &sandbox).end();
    assert_eq!((ended.code, ended.count("stopped"), ended.count("dead letters")), (Some(0), 1, 0), "{ended:?}");
    assert_eq!(request_ids(&ended), metered_ids(&sandbox));
    assert!(!folder.join("dead-letters.ndjson").exists());
}

#[tokio::test]
async fn dead_letters_of_the_web_service_are_delivered_by_a_backfill() {
    let sandbox = sandbox().start().await.unwrap();
    sandbox.fault(Fault::status(401).on("ingest_batch"));
    let folder = folder("dead-letters");
    let ended = ExampleCommand::web_service(&folder, &sandbox).end();
    assert_eq!((ended.code, ended.count("accepted"), ended.count("dead letters")), (Some(0), 0, 5), "{ended:?}");
    assert_eq!(sandbox.metered_count(), 0);

    sandbox.clear_faults();
    let backfill = ExampleCommand::backfill(&folder, &sandbox, &["dead-letters.ndjson"]).end();
    assert_eq!(backfill.code, Some(0), "{backfill:?}");
    assert_eq!(request_ids(&ended), metered_ids(&sandbox));
}
