//! Every operation of the document, called with the examples of the document. The bench holds each answer against the
//! schema of the operation, so what is looked at here is whether it is the answer that was asked for.

use form_urlencoded::Serializer;
use serde_json::{Value, json};

use crate::api::Api;
use crate::document::Document;
use crate::form::Fields;
use crate::operation::Operation;
use crate::testing::{Reply, TestSandbox, event};

/// The examples of one operation.
struct Example {
    operation: &'static Operation,
    body: Option<Value>,
}

impl Example {
    /// Those of all operations.
    fn all() -> Vec<Self> {
        let document = Document::as_value(Api::Togai).unwrap();
        let read = |operation: &'static std::sync::Arc<Operation>| {
            let method = operation.method.as_str().to_ascii_lowercase();
            let body = &document["paths"][&operation.template][method]["requestBody"];
            let content = body.pointer("/content/application~1json");
            let body = content.map(|content| match content.get("example") {
                Some(example) => example.clone(),
                None => document.pointer(&content["schema"]["$ref"].as_str().unwrap()[1..]).unwrap()["example"].clone(),
            });
            Example { operation, body }
        };
        Document::load(Api::Togai).unwrap().operations().iter().map(read).collect()
    }

    fn of(id: &str) -> Self {
        Self::all().into_iter().find(|example| example.operation.id == id).unwrap()
    }

    /// The path with the examples of its parameters, and the query with those of `query`.
    fn target(&self, query: impl Fn(&str) -> bool) -> String {
        let mut path = self.operation.template.clone();
        let mut serializer = Serializer::new(String::new());
        for parameter in &self.operation.parameters {
            let example = match &parameter.example {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if parameter.is_in_path() {
                path = path.replace(&format!("{{{}}}", parameter.name), &encoded(&example));
            } else if query(&parameter.name) {
                serializer.append_pair(&parameter.name, &example);
            }
        }
        format!("{path}?{}", serializer.finish())
    }

    #[track_caller]
    fn send(&self, sandbox: &TestSandbox) -> Reply {
        // What is to be corrected is said by the body, and what is to be created is really created.
        let query = |name: &str| name != "dry_run" && (self.operation.id != "event_correction" || name == "action");
        sandbox.send(self.operation.method.as_str(), &self.target(query), self.body.as_ref())
    }

    /// A bench on which the operation can succeed.
    fn sandbox(&self) -> TestSandbox {
        // What is created must not be there yet.
        let creates = ["create_customer", "create_account", "create_account_for_customer", "create_event_schema"];
        let is_new = creates.contains(&self.operation.id.as_str()) || self.operation.id == "create_alias";
        let sandbox = TestSandbox::with(|settings| settings.with_examples = !is_new);
        for id in ["f4a52f2d-b798-4e08-8b24-db0a5a468ba3", "ride-2024-11-05-000481"] {
            sandbox.post("/ingest", &json!({ "event": event(id) }));
        }
        sandbox
    }
}

/// A segment of a path.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A value of another type than this one.
fn of_another_type(value: &Value) -> Value {
    if value.is_string() { json!(1.5) } else { json!("text") }
}

#[test]
fn all_159_operations_succeed_with_the_examples_of_the_document() {
    let examples = Example::all();
    assert_eq!(examples.len(), 159);
    for example in examples {
        let Reply(status, body) = example.send(&example.sandbox());
        let declared = example.operation.success.status.as_u16();
        let id = &example.operation.id;
        match id.as_str() {
            // Nothing new is stored: the setting of the example is there.
            "insert_setting" | "update_setting" => assert_eq!(status, 204, "{id}: {body}"),
            _ => assert_eq!(status, declared, "{id}: {body}"),
        }
        assert_eq!(body.is_null(), matches!(status, 204 | 302), "{id}: {body}");
    }
}

