//! Every fault that the sandbox can make, through every ingest method, with every service. The tables are written by hand:
//! they say what has to become of the events, and not what becomes of them. They are those of Togai; what is otherwise with
//! another service is in `differences.rs`.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::json;
use togai_ext::prelude::*;
use togai_sandbox::{Fault, PartialFailureShape, SandboxBuilder};
use tokio::net::TcpSocket;

use crate::differences::{self, FaultTable};
use crate::ingest_methods::{CallOutcome, IngestMethod, Input};
use crate::services::Service;
use crate::support::TOKEN;

/// What becomes of the events of each scenario: ten of them in batches of two where the name says nothing else.
///
/// "At once" is how many batches are in flight. Where it is 1 alone, the result with 4 depends on which of them the fault
/// meets, and what is checked of it is only what has to hold of every call.
pub(crate) const TABLE: &str = "
fault                                                  | at once | accepted | duplicate | rejected | unknown | not sent | stopped by     | requests | metered
none                                                   | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        5 |      10
a short delay                                          | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        5 |      10
two bad, named at the top                              | 1, 4    |        8 |         0 |        2 |       0 |        0 | nothing        |        5 |       8
two bad, named under details                           | 1, 4    |        8 |         0 |        2 |       0 |        0 | nothing        |        5 |       8
two bad, not named                                     | 1, 4    |        8 |         0 |        0 |       2 |        0 | nothing        |        9 |       8
two bad, whole batches refused                         | 1, 4    |        8 |         0 |        2 |       0 |        0 | nothing        |        9 |       8
all bad, named at the top                              | 1, 4    |        0 |         0 |       10 |       0 |        0 | nothing        |        5 |       0
all bad, not named                                     | 1       |        0 |         0 |        0 |       6 |        0 | none named     |        7 |       0
all bad, whole batches refused                         | 1, 4    |        0 |         0 |        4 |       0 |        2 | 400            |        7 |       0
100 named, every fifth of 1000 bad                     | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |        3 |     800
100 named, every fifth of 1000 bad, duplicates named   | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |       11 |     800
100 named, the first 100 of 1000 bad                   | 4       |      900 |         0 |      100 |       0 |        0 | nothing        |        2 |     900
100 named, the first 200 of 1000 bad                   | 4       |      800 |         0 |      200 |       0 |        0 | nothing        |        3 |     800
100 named, all of 1000 bad                             | 4       |        0 |         0 |     1000 |       0 |        0 | nothing        |       10 |       0
none named, event 617 of 1000 bad                      | 4       |      999 |         0 |        0 |       1 |        0 | nothing        |       13 |     999
none named, all of 1000 bad                            | 4       |        0 |         0 |        0 |    1000 |        0 | nothing        |      129 |       0
whole batches refused, event 617 of 1000 bad           | 4       |      999 |         0 |        1 |       0 |        0 | nothing        |        3 |     999
whole batches refused, all of 1000 bad                 | 4       |        0 |         0 |       64 |       0 |      936 | 400            |      129 |       0
422 above 500 of 1000 events                           | 4       |     1000 |         0 |        0 |       0 |        0 | nothing        |        3 |    1000
413 above 60 kB, 1000 events of 190 bytes              | 4       |     1000 |         0 |        0 |       0 |        0 | nothing        |        6 |    1000
400 in HTML for ever                                   | 1, 4    |        0 |         0 |        0 |       0 |        6 | 400            |        7 |       0
400 in HTML once                                       | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        7 |      10
reset after reading for ever                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        8 |       2
reset after reading once                               | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
reset after reading once, duplicates named             | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
reset after reading every third time                   | 1       |       10 |         0 |        0 |       0 |        0 | nothing        |        7 |      10
reset before reading for ever                          | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        8 |       0
reset before reading once                              | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
cut-off 202 for ever                                   | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        8 |       2
cut-off 202 once                                       | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
cut-off 202 once, duplicates named                     | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
cut-off 207 for ever                                   | 1, 4    |        0 |         0 |        0 |       2 |        0 | broken         |        8 |       1
cut-off 207 once                                       | 1, 4    |        9 |         0 |        1 |       0 |        0 | nothing        |        6 |       9
cut-off 207 once, duplicates named                     | 1, 4    |        9 |         0 |        1 |       0 |        0 | nothing        |        6 |       9
delay beyond the timeout, two attempts                 | 1, 4    |        0 |         0 |        0 |       2 |        0 | timeout        |        4 |       0
delay beyond the timeout after applying, two attempts  | 1, 4    |        0 |         0 |        0 |       2 |        0 | timeout        |        4 |       2
401 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 401            |        1 |       0
403 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 403            |        1 |       0
another token                                          | 1, 4    |        0 |         0 |        0 |       0 |        2 | 401            |        1 |       0
404 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 404            |        1 |       0
409 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 409            |        1 |       0
429 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 429            |        6 |       0
429 twice                                              | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        7 |      10
429 for an hour, a deadline of a second                | 1, 4    |        0 |         0 |        0 |       0 |        2 | 429            |        1 |       0
408 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 408            |        8 |       0
500 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 500            |        8 |       0
502 in HTML for ever                                   | 1, 4    |        0 |         0 |        0 |       2 |        0 | 502            |        8 |       0
503 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        8 |       0
503 once                                               | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
503 after applying for ever                            | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        8 |       2
503 after applying once                                | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
503 after applying once, duplicates named              | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |        6 |      10
504 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 504            |        8 |       0
501 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 501            |        3 |       0
302 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | 302            |        1 |       0
307 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        2 | 307            |        1 |       0
200 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | no such answer |        1 |       0
204 for ever                                           | 1, 4    |        0 |         0 |        0 |       2 |        0 | no such answer |        1 |       0
207 in HTML for ever                                   | 1, 4    |        0 |         0 |        0 |       2 |        0 | unreadable 207 |        1 |       0
no server                                              | 1, 4    |        0 |         0 |        0 |       0 |        2 | no server      |        0 |       0
reset after reading once, then 401                     | 1, 4    |        0 |         0 |        0 |       2 |        0 | 401            |        2 |       2
503 after applying once, then 404                      | 1, 4    |        0 |         0 |        0 |       2 |        0 | 404            |        2 |       2
503 after applying once, then 429                      | 1, 4    |        0 |         0 |        0 |       2 |        0 | 429            |        6 |       2
429 once, then 503                                     | 1, 4    |        0 |         0 |        0 |       2 |        0 | 503            |        9 |       0
429 once, then 401                                     | 1, 4    |        0 |         0 |        0 |       0 |        2 | 401            |        2 |       0
401 for the third batch                                | 1       |        4 |         0 |        0 |       0 |        2 | 401            |        3 |       4
403 for the third batch                                | 1       |        4 |         0 |        0 |       0 |        2 | 403            |        3 |       4
404 for the third batch                                | 1       |        4 |         0 |        0 |       0 |        2 | 404            |        3 |       4
302 for the third batch                                | 1       |        4 |         0 |        0 |       2 |        0 | 302            |        3 |       4
400 from the third batch on                            | 1       |        4 |         0 |        0 |       0 |        6 | 400            |        9 |       4
429 from the third batch on                            | 1       |        4 |         0 |        0 |       0 |        2 | 429            |        8 |       4
503 from the third batch on                            | 1       |        4 |         0 |        0 |       2 |        0 | 503            |       10 |       4
reset after reading from the third batch on            | 1       |        4 |         0 |        0 |       2 |        0 | broken         |       10 |       6
reset before reading from the third batch on           | 1       |        4 |         0 |        0 |       2 |        0 | broken         |       10 |       4
cut-off from the third batch on                        | 1       |        4 |         0 |        0 |       2 |        0 | broken         |       10 |       6
";

