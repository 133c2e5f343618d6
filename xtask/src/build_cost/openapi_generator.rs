//! The client of openapi-generator, as a package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::subject::Subject;
use super::workspace;
use crate::command::{run, text_of};

/// Pinned, since another version generates other code. The package carries the program; Java is the machine's.
const REQUIREMENT: &str = "openapi-generator-cli==7.26.0";
const PACKAGE: &str = "togai-openapi-generator";

/// Generates the package from the document as it is.
pub(super) fn make(root: &Path, scratch: &Path) -> Result<Subject> {
    run(Command::new("java").arg("-version")).context("openapi-generator needs Java 11 or later")?;
    let generator = install(scratch)?;
    let folder = scratch.join(PACKAGE);
    // The generator leaves files of an earlier run where they are, and they would be counted.
    if folder.join("src").exists() {
        fs::remove_dir_all(folder.join("src")).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let mut command = Command::new(generator);
    command.args(["generate", "--generator-name", "rust", "--library", "reqwest", "--package-name", PACKAGE]);
    run(command.arg("--input-spec").arg(root.join("openapi/togai.json")).arg("--output").arg(&folder))?;

    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    workspace::write(&manifest, &workspace::apart(&without_tls(&text)?))?;
    workspace::lock(root, &folder)?;
    Ok(Subject::made("openapi-generator 7.26.0, `rust` with reqwest", PACKAGE, folder))
}

/// Installs the generator into a virtual environment, unless it is there; answers with its program.
fn install(scratch: &Path) -> Result<PathBuf> {
    let environment = scratch.join("python");
    let program = environment.join("bin").join("openapi-generator-cli");
    let stamp = environment.join("installed.txt");
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let wanted = format!("{}{REQUIREMENT}\n", text_of(Command::new(&python).arg("--version"))?);
    if fs::read_to_string(&stamp).ok().as_ref() == Some(&wanted) {
        return Ok(program);
    }
    eprintln!("installing {REQUIREMENT}");
    run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut command = Command::new(environment.join("bin").join("python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", REQUIREMENT]);
    run(&mut command)?;
    // Last, so that an installation that broke off is not taken for a whole one.
    workspace::write(&stamp, &wanted)?;
    Ok(program)
}

/// Its manifest without a TLS library, since ours has none either.
fn without_tls(manifest: &str) -> Result<String> {
    let default = "default = [\"native-tls\"]";
    if !manifest.contains(default) {
        bail!("the manifest of openapi-generator does not say `{default}`");
    }
    Ok(manifest.replace(default, "default = []"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_omitted_and_an_unexpected_manifest_is_refused() {
        let manifest = "[features]\ndefault = [\"native-tls\"]\nnative-tls = [\"reqwest/native-tls\"]\n";
        let expected = "[features]\ndefault = []\nnative-tls = [\"reqwest/native-tls\"]\n";
        assert_eq!(without_tls(manifest).unwrap(), expected);
        assert!(without_tls("[features]\n").unwrap_err().to_string().contains("native-tls"));
    }
}
