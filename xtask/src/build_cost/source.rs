//! How much code the compiler reads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Lines of code in the files that a build has read, by the list that cargo leaves beside the library. What the choice
/// of features leaves out with a module is not in it.
pub(super) fn lines(list: &Path) -> Result<usize> {
    let text = fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
    let mut lines = 0;
    for file in files(&text).iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
        lines += code(&fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(lines)
}

/// The files of a list of the form `library: file file`, where spaces in names are escaped.
fn files(list: &str) -> Vec<PathBuf> {
    let files = list.lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, files)| files);
    // A null character is in no name of a file.
    let files = files.replace("\\ ", "\0");
    files.split(' ').filter(|file| !file.is_empty()).map(|file| file.replace('\0', " ").into()).collect()
}

/// Lines that hold something else than a comment, without the tests, which stand at the end of their files.
fn code(text: &str) -> usize {
    let mut inside_comment = false;
    let mut lines = 0;
    for line in text.lines().take_while(|line| *line != "#[cfg(test)]") {
        let line = line.trim();
        if inside_comment || line.starts_with("/*") {
            inside_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lines += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_empty_lines_and_tests_do_not_count() {
        let text = "/*\n * A header\n */\n\n//! Of the module.\nuse a;\n/* short */\n\n/// Of the item.\n\
                    fn a() {\n    // Why.\n    b(); // so\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(code(text), 4);
    }

    #[test]
    fn files_are_read_from_the_list_with_their_spaces() {
        let list = "/t/release/liba.rlib: /a\\ b/src/lib.rs /a\\ b/src/c.rs /a\\ b/README.md\n";
        assert_eq!(files(list), ["/a b/src/lib.rs", "/a b/src/c.rs", "/a b/README.md"].map(PathBuf::from));
        assert_eq!(files(""), [""; 0].map(PathBuf::from));
    }
}