/// The same for a single event through `ingest_event`.
pub(crate) const SINGLE: &str = "
fault                                                  | at once | accepted | duplicate | rejected | unknown | not sent | stopped by     | requests | metered
none                                                   | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        1 |       1
a short delay                                          | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        1 |       1
all bad, named at the top                              | 1       |        0 |         0 |        1 |       0 |        0 | nothing        |        1 |       0
413 for ever                                           | 1       |        0 |         0 |        1 |       0 |        0 | nothing        |        1 |       0
422 for ever                                           | 1       |        0 |         0 |        1 |       0 |        0 | nothing        |        1 |       0
400 about size for ever                                | 1       |        0 |         0 |        1 |       0 |        0 | nothing        |        1 |       0
400 in HTML for ever                                   | 1       |        0 |         0 |        1 |       0 |        0 | nothing        |        1 |       0
reset after reading for ever                           | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        6 |       1
reset after reading once                               | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        2 |       1
reset before reading for ever                          | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        6 |       0
reset before reading once                              | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        2 |       1
cut-off 202 for ever                                   | 1       |        0 |         0 |        0 |       1 |        0 | broken         |        6 |       1
cut-off 202 once                                       | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        2 |       1
delay beyond the timeout, two attempts                 | 1       |        0 |         0 |        0 |       1 |        0 | timeout        |        2 |       0
delay beyond the timeout after applying, two attempts  | 1       |        0 |         0 |        0 |       1 |        0 | timeout        |        2 |       1
401 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 401            |        1 |       0
403 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 403            |        1 |       0
another token                                          | 1       |        0 |         0 |        0 |       0 |        1 | 401            |        1 |       0
404 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 404            |        1 |       0
409 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 409            |        1 |       0
429 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 429            |        6 |       0
429 twice                                              | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        3 |       1
429 for an hour, a deadline of a second                | 1       |        0 |         0 |        0 |       0 |        1 | 429            |        1 |       0
408 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 408            |        6 |       0
500 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 500            |        6 |       0
502 in HTML for ever                                   | 1       |        0 |         0 |        0 |       1 |        0 | 502            |        6 |       0
503 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        6 |       0
503 once                                               | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        2 |       1
503 after applying for ever                            | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        6 |       1
503 after applying once                                | 1       |        1 |         0 |        0 |       0 |        0 | nothing        |        2 |       1
504 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 504            |        6 |       0
501 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 501            |        1 |       0
302 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | 302            |        1 |       0
307 for ever                                           | 1       |        0 |         0 |        0 |       0 |        1 | 307            |        1 |       0
200 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | no such answer |        1 |       0
204 for ever                                           | 1       |        0 |         0 |        0 |       1 |        0 | no such answer |        1 |       0
207 in HTML for ever                                   | 1       |        0 |         0 |        0 |       1 |        0 | unreadable 207 |        1 |       0
no server                                              | 1       |        0 |         0 |        0 |       0 |        1 | no server      |        0 |       0
reset after reading once, then 401                     | 1       |        0 |         0 |        0 |       1 |        0 | 401            |        2 |       1
reset after reading once, then 400                     | 1       |        0 |         0 |        0 |       1 |        0 | nothing        |        2 |       1
503 after applying once, then 429                      | 1       |        0 |         0 |        0 |       1 |        0 | 429            |        6 |       1
429 once, then 503                                     | 1       |        0 |         0 |        0 |       1 |        0 | 503            |        7 |       0
429 once, then 401                                     | 1       |        0 |         0 |        0 |       0 |        1 | 401            |        2 |       0
";

