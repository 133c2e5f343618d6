//! How far the run is: a bar on the terminal, and the counts behind it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use togai_ext::IngestProgress;

use crate::reader::Origin;

const BAR: &str = "  [{bar:30}] {percent:>3} %  {msg}  {eta} left";
const SPINNER: &str = "  {spinner} {bytes} read  {msg}";

/// Clones are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counts {
    start: Instant,
    lines: AtomicU64,
    bytes: AtomicU64,
    malformed: AtomicU64,
    /// The line that was taken last, by file and number.
    last: Mutex<Option<(Arc<str>, u64)>>,
    is_interrupted: AtomicBool,
}

impl Progress {
    /// A bar where it is known how much there is to read, else a spinner; neither where standard error is no terminal.
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), BAR),
            None => (ProgressBar::new_spinner(), SPINNER),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        // The time that is left is shown also while the server keeps us waiting.
        bar.enable_steady_tick(Duration::from_millis(100));
        let counts = Counts {
            start: Instant::now(),
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            last: Mutex::new(None),
            is_interrupted: AtomicBool::new(false),
        };
        Self { bar, counts: Arc::new(counts) }
    }

    /// Counts a line that was taken from the reader.
    pub(crate) fn count_line(&self, origin: &Origin, bytes: u64) {
        let last = (Arc::clone(&origin.file), origin.line);
        *self.counts.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        self.counts.lines.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    /// Counts a line that is no event.
    pub(crate) fn count_malformed(&self) {
        self.counts.malformed.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows the verdicts so far.
    pub(crate) fn show(&self, so_far: &IngestProgress) {
        let rejected = so_far.rejected + self.malformed();
        let rate = per_second(so_far.settled(), self.elapsed());
        self.bar.set_message(format!(
            "{} accepted, {} duplicates, {} rejected  {}/s",
            HumanCount(so_far.accepted),
            HumanCount(so_far.duplicates),
            HumanCount(rejected),
            HumanCount(rate),
        ));
    }

    /// Notes that the user has had enough.
    pub(crate) fn interrupt(&self) {
        self.counts.is_interrupted.store(true, Ordering::Relaxed);
        self.bar.suspend(|| eprintln!("  Ctrl-C: sending what was read; press it again to give up"));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub(crate) fn lines(&self) -> u64 {
        self.counts.lines.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn malformed(&self) -> u64 {
        self.counts.malformed.load(Ordering::Relaxed)
    }

    /// The line that was taken last, such as `events.ndjson:12`.
    pub(crate) fn last_line(&self) -> Option<String> {
        let last = self.counts.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map(|(file, line)| format!("{file}:{line}"))
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.counts.is_interrupted.load(Ordering::Relaxed)
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.counts.start.elapsed()
    }
}

/// How many there are in a second.
pub(crate) fn per_second(count: u64, time: Duration) -> u64 {
    let rate = u128::from(count) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}
