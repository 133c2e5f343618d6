//! What the figures were measured on.

use std::process::Command;

use anyhow::Result;

use crate::command::text_of;

/// The machine and the compiler, in a line.
pub(super) fn describe() -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let version = text_of(Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version"))?;
    let (system, processor) = (std::env::consts::OS, std::env::consts::ARCH);
    Ok(format!("{system} {processor}, {cores} cores, {}", short(&version)))
}

/// The name and the number of a version, without its commit.
fn short(version: &str) -> String {
    version.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_compiler_comes_without_its_commit() {
        assert_eq!(short("rustc 1.95.0 (59807616e 2026-04-14)\n"), "rustc 1.95.0");
    }
}
