//! A test of each Rust example of the README, so that the README itself needs no hidden lines.

use std::fmt::Write as _;

use crate::Result;

pub(crate) fn tests(readme: &str) -> Result<String> {
    let examples = readme.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut tests = String::new();
    for (number, example) in examples.enumerate() {
        // The sandbox stands in for what the environment names.
        let example = example.replace("ClientBuilder::from_env()?", "builder_of(&sandbox)");
        let example = example.replace("ClientBuilder::enso_from_env()?", "enso_builder_of(&sandbox)");
        let (imports, code): (Vec<&str>, Vec<&str>) = example.lines().partition(|line| line.starts_with("use "));
        writeln!(
            tests,
            "#[tokio::test]\nasync fn example_{number}() -> Result<(), Box<dyn std::error::Error>> {{\n{}\n\
             let (sandbox, client) = with_events().await;\nlet _ = &client;\n{}\ncheck(&sandbox);\nOk(())\n}}\n",
            imports.join("\n"),
            code.join("\n"),
        )?;
    }
    if tests.is_empty() {
        return Err("the README has no example in Rust".into());
    }
    Ok(tests)
}
