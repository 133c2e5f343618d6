//! Rules on the workspace itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Normal dependencies of a package, theirs included, as name and required Rust version.
fn normal_dependencies(metadata: &Value, package: &str) -> BTreeMap<String, Option<(u64, u64)>> {
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let start = packages.iter().find(|(_, json)| json["name"] == package).unwrap().0;
    let (mut seen, mut todo) = (BTreeSet::new(), vec![*start]);
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let is_normal = dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
            if is_normal {
                todo.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    seen.into_iter()
        .map(|id| {
            let version = packages[id]["rust_version"].as_str().map(|version| {
                let mut parts = version.split('.').map(|part| part.parse().unwrap());
                (parts.next().unwrap(), parts.next().unwrap_or(0))
            });
            (
                format!("{} {}", packages[id]["name"].as_str().unwrap(), packages[id]["version"].as_str().unwrap()),
                version,
            )
        })
        .collect()
}

#[test]
fn no_normal_dependency_requires_a_newer_rust() {
    let metadata = metadata();
    for package in ["togai-api", "togai-ingest", "togai-ext"] {
        let dependencies = normal_dependencies(&metadata, package);
        assert!(dependencies.len() > 10, "{dependencies:?}");
        let newer: Vec<_> = dependencies.iter().filter(|(_, version)| version.is_some_and(|it| it > (1, 88))).collect();
        assert_eq!(newer, [], "{package} says 1.88");
    }
}

#[test]
fn packages_depend_only_on_allowed_packages() {
    let metadata = metadata();
    let names = |package| -> BTreeSet<String> {
        normal_dependencies(&metadata, package)
            .into_keys()
            .filter(|name| name.starts_with("togai") || name.starts_with("xtask") || name.starts_with("progenitor"))
            .map(|name| name.split(' ').next().unwrap().to_owned())
            .collect()
    };
    let set = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names("togai-api"), set(&["togai-api"]));
    assert_eq!(names("togai-ingest"), set(&["togai-ingest"]));
    assert_eq!(names("togai-ext"), set(&["togai-ext", "togai-api", "togai-ingest"]));
    assert_eq!(names("togai-sandbox"), set(&["togai-sandbox"]));
    let generator = names("xtask");
    assert!(generator.iter().all(|name| !name.starts_with("togai")), "{generator:?}");
}

#[test]
fn the_engine_has_no_http_client_and_starts_no_task() {
    let metadata = metadata();
    let all = normal_dependencies(&metadata, "togai-ingest");
    let clients = ["reqwest ", "hyper ", "hyper-util ", "rustls ", "url "];
    let found: Vec<_> = all.keys().filter(|name| clients.iter().any(|client| name.starts_with(client))).collect();
    assert!(found.is_empty() && all.keys().any(|name| name.starts_with("tokio ")), "{found:?}");
    let packages = metadata["packages"].as_array().unwrap();
    let engine = packages.iter().find(|json| json["name"] == "togai-ingest").unwrap();
    let is_tokio = |json: &&Value| json["name"] == "tokio" && json["kind"].is_null();
    let tokio = engine["dependencies"].as_array().unwrap().iter().find(is_tokio).unwrap();
    assert_eq!(
        (&tokio["features"], &tokio["uses_default_features"]),
        (&Value::from(vec!["sync"]), &Value::from(false))
    );
}

#[test]
fn the_readme_of_each_published_crate_is_there() {
    for package in ["togai-api", "togai-ingest", "togai-ext"] {
        let text = std::fs::read_to_string(root().join(package).join("README.md")).unwrap();
        assert!(text.contains(package), "{package}");
    }
}

/// The packages that a package needs with features, and with no others but the default ones.
fn tree(package: &str, features: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}", "--locked"])
        .args(["--features", features])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    // What was shown before is marked.
    lines.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

#[test]
fn enso_adds_no_dependency() {
    for package in ["togai-api", "togai-ext"] {
        let without = tree(package, "");
        assert!(without.len() > 20, "{without:?}");
        assert_eq!(tree(package, "enso"), without, "{package}");
    }
}

#[test]
fn no_other_feature_enables_enso() {
    let metadata = metadata();
    for (package, brings) in [("togai-api", &[][..]), ("togai-ext", &["togai-api/enso", "event-ingestion"][..])] {
        let packages = metadata["packages"].as_array().unwrap();
        let features = &packages.iter().find(|json| json["name"] == package).unwrap()["features"];
        assert_eq!(features["enso"], Value::from(brings.to_vec()), "{package}");
        for (feature, others) in features.as_object().unwrap() {
            let is_enso = |other: &Value| other == "enso" || other == "togai-api/enso";
            let has_enso = others.as_array().unwrap().iter().any(is_enso);
            assert_eq!(has_enso, package == "togai-ext" && feature == "enso", "{package} {feature}");
        }
    }
    // Without the feature the module is not even parsed.
    let source = std::fs::read_to_string(root().join("togai-api/src/lib.rs")).unwrap();
    assert!(source.contains("#[cfg(feature = \"enso\")]\npub mod enso;"));
}

/// What stays in togai-ext is what brings client and engine together, and what became of events afterwards.
#[test]
fn togai_ext_stays_thin() {
    let mut lines = 0;
    let mut folders = vec![root().join("togai-ext/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if !matches!(name, "tests" | "testing")
                && path.extension().is_some_and(|extension| extension == "rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
                lines += code.lines().filter(is_code).count();
            }
        }
    }
    assert!((1000..4500).contains(&lines), "togai-ext has {lines} lines of code");
}
