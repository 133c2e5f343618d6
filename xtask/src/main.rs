//! Tasks of the workspace: `cargo xtask regen [--check]`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod adapt;
mod areas;
mod contents;
mod document;
mod features;
mod generate;
mod lint;
mod lower;
mod pages;
mod reach;
mod regen;
mod table;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask regen [--check]

  regen          merge openapi/togai/*.yaml into openapi/togai.json and generate the client from it
  regen --check  say which generated file is not what `regen` would write, and write nothing";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mode = match arguments[..] {
        ["regen"] => regen::Mode::Write,
        ["regen", "--check"] => regen::Mode::Check,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match regen::run(&root(), mode) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> std::path::PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
