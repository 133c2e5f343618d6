//! The hand-maintained document: several YAML files, merged into one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::service::Service;

/// The merged document, and the file that each part of it came from.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    service: &'static Service,
    json: Value,
    /// File names by `path` or by `section/name` below `components`.
    files: BTreeMap<String, String>,
    /// The first line of each file, which says what it is.
    sources: BTreeMap<String, String>,
}

/// An operation with where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: &'a str,
    pub(crate) json: &'a Value,
}

impl<'a> Operation<'a> {
    /// The id, which all names of the operation are made of.
    pub(crate) fn id(&self) -> Result<&'a str> {
        self.json["operationId"].as_str().context("an operation has no operationId")
    }
}

impl Document {
    /// Loads the document of a service: one YAML file, or every one of a folder.
    pub(crate) fn load(root: &Path, service: &'static Service) -> Result<Self> {
        let source = root.join(service.source);
        let paths = if source.is_dir() { files_of(&source)? } else { vec![source] };
        let mut sources = BTreeMap::new();
        for path in paths {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                sources.insert(name, text);
            } else {
                bail!("{} is no file of the document: its name has to end in .yaml", path.display());
            }
        }
        Self::merge(service, sources.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Merges files, given as name and text, by plain union. A name that is defined twice is an error.
    pub(crate) fn merge<'a>(
        service: &'static Service,
        sources: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let json = Value::Object(Map::new());
        let mut document = Self { service, json, files: BTreeMap::new(), sources: BTreeMap::new() };
        for (name, text) in sources {
            // Not straight to JSON, whose maps would quietly take the second of two equal keys.
            let yaml: yaml_serde::Value = yaml_serde::from_str(text).with_context(|| format!("cannot parse {name}"))?;
            let json = serde_json::to_value(yaml).with_context(|| format!("{name} holds what JSON cannot"))?;
            let Value::Object(json) = json else { bail!("{name} is not a mapping") };
            let title = text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
            document.sources.insert(name.to_owned(), title.to_owned());
            for (key, value) in json {
                document.add(name, &key, value)?;
            }
        }
        Ok(document)
    }

    fn add(&mut self, file: &str, key: &str, value: Value) -> Result<()> {
        match (key, value) {
            ("paths", Value::Object(paths)) => {
                for (path, item) in paths {
                    self.define(file, path.clone(), &["paths", &path], item)?;
                }
            }
            ("components", Value::Object(sections)) => {
                for (section, parts) in sections {
                    let Value::Object(parts) = parts else { bail!("{file}: components.{section} is not a mapping") };
                    for (name, part) in parts {
                        self.define(file, format!("{section}/{name}"), &["components", &section, &name], part)?;
                    }
                }
            }
            ("tags", Value::Array(tags)) => {
                for tag in &tags {
                    let name = format!("tags/{}", tag["name"].as_str().unwrap_or_default());
                    if let Some(other) = self.files.insert(name, file.to_owned()) {
                        bail!("the tag {} is defined in {other} and again in {file}: keep one", tag["name"]);
                    }
                }
                let all = slot(&mut self.json, &["tags"]);
                match all {
                    Value::Array(all) => all.extend(tags),
                    _ => *all = Value::Array(tags),
                }
            }
            (key, value) => self.define(file, key.to_owned(), &[key], value)?,
        }
        Ok(())
    }

    fn define(&mut self, file: &str, name: String, place: &[&str], value: Value) -> Result<()> {
        if let Some(other) = self.files.get(&name) {
            bail!("`{name}` is defined in {other} and again in {file}: rename one, or keep it in one file");
        }
        self.files.insert(name, file.to_owned());
        *slot(&mut self.json, place) = value;
        Ok(())
    }

    /// The service that the document is of.
    pub(crate) fn service(&self) -> &'static Service {
        self.service
    }

    /// The document as one.
    pub(crate) fn json(&self) -> &Value {
        &self.json
    }

    /// Every file with what its first line says.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().map(|(file, title)| (file.as_str(), title.as_str()))
    }

    /// The file that a key at the top came from; the document itself where no file has it.
    pub(crate) fn file_of_key(&self, key: &str) -> &str {
        self.files.get(key).map_or(self.service.source, String::as_str)
    }

    /// The file that a path came from.
    pub(crate) fn file_of_path(&self, path: &str) -> &str {
        self.files.get(path).map_or("?", String::as_str)
    }

    /// The file that a tag came from.
    pub(crate) fn file_of_tag(&self, name: &str) -> &str {
        self.files.get(&format!("tags/{name}")).map_or("?", String::as_str)
    }

    /// The file that a component came from.
    pub(crate) fn file_of_component(&self, section: &str, name: &str) -> &str {
        self.files.get(&format!("{section}/{name}")).map_or("?", String::as_str)
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// The place below an object, made where it is missing.
fn slot<'a>(json: &'a mut Value, place: &[&str]) -> &'a mut Value {
    place.iter().fold(json, |json, key| &mut json[*key])
}