/// Where the largest request that the server takes is learnt from the first batch, and holds from the second one on.
pub(crate) const LEARNT: &str = "
fault                                                  | at once | accepted | duplicate | rejected | unknown | not sent | stopped by     | requests | metered
422 above 1 event                                      | 1, 4    |       10 |         0 |        0 |       0 |        0 | nothing        |       11 |      10
413 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        6 | 413            |        7 |       0
422 for ever                                           | 1, 4    |        0 |         0 |        0 |       0 |        6 | 422            |        7 |       0
400 about size for ever                                | 1, 4    |        0 |         0 |        0 |       0 |        6 | 400            |        7 |       0
";

/// What a row of a table is played in.
struct FaultScenario {
    events: u32,
    batch_size: usize,
    is_bad: fn(u32) -> bool,
    sandbox: SandboxBuilder,
    faults: Vec<Fault>,
    token: &'static str,
    is_there: bool,
    attempt_timeout: Option<Duration>,
    options: CallOptions,
}

impl FaultScenario {
    fn new(sandbox: SandboxBuilder) -> Self {
        Self {
            events: 10,
            batch_size: 2,
            is_bad: |_| false,
            sandbox,
            faults: Vec::new(),
            token: TOKEN,
            is_there: true,
            attempt_timeout: None,
            options: CallOptions::new(),
        }
    }

    /// A thousand events in one batch.
    fn thousand(self) -> Self {
        Self { events: 1000, batch_size: 1000, ..self }
    }

