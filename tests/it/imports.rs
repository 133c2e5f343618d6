//! The `use` lines of togai-ingest and togai-ext: modules stand on floors and import downwards only, and no file imports in a
//! circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const CRATES: [&str; 2] = ["togai-ingest", "togai-ext"];
const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

/// The floor of each module, counted from the top, as ARCHITECTURE.md draws them.
fn floors(package: &str) -> BTreeMap<&'static str, usize> {
    let start = format!("```floors {package}\n");
    let (_, drawing) = ARCHITECTURE.split_once(&start).expect("ARCHITECTURE.md draws the floors");
    let (drawing, _) = drawing.split_once("```").unwrap();
    let modules = drawing.lines().enumerate().flat_map(|(floor, line)| {
        let (modules, _) = line.split_once("  ").unwrap_or((line, ""));
        modules.split(", ").map(move |module| (module, floor))
    });
    let mut floors = BTreeMap::new();
    for (module, floor) in modules {
        assert_eq!(floors.insert(module, floor), None, "{module} is drawn twice");
    }
    floors
}

/// The files of the crate without its tests, by the path of their module: `engine::batch`, and `engine` for its `mod.rs`.
fn modules(package: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
    let mut folders = vec![sources.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = module_of(&path, &sources);
                if !module.split("::").any(|name| matches!(name, "lib" | "prelude" | "tests" | "testing")) {
                    let text = fs::read_to_string(&path).unwrap();
                    let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                    modules.insert(module, code);
                }
            }
        }
    }
    modules
}

fn module_of(path: &Path, sources: &Path) -> String {
    let path = path.strip_prefix(sources).unwrap().with_extension("");
    let names: Vec<_> = path.iter().map(|name| name.to_str().unwrap()).filter(|name| *name != "mod").collect();
    names.join("::")
}

/// The paths that the `use` lines of a file name, with whether they are exported from it.
fn used_paths(code: &str) -> Vec<(String, bool)> {
    let mut paths = Vec::new();
    for statement in code.split(';') {
        let Some(line) = statement.lines().position(is_use) else { continue };
        let is_exported = statement.lines().nth(line).unwrap().starts_with("pub");
        let text: String = statement.lines().skip(line).collect::<Vec<_>>().join(" ");
        let (_, tree) = text.split_once("use ").unwrap();
        expand("", tree, &mut |path| paths.push((path, is_exported)));
    }
    paths
}

fn is_use(line: &str) -> bool {
    let visibilities = ["", "pub ", "pub(crate) ", "pub(super) "];
    visibilities
        .iter()
        .any(|visibility| line.trim_start().strip_prefix(visibility).is_some_and(|line| line.starts_with("use ")))
}

/// Calls with each path of a tree such as `a::{b, c::{self, d}}`.
fn expand(prefix: &str, tree: &str, note: &mut impl FnMut(String)) {
    let tree = tree.trim();
    let Some((before, group)) = tree.split_once('{') else {
        note(format!("{prefix}{tree}"));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let group = &group[..group.rfind('}').unwrap()];
    for (place, character) in group.char_indices().chain([(group.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !group[start..place].trim().is_empty() {
                    expand(&format!("{prefix}{before}"), &group[start..place], note);
                }
                start = place + 1;
            }
            _ => {}
        }
    }
}

/// The module of this crate that a path in a file leads into, the innermost one.
fn target(modules: &BTreeMap<String, String>, file: &str, path: &str) -> Option<String> {
    let mut base: Vec<&str> = file.split("::").collect();
    let mut names = path.split("::").peekable();
    match names.peek() {
        Some(&"crate") => {
            base.clear();
            names.next();
        }
        Some(&"super") => {
            while names.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        _ => {}
    }
    let mut found = None;
    let mut module = base.join("::");
    if path.starts_with("super") && modules.contains_key(&module) {
        found = Some(module.clone());
    }
    for name in names {
        module = if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") };
        if modules.contains_key(&module) {
            found = Some(module.clone());
        }
    }
    found
}

/// Who imports whom, by the paths of the modules. What a `mod.rs` exports of its own children is no import.
fn imports(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules(package);
    let mut imports = BTreeMap::<String, BTreeSet<String>>::new();
    for (file, code) in &modules {
        let targets = imports.entry(file.clone()).or_default();
        for (path, is_exported) in used_paths(code) {
            let Some(target) = target(&modules, file, &path).filter(|target| target != file) else { continue };
            let is_child = target.starts_with(&format!("{file}::"));
            if !(is_exported && is_child) {
                targets.insert(target);
            }
        }
    }
    imports
}

#[test]
fn modules_import_downwards_only() {
    for package in CRATES {
        let (floors, imports) = (floors(package), imports(package));
        let top = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
        let there: BTreeSet<String> = imports.keys().map(|module| top(module)).collect();
        let drawn: BTreeSet<String> = floors.keys().map(|module| (*module).to_owned()).collect();
        assert_eq!(there, drawn, "ARCHITECTURE.md draws every module of {package}");
        let mut arrows = 0;
        for (file, targets) in &imports {
            for target in targets.iter().filter(|target| top(target) != top(file)) {
                let (from, to) = (floors[top(file).as_str()], floors[top(target).as_str()]);
                assert!(from < to, "{package}: {file} imports {target}, which is not on a lower floor");
                arrows += 1;
            }
        }
        assert!(arrows > 20, "{arrows} imports of {package} were read");
    }
}

#[test]
fn no_file_imports_in_a_circle() {
    for package in CRATES {
        let mut imports = imports(package);
        let files = imports.len();
        // Files that import nothing are taken away, until there are none or each one left imports another one left.
        while let Some(file) = imports.iter().find(|(_, targets)| targets.is_empty()).map(|(file, _)| file.clone()) {
            imports.remove(&file);
            for targets in imports.values_mut() {
                targets.remove(&file);
            }
        }
        assert!(imports.is_empty(), "among these there is a circle: {imports:#?}");
        assert!(files > 25, "{files} files of {package} were read");
    }
}

/// What is imported from the root of a crate is not seen to come from a module, so nothing is.
#[test]
fn nothing_is_imported_from_the_root() {
    for package in CRATES {
        let modules = modules(package);
        for (file, code) in &modules {
            for (path, _) in used_paths(code).into_iter().filter(|(path, _)| path.starts_with("crate::")) {
                assert!(target(&modules, file, &path).is_some(), "{package}: {file} imports {path}");
            }
        }
    }
}

#[test]
fn use_lines_are_read_with_their_groups() {
    let code = "//! use nothing::of::this\nuse a::{self, b::{C, d}, E as F};\n\n/// use\npub(crate) use g::H;\nfn f() { x(); }";
    let paths: Vec<String> =
        used_paths(code).into_iter().map(|(path, exported)| format!("{path} {exported}")).collect();
    assert_eq!(paths, ["a::self false", "a::b::C false", "a::b::d false", "a::E as F false", "g::H true"]);
}
