//! Building and running the model in the copy.

use std::fs::{File, read_to_string};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::copy::WorkspaceCopy;
use super::list::Over;
use crate::command::{cargo, text_of};

/// Steps within which each mutant has to be found.
const STEPS: u64 = 100_000;
/// A run takes seconds. One that does not end is a mutant that makes the engine loop, which is not found by a check.
const LONGEST_RUN: Duration = Duration::from_secs(600);

/// How the model ended.
pub(super) enum Played {
    Passed,
    Failed { steps: u64, problem: String },
}

/// Builds the model alone and plays it. A mutant that does not compile is an error.
pub(super) fn play(copy: &WorkspaceCopy, over: Over) -> Result<Played> {
    let built = text_of(test(copy, over).args(["--no-run", "--message-format=json"]))?;
    let program = program_of(&built).context("cargo does not say what it has built")?;
    let (stdout, stderr) = (copy.target.join("stdout"), copy.target.join("stderr"));
    // The program itself: if cargo ran it, killing cargo would leave it behind.
    let mut child = Command::new(program)
        .arg("--nocapture")
        .current_dir(copy.folder.join("tests/model"))
        .env("TOGAI_MODEL_STEPS", STEPS.to_string())
        .env("RUST_BACKTRACE", "0")
        // Into files: a pipe that nobody reads while it waits would block it.
        .stdout(File::create(&stdout)?)
        .stderr(File::create(&stderr)?)
        .spawn()
        .context("cannot run the model")?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > LONGEST_RUN {
            child.kill()?;
            child.wait()?;
            bail!("the model does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if status.success() {
        return Ok(Played::Passed);
    }
    failed(&read_to_string(stdout)?, &read_to_string(stderr)?)
}

/// The test program, by what cargo says while it builds.
fn program_of(messages: &str) -> Option<String> {
    let mut messages = messages.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| message["executable"].as_str().map(str::to_owned))
}

/// How many steps there were, and what was wrong.
fn failed(stdout: &str, stderr: &str) -> Result<Played> {
    let steps = stdout.lines().find_map(|line| line.strip_suffix(" steps")?.trim().parse().ok());
    let problem = stderr.split_once("panicked at").and_then(|(_, rest)| rest.lines().nth(1));
    match (steps, problem) {
        (Some(steps), Some(problem)) => Ok(Played::Failed { steps, problem: problem.to_owned() }),
        _ => bail!("the model failed, and not by a check of its own:\n{stdout}\n{stderr}"),
    }
}

fn test(copy: &WorkspaceCopy, over: Over) -> Command {
    let mut command = cargo();
    command.current_dir(&copy.folder).env("CARGO_TARGET_DIR", &copy.target);
    command.args(["test", "--locked", "--quiet", "--package", "togai-model"]);
    // Without the clients a change of the engine is built in seconds.
    command.args(match over {
        Over::Bare => ["--no-default-features", "--test", "bare"].as_slice(),
        Over::Client => ["--test", "client"].as_slice(),
    });
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_read_with_its_steps() {
        let stdout = "seed 1\n1234 steps\n     12  time passes\n";
        let stderr = "\nthread 'x' panicked at tests/model/src/lib.rs:1:1:\nevent 3 is in flight twice\nseed 1\n";
        let Ok(Played::Failed { steps, problem }) = failed(stdout, stderr) else { panic!("it is a failure") };
        assert_eq!((steps, problem.as_str()), (1234, "event 3 is in flight twice"));
    }

    #[test]
    fn the_test_program_is_the_last_executable() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
            {\"reason\":\"compiler-artifact\",\"executable\":\"/target/bare-1\"}\n\
            {\"reason\":\"build-finished\",\"success\":true}";
        assert_eq!(program_of(messages).as_deref(), Some("/target/bare-1"));
    }

    #[test]
    fn a_failure_that_the_model_did_not_report_is_an_error() {
        assert!(failed("", "signal: 9").is_err());
    }
}