    fn bad(self, is_bad: fn(u32) -> bool) -> Self {
        Self { is_bad, ..self }
    }

    fn set(mut self, set: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        self.sandbox = set(self.sandbox);
        self
    }

    fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Something that happens from the third request on.
    fn after_two_requests(self, fault: Fault) -> Self {
        self.fault(Fault::delay(Duration::ZERO).first(2)).fault(fault)
    }

    fn impatient(self) -> Self {
        let options = CallOptions::new();
        let twice = RetryPolicy::default().with_initial_backoff(Duration::ZERO).with_max_attempts(2);
        Self { attempt_timeout: Some(Duration::from_millis(300)), options: options.retry(twice), ..self }
    }

    /// The scenario of a row.
    #[expect(clippy::too_many_lines, reason = "a line or two for each row of the table")]
    fn named<S: Service>(name: &str) -> Self {
        let ten = Self::new(S::sandbox());
        let named_100 = |sandbox: SandboxBuilder| sandbox.partial_failure_limit(100);
        let none_named = |sandbox: SandboxBuilder| sandbox.partial_failure(PartialFailureShape::WithoutList);
        let whole = |sandbox: SandboxBuilder| sandbox.refuse_whole_batches(true);
        let duplicates = |sandbox: SandboxBuilder| sandbox.name_duplicates(true);
        let hour = Duration::from_secs(3600);
        match name {
            "none" => ten,
            "a short delay" => ten.fault(Fault::delay(Duration::from_millis(1))),
            "two bad, named at the top" => ten.bad(two),
            "two bad, named under details" => {
                ten.bad(two).set(|sandbox| sandbox.partial_failure(PartialFailureShape::UnderDetails))
            }
            "two bad, not named" => ten.bad(two).set(none_named),
            "two bad, whole batches refused" => ten.bad(two).set(whole),
            "all bad, named at the top" => ten.bad(all),
            "all bad, not named" => ten.bad(all).set(none_named),
            "all bad, whole batches refused" => ten.bad(all).set(whole),
            "100 named, every fifth of 1000 bad" => ten.thousand().bad(every_fifth).set(named_100),
            "100 named, every fifth of 1000 bad, duplicates named" => {
                ten.thousand().bad(every_fifth).set(named_100).set(duplicates)
            }
            "100 named, the first 100 of 1000 bad" => ten.thousand().bad(|number| number < 100).set(named_100),
            "100 named, the first 200 of 1000 bad" => ten.thousand().bad(|number| number < 200).set(named_100),
            "100 named, all of 1000 bad" => ten.thousand().bad(all).set(named_100),
            "none named, event 617 of 1000 bad" => ten.thousand().bad(|number| number == 617).set(none_named),
            "none named, all of 1000 bad" => ten.thousand().bad(all).set(none_named),
            "whole batches refused, event 617 of 1000 bad" => ten.thousand().bad(|number| number == 617).set(whole),
            "whole batches refused, all of 1000 bad" => ten.thousand().bad(all).set(whole),
            "422 above 500 of 1000 events" => ten.thousand().set(|sandbox| sandbox.max_batch(500)),
            "422 above 1 event" => ten.set(|sandbox| sandbox.max_batch(1)),
            "413 above 60 kB, 1000 events of 190 bytes" => ten.thousand().set(|sandbox| sandbox.max_body_bytes(60_000)),
            "413 for ever" => ten.fault(status(413)),
            "422 for ever" => ten.fault(status(422)),
            "400 about size for ever" => ten.fault(Fault::status(400).json(json!({"message": "payload too large"}))),
            "400 in HTML for ever" => ten.fault(page(400)),
            "400 in HTML once" => ten.fault(page(400).first(1)),
            "reset after reading for ever" => ten.fault(Fault::reset_after_reading()),
            "reset after reading once" => ten.fault(Fault::reset_after_reading().first(1)),
            "reset after reading once, duplicates named" => {
                ten.fault(Fault::reset_after_reading().first(1)).set(duplicates)
            }
            "reset after reading every third time" => ten.fault(Fault::reset_after_reading().every(3)),
            "reset before reading for ever" => ten.fault(Fault::reset_before_reading()),
            "reset before reading once" => ten.fault(Fault::reset_before_reading().first(1)),
            "cut-off 202 for ever" => ten.fault(Fault::cut_off()),
            "cut-off 202 once" => ten.fault(Fault::cut_off().first(1)),
            "cut-off 202 once, duplicates named" => ten.fault(Fault::cut_off().first(1)).set(duplicates),
            "cut-off 207 for ever" => ten.bad(first).fault(Fault::cut_off()),
            "cut-off 207 once" => ten.bad(first).fault(Fault::cut_off().first(1)),
            "cut-off 207 once, duplicates named" => ten.bad(first).fault(Fault::cut_off().first(1)).set(duplicates),
            "delay beyond the timeout, two attempts" => ten.fault(Fault::delay(hour)).impatient(),
            "delay beyond the timeout after applying, two attempts" => {
                ten.fault(Fault::delay(hour).after_applying()).impatient()
            }
            "401 for ever" => ten.fault(status(401)),
            "403 for ever" => ten.fault(status(403)),
            "another token" => Self { token: "another-t0ken", ..ten },
            "404 for ever" => ten.fault(status(404)),
            "409 for ever" => ten.fault(status(409)),
            "429 for ever" => ten.fault(throttling()),
            "429 twice" => ten.fault(throttling().first(2)),
            "429 for an hour, a deadline of a second" => {
                let options = CallOptions::new().deadline(Duration::from_secs(1));
                Self { options, ..ten.fault(status(429).header("retry-after", "3600")) }
            }
            "408 for ever" => ten.fault(status(408)),
            "500 for ever" => ten.fault(status(500)),
            "502 in HTML for ever" => ten.fault(page(502)),
            "503 for ever" => ten.fault(status(503)),
            "503 once" => ten.fault(status(503).first(1)),
            "503 after applying for ever" => ten.fault(status(503).after_applying()),
            "503 after applying once" => ten.fault(status(503).after_applying().first(1)),
            "503 after applying once, duplicates named" => {
                ten.fault(status(503).after_applying().first(1)).set(duplicates)
            }
            "504 for ever" => ten.fault(status(504)),
            "501 for ever" => ten.fault(status(501)),
            "302 for ever" => ten.fault(status(302).header("location", "/elsewhere")),
            "307 for ever" => ten.fault(status(307).header("location", "/elsewhere")),
            "200 for ever" => ten.fault(status(200)),
            "204 for ever" => ten.fault(status(204)),
            "207 in HTML for ever" => ten.fault(page(207)),
            "no server" => Self { is_there: false, ..ten },
            "reset after reading once, then 401" => ten.fault(Fault::reset_after_reading().first(1)).fault(status(401)),
            "reset after reading once, then 400" => ten.fault(Fault::reset_after_reading().first(1)).fault(status(400)),
            "503 after applying once, then 404" => ten.fault(status(503).after_applying().first(1)).fault(status(404)),
            "503 after applying once, then 429" => ten.fault(status(503).after_applying().first(1)).fault(throttling()),
            "429 once, then 503" => ten.fault(throttling().first(1)).fault(status(503)),
            "429 once, then 401" => ten.fault(throttling().first(1)).fault(status(401)),
            "401 for the third batch" => ten.after_two_requests(status(401).first(1)),
            "403 for the third batch" => ten.after_two_requests(status(403).first(1)),
            "404 for the third batch" => ten.after_two_requests(status(404).first(1)),
            "302 for the third batch" => ten.after_two_requests(status(302).first(1)),
            "400 from the third batch on" => ten.after_two_requests(status(400)),
            "429 from the third batch on" => ten.after_two_requests(throttling()),
            "503 from the third batch on" => ten.after_two_requests(status(503)),
            "reset after reading from the third batch on" => ten.after_two_requests(Fault::reset_after_reading()),
            "reset before reading from the third batch on" => ten.after_two_requests(Fault::reset_before_reading()),
            "cut-off from the third batch on" => ten.after_two_requests(Fault::cut_off()),
            _ => panic!("no such scenario: {name}"),
        }
    }