#[test]
fn a_field_of_the_wrong_type_is_refused_by_name() {
    let sandbox = TestSandbox::with(|settings| settings.with_examples = true);
    let mut checked = 0;
    for example in Example::all() {
        for (name, value) in example.body.iter().filter_map(Value::as_object).flatten() {
            let mut body = example.body.clone().unwrap();
            body[name] = of_another_type(value);
            let target = example.target(|name| name == "action");
            let Reply(status, response) = sandbox.send(example.operation.method.as_str(), &target, Some(&body));
            let message = response["message"].as_str().unwrap_or_default();
            assert!(status == 400 && message.starts_with(&format!("{name}: ")), "{}: {response}", example.operation.id);
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn a_required_field_that_is_missing_is_refused_by_name() {
    let sandbox = TestSandbox::with(|settings| settings.with_examples = true);
    let document = Document::as_value(Api::Togai).unwrap();
    for example in Example::all() {
        let method = example.operation.method.as_str();
        let body = &document["paths"][&example.operation.template][method.to_ascii_lowercase()]["requestBody"];
        let Some(reference) = body.pointer("/content/application~1json/schema/$ref") else { continue };
        let schema = document.pointer(&reference.as_str().unwrap()[1..]).unwrap();
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut body = example.body.clone().unwrap();
            body.as_object_mut().unwrap().remove(name);
            let reply = sandbox.send(method, &example.target(|name| name == "action"), Some(&body));
            let expected = json!({ "message": format!("{name}: is required") });
            assert_eq!(reply, Reply(400, expected), "{}", example.operation.id);
        }
    }
}

#[test]
fn ids_in_paths_that_are_too_long_are_refused_by_name() {
    let sandbox = TestSandbox::new();
    for example in Example::all() {
        let operation = example.operation;
        for parameter in operation.parameters.iter().filter(|parameter| parameter.is_in_path()) {
            let long = "x".repeat(513);
            if parameter.rules.allow(&json!(long)) {
                continue;
            }
            let path = operation.template.replace(&format!("{{{}}}", parameter.name), &long);
            let Reply(status, response) = sandbox.send(operation.method.as_str(), &path.replace(['{', '}'], ""), None);
            let expected = format!("{}: has to have at most ", parameter.name);
            let message = response["message"].as_str().unwrap_or_default();
            assert!(status == 400 && message.starts_with(&expected), "{}: {response}", operation.id);
        }
    }
}

#[test]
fn every_list_is_read_to_its_end_and_has_each_item_once() {
    for example in Example::all() {
        let Some(items) = example.operation.success.items.as_ref().filter(|items| items.in_pages) else { continue };
        let sandbox = example.sandbox();
        let has = |name: &str| example.operation.parameters.iter().any(|parameter| parameter.name == name);
        let path = example.target(|name| name == "mode");
        let mut target = if has("pageSize") { format!("{path}&pageSize=1") } else { path.clone() };
        let (mut read, mut pages) = (Vec::new(), 0);
        loop {
            let Reply(status, page) = sandbox.get(&target);
            assert_eq!(status, 200, "{}: {page}", example.operation.id);
            read.extend(page[&items.property].as_array().unwrap().iter().cloned());
            pages += 1;
            let Some(token) = page["nextToken"].as_str() else { break };
            target = format!("{path}&nextToken={}", encoded(token));
        }
        let id = &example.operation.id;
        assert!(!read.is_empty(), "{id}");
        assert_eq!(pages, if has("pageSize") { read.len() } else { 1 }, "{id}");
        for (position, item) in read.iter().enumerate() {
            assert!(!read[..position].contains(item), "{id}: {item} is there twice");
        }
        assert_eq!(sandbox.get(&path).1[&items.property], json!(read), "{id}");
    }
}

/// Creates a resource by the example of the document, and follows it through its life.
#[track_caller]
fn check_life(ids: [&str; 4], key: &str, delete: Option<&str>) {
    let sandbox = TestSandbox::new();
    let [create, get, list, update] = ids.map(Example::of);
    let Reply(_, created) = create.send(&sandbox);
    let id = created[key].as_str().unwrap();
    let path = {
        let (collection, _) = get.operation.template.rsplit_once('/').unwrap();
        format!("{collection}/{}", encoded(id))
    };
    let Reply(status, read) = sandbox.get(&path);
    assert_eq!((status, &read), (200, &created));
    let listed = |sandbox: &TestSandbox| sandbox.get(&list.target(|_| false)).1["data"].as_array().unwrap().clone();
    assert_eq!(listed(&sandbox)[0][key], created[key]);

    let changes = update.body.unwrap();
    sandbox.clock.advance(std::time::Duration::from_secs(60));
    let Reply(status, changed) = sandbox.send("PATCH", &path, Some(&changes));
    assert_eq!(status, 200, "{changed}");
    assert_eq!(sandbox.get(&path).1, changed);
    let mut expected: Fields = read.as_object().unwrap().clone();
    for (name, change) in changes.as_object().unwrap() {
        if expected.contains_key(name) {
            expected.insert(name.clone(), change.clone());
        }
    }
    for (name, value) in &expected {
        let follows = ["updatedAt", "createdAt", "version", "displayName", "pricingSchedule"].contains(&name.as_str());
        assert!(follows || changed[name] == *value, "{name}: {changed}");
    }

    let Some(suffix) = delete else { return };
    assert_eq!(sandbox.send("DELETE", &format!("{path}{suffix}"), None), Reply(200, json!({ "success": true })));
    assert_eq!(sandbox.get(&path).0, 404);
    assert_eq!(sandbox.send("DELETE", &format!("{path}{suffix}"), None).0, 404);
    assert_eq!(sandbox.send("PATCH", &path, Some(&changes)).0, 404);
    assert_eq!(listed(&sandbox), [] as [Value; 0]);
}

#[test]
fn a_created_resource_is_read_listed_changed_and_deleted() {
    let schema = ["create_event_schema", "get_event_schema", "list_event_schemas", "update_event_schema"];
    check_life(schema, "name", Some(""));
    let meter = ["create_usage_meter", "get_usage_meter", "get_usage_meters_for_event_schema", "update_usage_meter"];
    check_life(meter, "id", Some(""));
    check_life(["create_feature", "get_feature", "get_features", "update_feature"], "id", None);
    check_life(["create_price_plan", "get_price_plan", "get_price_plans", "update_price_plan"], "id", None);
    let second = ["create_price_plan_v2", "get_price_plan_v2", "list_price_plans_v2", "update_price_plan_v2"];
    check_life(second, "id", Some("/discard"));
    let account = ["create_account_for_customer", "get_account_by_id", "list_all_accounts", "update_account_by_id"];
    check_life(account, "id", Some(""));
}

#[test]
fn a_customer_is_read_listed_changed_and_deleted() {
    let sandbox = TestSandbox::new();
    assert_eq!(Example::of("create_customer").send(&sandbox).0, 201);
    let Reply(_, customer) = sandbox.get("/customers/CUST00001");
    assert_eq!((&customer["status"], &customer["createdAt"]), (&json!("ACTIVE"), &json!("2025-01-01T00:00:00.000Z")));
    assert_eq!(sandbox.get("/customers?status=ACTIVE").1["data"], json!([customer]));
    assert_eq!(sandbox.get("/customers?id=other").1["data"], json!([]));
    let Reply(_, changed) = Example::of("update_customer").send(&sandbox);
    assert_eq!(changed["name"], "Riders of Chennai Limited");
    assert_eq!(changed["address"], customer["address"]);
    assert_eq!(sandbox.get("/customers/CUST00001"), Reply(200, changed));
}

#[test]
fn all_versions_of_an_event_schema_are_kept() {
    let sandbox = TestSandbox::new();
    Example::of("create_event_schema").send(&sandbox);
    Example::of("update_event_schema").send(&sandbox);
    assert_eq!(Example::of("activate_event_schema").send(&sandbox).1["status"], "ACTIVE");
    let version = |query: &str| sandbox.get(&format!("/event_schema/rides{query}"));
    assert_eq!(version("").1["version"], 2);
    let Reply(_, first) = version("?version=1");
    assert_eq!((&first["version"], &first["description"]), (&json!(1), &json!("A completed ride")));
    let message = json!({ "message": "version: the event schema rides has no version 3" });
    assert_eq!(version("?version=3"), Reply(404, message));
    let Reply(_, versions) = sandbox.get("/event_schema/rides/versions");
    let numbers: Vec<_> = versions["data"].as_array().unwrap().iter().map(|it| it["version"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(Example::of("deactivate_event_schema").send(&sandbox).1["status"], "INACTIVE");
}

#[test]
fn an_archived_price_plan_is_kept() {
    let sandbox = TestSandbox::with(|settings| settings.with_examples = true);
    let plan = "/price_plans/pp.RidesMonthly";
    assert_eq!(sandbox.send("DELETE", plan, None), Reply(200, json!({ "success": true })));
    assert_eq!(sandbox.get(plan).1["status"], "ARCHIVED");
}

#[test]
fn a_dry_run_creates_nothing() {
    let sandbox = TestSandbox::new();
    let plan = Example::of("create_price_plan").body.unwrap();
    assert_eq!(sandbox.post("/price_plans?dry_run=true", &plan).0, 200);
    assert_eq!(sandbox.get("/price_plans").1["data"], json!([]));
}

#[test]
fn an_invalid_change_leaves_a_resource_unchanged() {
    let sandbox = TestSandbox::with(|settings| settings.with_examples = true);
    // An update may have a longer name than a usage meter.
    let change = json!({ "name": "x".repeat(60), "description": "new" });
    let Reply(status, meter) = sandbox.send("PATCH", "/usage_meters/um.Distance", Some(&change));
    assert_eq!((status, &meter["name"]), (200, &json!("distance_travelled")));
    assert_eq!(meter["description"], "new");
}
