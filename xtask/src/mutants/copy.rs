//! A copy of the workspace that may be changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::text_of;

/// A copy of the workspace, with a target folder of its own beside it.
pub(super) struct WorkspaceCopy {
    original: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) target: PathBuf,
}

impl WorkspaceCopy {
    /// Copies the files that git tracks, as they are in the working tree. What is built in the copy is kept for the next run.
    pub(super) fn make(root: &Path) -> Result<Self> {
        let base = root.join("target/mutants");
        let copy = Self { original: root.to_owned(), folder: base.join("workspace"), target: base.join("target") };
        let files = text_of(Command::new("git").arg("ls-files").current_dir(root))?;
        let files: BTreeSet<&str> = files.lines().filter(|file| root.join(file).is_file()).collect();
        for file in &files {
            copy.restore(file)?;
        }
        copy.remove_all_but(&files)?;
        Ok(copy)
    }

    /// Removes the files that a run before has copied and that are not there any more.
    fn remove_all_but(&self, files: &BTreeSet<&str>) -> Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&self.folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                if !files.contains(name.as_str()) {
                    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
                }
            }
        }
        Ok(())
    }

    /// Takes over a file of the original, unless it is the same already, so that cargo sees only changes.
    pub(super) fn restore(&self, file: &str) -> Result<()> {
        let original = fs::read(self.original.join(file)).with_context(|| format!("cannot read {file}"))?;
        let path = self.folder.join(file);
        if fs::read(&path).is_ok_and(|copied| copied == original) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, original).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| format!("cannot read {file}"))
    }

    pub(super) fn write(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(file), text).with_context(|| format!("cannot write {file}"))
    }
}