    /// Plays it through an ingest method, and says what became of the events as a row of the table does.
    async fn run<S: Service>(self, method: IngestMethod, concurrency: usize, ingest: &impl Ingest<S>) -> String {
        let sandbox = self.sandbox.start().await.unwrap();
        self.faults.into_iter().for_each(|fault| sandbox.fault(fault));
        let (_socket, nowhere) = unused_address();
        let base_url = if self.is_there { S::base_url(&sandbox) } else { &nowhere };
        let client = S::build(S::builder(self.token, base_url), self.attempt_timeout).with(self.options);
        let input = Input { events: self.events, is_bad: self.is_bad, batch_size: self.batch_size, concurrency };
        let input = if method == IngestMethod::Single { Input { events: 1, ..input } } else { input };
        let outcome: CallOutcome = ingest(method, &client, input).await;
        outcome.check::<S>(&sandbox);
        let mut row = outcome.counts().map(|count| count.to_string()).to_vec();
        row.extend([outcome.stopped_by(), sandbox.request_count().to_string(), S::metered_count(&sandbox).to_string()]);
        row.join(" | ")
    }
}

/// How events are handed in through an ingest method of a service.
pub(crate) trait Ingest<S: Service>: AsyncFn(IngestMethod, &S::Client, Input) -> CallOutcome {}

