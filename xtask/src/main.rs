//! Tasks of the workspace: `cargo xtask`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod adapt;
mod areas;
mod build_cost;
mod check_features;
mod command;
mod contents;
mod document;
mod features;
mod generate;
mod lint;
mod lower;
mod mutants;
mod names;
mod pages;
mod print;
mod reach;
mod regen;
mod section;
mod service;
mod table;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
Usage: cargo xtask <task>

  regen                  merge openapi/togai/*.yaml into openapi/togai.json and generate the client from it, and the same
                         with openapi/enso.yaml, openapi/enso.json and the module `enso` of the client
  regen --check          say which generated file is not what `regen` would write, and write nothing
  check-features         check the crates with each area alone, with none and with all, warnings being errors
  check-features --few   the same for togai-ext alone, with a few areas
  build-cost             measure what it costs to build the client, and others of the same document, and write
                         docs/build-cost.md; with --quick in one round, with --assert failing where a target is missed,
                         with --before=COMMIT beside the client of another commit
  mutants [NAME]         put each bug of tests/model/mutants.toml into a copy of the sources, and fail where the model of
                         ingestion does not find it; with NAME only those that have it in their names";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(result) = run(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match result {
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

/// Runs the task that the arguments name, if there is one.
fn run(arguments: &[&str]) -> Option<Result<String>> {
    let root = root();
    Some(match arguments {
        ["regen"] => regen::run(&root, regen::Mode::Write),
        ["regen", "--check"] => regen::run(&root, regen::Mode::Check),
        ["check-features"] => check_features::run(&root, check_features::Extent::All),
        ["check-features", "--few"] => check_features::run(&root, check_features::Extent::Few),
        ["build-cost", options @ ..] => build_cost::run(&root, &build_cost::Options::of(options)?),
        ["mutants"] => mutants::run(&root, ""),
        ["mutants", name] if !name.starts_with('-') => mutants::run(&root, name),
        _ => return None,
    })
}

/// The folder of the workspace.
fn root() -> std::path::PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
