//! What is told in the end.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount};
use togai_ext::{Error, IngestErrorExt as _};

use crate::delivery::{DeliveryResult, Failure, Settings};
use crate::progress::{Progress, per_second};
use crate::rejected::Finished;
use crate::service::Service;

/// The counts of a run, and why it ended where that was before its end.
#[derive(Debug)]
pub(crate) struct Summary {
    lines: u64,
    bytes: u64,
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    unknown: u64,
    not_sent: u64,
    time: Duration,
    file: Finished,
    stopped_by: Option<String>,
    notes: Vec<String>,
    /// Whether an event that is sent again counts once.
    may_be_repeated: bool,
    last_line: Option<String>,
}

impl Summary {
    pub(crate) fn new<C: Service>(
        result: &DeliveryResult<C::Event>,
        settings: Settings,
        progress: &Progress,
        file: Finished,
    ) -> Self {
        progress.finish();
        let (report, error) = match result {
            Ok(report) => (report, None),
            Err(failure) => (failure.report(), Some(failure)),
        };
        let stopped_by = match (error, &file.failure) {
            (Some(failure), _) => Some(format!("{}\n  {}", failure.error(), remedy::<C>(failure))),
            (None, Some(failure)) => Some(format!("{failure}\n  see to the file that takes the rejected lines")),
            (None, None) if progress.is_interrupted() => Some("Ctrl-C, after all that was read had been sent".into()),
            (None, None) => None,
        };
        Self {
            lines: progress.lines(),
            bytes: progress.bytes(),
            accepted: report.accepted(),
            duplicates: report.duplicates(),
            rejected: report.rejected() + progress.malformed(),
            unknown: report.unknown(),
            not_sent: report.not_sent(),
            time: progress.elapsed(),
            file,
            stopped_by,
            notes: Vec::new(),
            may_be_repeated: C::COUNTS_AN_ID_ONCE || settings.assume_idempotent,
            last_line: progress.last_line(),
        }
    }

    /// Adds something to be told at the end.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match (self.is_complete(), self.rejected) {
            (false, _) => 1,
            (true, 0) => 0,
            (true, _) => 2,
        })
    }

    /// Whether every line has its verdict.
    fn is_complete(&self) -> bool {
        self.stopped_by.is_none() && self.unknown == 0 && self.not_sent == 0
    }

    /// What to do about what was not accepted.
    fn next_steps(&self) -> Vec<String> {
        let is_taken = self.accepted + self.unknown > 0;
        if self.is_complete() && (self.may_be_repeated || self.rejected == 0 || !is_taken) {
            return Vec::new();
        }
        if self.may_be_repeated {
            return vec!["run it again with the same files: nothing is billed twice".to_owned()];
        }
        if !is_taken {
            return vec!["run it again with the same files: the server took none of it".to_owned()];
        }
        let mut lines = vec![
            "do not run it again with the same files: that an event which is sent again counts once is not documented"
                .to_owned(),
        ];
        let file = self.file.path.display();
        let mut advise = |count, what: &str| {
            if count > 0 {
                lines.push(format!("{what}; they are in {file}"));
            }
        };
        advise(self.rejected, "rejected lines: correct them, and send them in a file of their own");
        advise(
            self.unknown,
            "unknown lines: find out from the vendor whether the server has them, before you send them again",
        );
        advise(self.not_sent, "lines that were not sent: send them in a file of their own");
        if let (Some(_), Some(last)) = (&self.stopped_by, &self.last_line) {
            lines.push(format!("lines after {last}: they were not read, so send them in a file of their own"));
        }
        lines
    }
}

/// What to do about an error, beyond what it says itself.
fn remedy<C: Service>(failure: &Failure<C::Event>) -> &'static str {
    let error = failure.error();
    if error.is_auth() {
        C::CHECK_TOKEN
    } else if error.is_source() {
        "see to the file"
    } else if failure.call_error().is_some_and(Error::is_retryable) {
        "the server is not up to it now"
    } else {
        "see to what it says"
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |formatter: &mut fmt::Formatter<'_>, name: &str, value: &str, remark: &str| {
            writeln!(formatter, "{}", format!("  {name:<11}{value:>12}   {remark}").trim_end())
        };
        let count = |count| HumanCount(count).to_string();
        let about = |count, remark| if count == 0 { String::new() } else { remark };
        let in_file = format!("with their reasons in {}", self.file.path.display());
        row(formatter, "lines read", &count(self.lines), &HumanBytes(self.bytes).to_string())?;
        row(formatter, "accepted", &count(self.accepted), "")?;
        let there_already = about(self.duplicates, "the server had them already".to_owned());
        row(formatter, "duplicates", &count(self.duplicates), &there_already)?;
        row(formatter, "rejected", &count(self.rejected), &about(self.rejected, in_file.clone()))?;
        row(formatter, "unknown", &count(self.unknown), &about(self.unknown, in_file.clone()))?;
        row(formatter, "not sent", &count(self.not_sent), &about(self.not_sent, in_file))?;
        let seconds = format!("{:.1} s", self.time.as_secs_f64());
        let rate = format!("{} lines/s", count(per_second(self.lines, self.time)));
        row(formatter, "time", &seconds, &rate)?;
        for note in &self.notes {
            writeln!(formatter, "\n  {note}")?;
        }
        if let Some(stopped_by) = &self.stopped_by {
            writeln!(formatter, "\n  stopped by {stopped_by}")?;
        }
        match self.next_steps().as_slice() {
            [] => Ok(()),
            lines => writeln!(formatter, "\n  {}", lines.join("\n  ")),
        }
    }
}
