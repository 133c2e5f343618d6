//! The `use` lines of togai-ingest and togai-ext: modules stand on floors and import downwards only, and no file imports in a
//! circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::Visit;
use syn::{Attribute, Ident, Item, ItemUse, UseTree, Visibility};

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
fn modules(package: &str) -> BTreeMap<String, syn::File> {
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
                    modules.insert(module, syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
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

/// The paths in a file that may lead to another one, with whether they are exported from it.
fn used_paths(file: &syn::File) -> Vec<(String, bool)> {
    let mut paths = Paths::default();
    paths.visit_file(file);
    paths.0
}

#[derive(Default)]
struct Paths(Vec<(String, bool)>);

impl Paths {
    fn add_tree(&mut self, before: &[String], tree: &UseTree, is_exported: bool) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(path.ident.to_string()), &path.tree, is_exported),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree, is_exported)),
            UseTree::Name(name) => self.0.push((with(name.ident.to_string()).join("::"), is_exported)),
            UseTree::Rename(rename) => self.0.push((with(rename.ident.to_string()).join("::"), is_exported)),
            UseTree::Glob(_) => self.0.push((before.join("::"), is_exported)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(module) => &module.attrs,
            Item::Use(line) => &line.attrs,
            Item::Fn(function) => &function.attrs,
            Item::Impl(implementation) => &implementation.attrs,
            _ => &Vec::new(),
        };
        let is_test = |attribute: &Attribute| {
            attribute.path().is_ident("cfg") && attribute.parse_args::<Ident>().is_ok_and(|name| name == "test")
        };
        if !attributes.iter().any(is_test) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, line: &'ast ItemUse) {
        self.add_tree(&[], &line.tree, !matches!(line.vis, Visibility::Inherited));
    }

    /// A path in a type or an expression.
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.0.push((names.join("::"), false));
        }
        syn::visit::visit_path(self, path);
    }
}

/// Whether a path leads to a place of this crate, whatever that is.
fn is_of_the_crate(path: &str) -> bool {
    matches!(path.split("::").next(), Some("crate" | "super" | "self"))
}

/// The module of this crate that a path in a file leads into, the innermost one.
fn target(modules: &BTreeMap<String, syn::File>, file: &str, path: &str) -> Option<String> {
    let mut base: Vec<&str> = file.split("::").collect();
    let mut found = None;
    for name in path.split("::") {
        match name {
            "crate" => base.clear(),
            "super" => _ = base.pop(),
            "self" => {}
            name => base.push(name),
        }
        let module = base.join("::");
        if modules.contains_key(&module) && module != file {
            found = Some(module);
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
            let Some(target) = target(&modules, file, &path) else { continue };
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
            for (path, _) in used_paths(code).into_iter().filter(|(path, _)| is_of_the_crate(path)) {
                let is_within = file.contains("::") && path.starts_with("super::") && !path.starts_with("super::super");
                let leads = target(&modules, file, &path).is_some() || is_within || path.starts_with("self::");
                assert!(leads, "{package}: {file} uses {path}: name the module that it comes from");
            }
        }
    }
}

#[test]
fn paths_are_read_wherever_they_are() {
    let code = "
        use a::{self, b::{C, d}, E as F};
        #[allow(unused)] pub(in crate) use g::H;
        fn f(_: &crate::x::Y) -> super::Z { use self::super::w::V; crate::u() }
        #[cfg(test)]
        mod tests { use crate::t; }
        impl T { #[cfg(test)] fn g() { s::r() } }
    ";
    let paths: Vec<String> = used_paths(&syn::parse_file(code).unwrap())
        .into_iter()
        .map(|(path, is_exported)| if is_exported { format!("pub {path}") } else { path })
        .collect();
    let expected =
        ["a::self", "a::b::C", "a::b::d", "a::E", "pub g::H", "crate::x::Y", "super::Z", "self::super::w::V"];
    assert_eq!(paths, [&expected[..], &["crate::u", "s::r"]].concat());
}
