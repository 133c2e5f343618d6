//! Other programs, run with an error that says what was run and what it answered.

use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// Runs a program to its end; its failure is an error that carries what it said.
pub(crate) fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("cannot run `{}`", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}):\n{}", shown(command), output.status, said.trim_end());
    }
    Ok(output)
}

/// What a program writes to its standard output.
pub(crate) fn text_of(command: &mut Command) -> Result<String> {
    let output = run(command)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{}` does not answer in UTF-8", shown(command)))
}

/// A cargo whose builds depend on nothing but its arguments.
pub(crate) fn cargo() -> Command {
    // Inside `cargo xtask` this is the cargo that runs us, and so the toolchain of the workspace.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.env("CARGO_TERM_COLOR", "never").env("CARGO_INCREMENTAL", "0");
    for name in ["CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
    {
        command.env_remove(name);
    }
    command
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_contains_the_command_and_its_output() {
        let error = run(cargo().args(["metadata", "--no-such-option"])).unwrap_err().to_string();
        assert!(error.contains("metadata --no-such-option` failed"), "{error}");
        assert!(error.contains("unexpected argument"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert_eq!(error, "cannot run `no-such-program`");
    }
}
