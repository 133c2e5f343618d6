//! From requests to delivered events: a channel, and a task that ingests what comes out of it.

use std::collections::VecDeque;
use std::fmt;
use std::task::Poll;
use std::time::Duration;

use futures::stream;
use togai_ext::prelude::*;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::dead_letters::DeadLetters;

/// Events that wait to be sent. At 300 bytes each it is 3 MB, and at 1000 requests a second an outage of 10 seconds.
const ROOM: usize = 10_000;
/// How long an event waits for others to go with.
const LINGER: Duration = Duration::from_millis(200);
/// How long ingestion that was stopped waits before it starts again: twice as long each time, up to a bound. The API locks
/// an address out after 5 requests with a bad token in 30 minutes, so the bound is far.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);
/// How long the service delivers what is left when it ends. Orchestrators kill it after 30 seconds.
const LAST_DELIVERY: Duration = Duration::from_secs(20);

/// Takes events. Clones are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    sender: Sender<Event>,
}

/// Room for one event.
#[derive(Debug)]
pub(crate) struct Slot(OwnedPermit<Event>);

impl Meter {
    /// Room for one event; none where the metering is behind.
    pub(crate) fn reserve(&self) -> Option<Slot> {
        self.sender.clone().try_reserve_owned().ok().map(Slot)
    }
}

impl Slot {
    /// Hands the event over. It neither waits nor fails.
    pub(crate) fn send(self, event: Event) {
        self.0.send(event);
    }
}

/// The task that delivers. It ends when all meters are gone and what they took is accounted for.
#[derive(Debug)]
pub(crate) struct Metering {
    task: JoinHandle<Totals>,
    deadline: watch::Sender<Option<Instant>>,
}

impl Metering {
    /// Waits for the end, once the meters are gone. Ingestion that waits to start again does so at once, for the last time.
    /// What is not delivered in time goes to the dead letters.
    pub(crate) async fn end(self) -> Result<Totals, JoinError> {
        self.deadline.send_replace(Some(Instant::now() + LAST_DELIVERY));
        self.task.await
    }
}

/// What became of all events.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    accepted: u64,
    duplicates: u64,
    dead_letters: u64,
    stops: u64,
}

/// Starts to deliver.
pub(crate) fn start(client: Client, dead_letters: DeadLetters) -> (Meter, Metering) {
    let (sender, receiver) = mpsc::channel(ROOM);
    let deadline = watch::Sender::new(None);
    let delivery = Delivery {
        client,
        receiver,
        waiting: VecDeque::new(),
        dead_letters,
        deadline: deadline.subscribe(),
        totals: Totals::default(),
    };
    (Meter { sender }, Metering { task: tokio::spawn(delivery.run()), deadline })
}

struct Delivery {
    client: Client,
    receiver: Receiver<Event>,
    /// Events that were handed back, and go before those of the channel.
    waiting: VecDeque<Event>,
    dead_letters: DeadLetters,
    /// When the service is to have ended; nothing while it runs.
    deadline: watch::Receiver<Option<Instant>>,
    totals: Totals,
}

impl Delivery {
    /// One call after the other, until one ends because there is nothing left.
    async fn run(mut self) -> Totals {
        let mut wait = FIRST_WAIT;
        loop {
            let is_last = self.receiver.is_closed();
            let accepted_before = self.totals.accepted;
            let ended = self.ingest().await;
            if is_last || (ended.is_ok() && self.waiting.is_empty()) {
                break;
            }
            if let Err(error) = ended {
                self.totals.stops += 1;
                if self.totals.accepted > accepted_before {
                    wait = FIRST_WAIT;
                }
                eprintln!("metering stopped, and starts again in {} s: {error}", wait.as_secs());
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = self.deadline.wait_for(Option::is_some) => {}
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        self.write_remaining_dead_letters();
        self.totals.dead_letters = self.dead_letters.written();
        self.totals
    }

    /// Ingests what comes, until the channel is closed or going on makes no sense.
    async fn ingest(&mut self) -> Result<(), Error> {
        let (waiting, receiver) = (&mut self.waiting, &mut self.receiver);
        // Both are lent, so what the call does not pull stays where it is when the call ends.
        let events = stream::poll_fn(|context| match waiting.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None => receiver.poll_recv(context),
        });
        let mut handed_back = VecDeque::new();
        let dead_letters = &mut self.dead_letters;
        let mut deadline = self.deadline.clone();
        let time_is_over = async move {
            // The service ends as well where its sender is gone.
            let deadline = deadline.wait_for(Option::is_some).await.ok().and_then(|deadline| *deadline);
            tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)).await;
        };
        let call = self.client.ingest_stream(events).linger(LINGER).stop_when(time_is_over);
        let call = call.on_not_accepted(|verdict| match &verdict.outcome {
            Outcome::Duplicate { .. } => {}
            outcome if outcome.is_retryable() && handed_back.len() < ROOM => handed_back.push_back(verdict.event),
            outcome => dead_letters.write(&verdict.event, outcome),
        });
        let ended = call.send().await;

        let report = match &ended {
            Ok(report) => report,
            Err(failure) => failure.report(),
        };
        self.totals.accepted += report.accepted();
        self.totals.duplicates += report.duplicates();
        handed_back.append(&mut self.waiting);
        self.waiting = handed_back;
        ended.map(|_| ()).map_err(IngestErrorExt::into_error)
    }

    /// Writes to the dead letters what could not be delivered in the end.
    fn write_remaining_dead_letters(&mut self) {
        let outcome = Outcome::NotSent { status: None, code: None, message: "the service has ended".into() };
        while let Some(event) = self.waiting.pop_front().or_else(|| self.receiver.try_recv().ok()) {
            self.dead_letters.write(&event, &outcome);
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "accepted      {:>6}", self.accepted)?;
        writeln!(formatter, "duplicates    {:>6}", self.duplicates)?;
        writeln!(formatter, "dead letters  {:>6}", self.dead_letters)?;
        write!(formatter, "stopped       {:>6} times", self.stops)
    }
}
