//! What the packages that are made have in common with this workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Sets a manifest apart from the workspace whose folder it is in, with the settings of that workspace.
pub(super) fn apart(manifest: &str) -> String {
    format!("{manifest}\n[workspace]\n\n[profile.dev]\ndebug = \"line-tables-only\"\n")
}

/// Gives a package the versions of this workspace. Where they have not changed since, what cargo has made of them stays,
/// since to make it again takes the network.
pub(super) fn lock(root: &Path, folder: &Path) -> Result<()> {
    let ours = root.join("Cargo.lock");
    let ours = fs::read_to_string(&ours).with_context(|| format!("cannot read {}", ours.display()))?;
    let stamp = folder.join("Cargo.lock.ours");
    if fs::read_to_string(&stamp).ok().as_ref() == Some(&ours) && folder.join("Cargo.lock").exists() {
        return Ok(());
    }
    write(&folder.join("Cargo.lock"), &ours)?;
    write(&stamp, &ours)
}

/// Writes a file, with an error that names it.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