/// All operations of a document, by path and then by method.
pub(crate) fn operations(json: &Value) -> impl Iterator<Item = Operation<'_>> {
    entries(&json["paths"]).flat_map(|(path, item)| {
        entries(item)
            .filter(|(method, _)| {
                ["get", "put", "post", "delete", "options", "head", "patch", "trace"].contains(method)
            })
            .map(move |(method, json)| Operation { path, method, json })
    })
}

/// The entries of an object; none of anything else.
pub(crate) fn entries(json: &Value) -> impl Iterator<Item = (&str, &Value)> {
    json.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The items of a list; none of anything else.
pub(crate) fn items(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

/// What a value is, a `$ref` followed once.
pub(crate) fn resolve<'a>(json: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => json.pointer(pointer).unwrap_or(&Value::Null),
        None => value,
    }
}

/// The name at the end of a `$ref`.
pub(crate) fn reference_name(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.rsplit('/').next()
}

/// All parameters of an operation, references followed.
pub(crate) fn parameters<'a>(json: &'a Value, operation: &Operation<'a>) -> Vec<&'a Value> {
    items(&operation.json["parameters"]).map(|parameter| resolve(json, parameter)).collect()
}

/// Calls a visitor with every object of a value and the path that leads to it.
pub(crate) fn visit(json: &Value, visitor: &mut dyn FnMut(&str, &Map<String, Value>)) {
    fn walk(json: &Value, path: &mut String, visitor: &mut dyn FnMut(&str, &Map<String, Value>)) {
        let length = path.len();
        match json {
            Value::Object(object) => {
                visitor(path, object);
                for (key, value) in object {
                    path.push('/');
                    path.push_str(key);
                    walk(value, path, visitor);
                    path.truncate(length);
                }
            }
            Value::Array(list) => {
                for value in list {
                    walk(value, path, visitor);
                }
            }
            _ => {}
        }
    }
    walk(json, &mut String::new(), visitor);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::TOGAI;

    #[test]
    fn files_are_merged_by_union() {
        let document = Document::merge(
            &TOGAI,
            [
                ("a.yaml", "openapi: 3.0.3\ntags: [{name: A}]\npaths: {/a: {get: {operationId: a}}}"),
                ("b.yaml", "tags: [{name: B}]\npaths: {/b: {get: {operationId: b}}}\ncomponents: {schemas: {B: {}}}"),
            ],
        )
        .unwrap();
        insta::assert_snapshot!(
            document.json(),
            @r#"{"components":{"schemas":{"B":{}}},"openapi":"3.0.3","paths":{"/a":{"get":{"operationId":"a"}},"/b":{"get":{"operationId":"b"}}},"tags":[{"name":"A"},{"name":"B"}]}"#
        );
        assert_eq!(document.file_of_path("/b"), "b.yaml");
        assert_eq!(document.file_of_component("schemas", "B"), "b.yaml");
    }

    #[test]
    fn a_name_defined_twice_is_an_error_that_names_both_files() {
        let schema = "components: {schemas: {Event: {}}}";
        let error = Document::merge(&TOGAI, [("a.yaml", schema), ("b.yaml", schema)]).unwrap_err();
        insta::assert_snapshot!(
            error,
            @"`schemas/Event` is defined in a.yaml and again in b.yaml: rename one, or keep it in one file"
        );
        let path = "paths: {/a: {}}";
        let error = Document::merge(&TOGAI, [("a.yaml", path), ("b.yaml", path)]).unwrap_err();
        insta::assert_snapshot!(
            error,
            @"`/a` is defined in a.yaml and again in b.yaml: rename one, or keep it in one file"
        );
    }

    #[test]
    fn a_key_given_twice_in_one_file_is_an_error() {
        let error = Document::merge(&TOGAI, [("a.yaml", "paths: {}\npaths: {}")]).unwrap_err();
        assert!(format!("{error:#}").contains("duplicate"), "{error:#}");
    }

    #[test]
    fn an_invalid_yaml_file_is_named() {
        let error = Document::merge(&TOGAI, [("a.yaml", "a: [")]).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot parse a.yaml"), "{error:#}");
    }
}
