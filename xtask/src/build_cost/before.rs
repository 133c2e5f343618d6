//! Another commit of the workspace, to be measured beside this one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command::run;

/// Checks a commit out into a folder of the scratch folder.
pub(super) fn check_out(root: &Path, scratch: &Path, commit: &str) -> Result<PathBuf> {
    let folder = scratch.join("before");
    let git = || {
        let mut git = Command::new("git");
        git.arg("-C").arg(root).arg("worktree");
        git
    };
    if folder.exists() {
        run(git().args(["remove", "--force"]).arg(&folder))?;
    }
    run(git().args(["add", "--detach", "--force"]).arg(&folder).arg(commit))?;
    Ok(folder)
}
