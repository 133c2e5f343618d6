//! The files of the document, and the list of them in openapi/README.md.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::{entries, items, read, readme, root};

const COLUMNS: &str = "| file | area | operations | contents |";

/// The YAML files by name.
fn files() -> BTreeMap<String, Value> {
    let folder = fs::read_dir(root().join("openapi/togai")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), yaml_serde::from_str(&read(&format!("openapi/togai/{name}"))).unwrap())).collect()
}

/// The tag that belongs to a file: `add-ons.yaml` is the area `AddOns`.
fn area_of(file: &str) -> String {
    let words = file.trim_end_matches(".yaml").split('-');
    words.flat_map(|word| [word[..1].to_uppercase(), word[1..].to_owned()]).collect()
}

fn operations(file: &Value) -> impl Iterator<Item = &Value> {
    entries(&file["paths"]).flat_map(|(_, methods)| entries(methods)).map(|(_, operation)| operation)
}

fn is_common(file: &str) -> bool {
    file.starts_with("common")
}

#[test]
fn every_file_is_an_area_whose_tag_is_its_name() {
    for (file, content) in files() {
        let area = area_of(&file);
        let tags: Vec<&Value> = items(&content["tags"]).map(|tag| &tag["name"]).collect();
        if is_common(&file) {
            assert!(tags.is_empty() && operations(&content).next().is_none(), "{file} holds what areas share, no area");
            continue;
        }
        assert_eq!(tags, [&area], "{file} declares the tag {area} and no other");
        assert!(operations(&content).next().is_some(), "{file} has no operation");
        for operation in operations(&content) {
            assert_eq!(operation["tags"], serde_json::json!([area]), "{file}: {}", operation["operationId"]);
        }
    }
}

#[test]
fn the_readme_lists_every_file_with_its_area_and_the_number_of_its_operations() {
    let files = files().into_iter().map(|(file, content)| {
        let area = if is_common(&file) { String::new() } else { area_of(&file) };
        let count = operations(&content).count();
        (file, area, if count == 0 { String::new() } else { count.to_string() })
    });
    let readme = readme();
    let table = readme.split(COLUMNS).nth(1).unwrap_or_else(|| panic!("openapi/README.md has no table {COLUMNS}"));
    let listed = table.lines().skip(2).take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        assert!(
            cells.len() == 4 && !cells[3].is_empty(),
            "openapi/README.md: a row of the files has four cells: {line}"
        );
        (cells[0].clone(), cells[1].clone(), cells[2].clone())
    });
    assert_eq!(listed.collect::<Vec<_>>(), files.collect::<Vec<_>>(), "openapi/README.md (left) and the files (right)");
}