impl<S: Service, I: AsyncFn(IngestMethod, &S::Client, Input) -> CallOutcome> Ingest<S> for I {}

fn two(number: u32) -> bool {
    number == 3 || number == 7
}

fn first(number: u32) -> bool {
    number == 0
}

fn every_fifth(number: u32) -> bool {
    number.is_multiple_of(5)
}

fn all(_: u32) -> bool {
    true
}

/// A server that echoes the token.
fn status(status: u16) -> Fault {
    Fault::status(status).json(json!({"message": format!("not with {TOKEN}")}))
}

/// A gateway that does.
fn page(status: u16) -> Fault {
    Fault::status(status).body(format!("<html><title>not with {TOKEN}</title></html>"))
}

fn throttling() -> Fault {
    status(429).header("retry-after", "0")
}

/// An address where nobody listens, and nobody else will as long as the socket is there.
fn unused_address() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, format!("http://{address}"))
}

/// A row of a table: what is to become of the events of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultRow {
    pub(crate) fault: String,
    /// How many batches are in flight where the result is always the same.
    pub(crate) at_once: Vec<usize>,
    pub(crate) expected: String,
}

impl FaultRow {
    pub(crate) fn new(fault: &str, at_once: &str, expected: &str) -> Self {
        Self {
            fault: fault.trim().to_owned(),
            at_once: at_once.split(',').map(|number| number.trim().parse().unwrap()).collect(),
            expected: expected.split('|').map(str::trim).collect::<Vec<_>>().join(" | "),
        }
    }
}

/// The rows of a table of Togai.
pub(crate) fn rows(table: &str) -> impl Iterator<Item = FaultRow> {
    table.lines().skip(2).map(|line| {
        let (fault, rest) = line.split_once('|').unwrap();
        let (at_once, expected) = rest.split_once('|').unwrap();
        FaultRow::new(fault, at_once, expected)
    })
}

/// Runs all scenarios of a table through an ingest method, and lists those with another result. Requests in flight do not
/// depend on the source, so only the first method runs each scenario with one and with four batches at once.
pub(crate) async fn check<S: Service>(kind: FaultTable, method: IngestMethod, ingest: impl Ingest<S>) {
    let rows: Vec<FaultRow> = rows(kind.table()).map(|row| differences::expected::<S>(kind, row)).collect();
    let runs = rows.iter().flat_map(|row| {
        let FaultRow { at_once, .. } = row;
        let exact = if method == IngestMethod::Events { &at_once[..] } else { &at_once[at_once.len() - 1..] };
        let other = (*at_once == [1] && method == IngestMethod::Events).then_some((row, 4, false));
        exact.iter().map(move |concurrency| (row, *concurrency, true)).chain(other)
    });
    let results = stream::iter(runs).map(async |(row, concurrency, is_exact)| {
        let FaultRow { fault, expected, .. } = row;
        let is = FaultScenario::named::<S>(fault).run::<S>(method, concurrency, &ingest).await;
        if !is_exact || is == *expected {
            return String::new();
        }
        let advice = differences::advice::<S>(kind, row, &is);
        format!("{fault} ({concurrency} at once)\n  is {is}\n not {expected}\n{advice}")
    });
    // Some of them wait for an answer that does not come; others are played meanwhile.
    let problems: String = results.buffered(3).collect().await;
    assert!(problems.is_empty(), "{} {method:?}\n{problems}", S::NAME);
}
