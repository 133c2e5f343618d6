//! Responses that say nothing, or not in JSON of the type.

use super::*;

#[test]
fn a_body_that_is_not_json_is_named() {
    let mut all = Vec::new();
    for (media_type, body) in [
        ("text/html", "<!doctype html><html><head><title>Sign in</title></head><body>s3cr3t-t0ken</body></html>"),
        ("application/xml", "<Error><Code>AccessDenied</Code></Error>"),
        ("application/json", "<h1>Sign in</h1>"),
        ("text/plain", "welcome"),
        ("application/json", ""),
        ("application/json", "\0\0"),
        ("application/json", r#"{"id": "a""#),
    ] {
        all.push(failed("get_account", 200, &[("content-type", media_type)], body).to_string());
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    get_account: the server answered 200 OK with an HTML page instead of JSON: is the base URL right? (3 attempts, 1.2 s)
    get_account: the server answered 200 OK with XML instead of JSON: is the base URL right? (3 attempts, 1.2 s)
    get_account: the server answered 200 OK with markup instead of JSON: is the base URL right? (3 attempts, 1.2 s)
    get_account: the server answered 200 OK with plain text instead of JSON: is the base URL right? (3 attempts, 1.2 s)
    get_account: the server answered 200 OK with an empty body instead of JSON (3 attempts, 1.2 s)
    get_account: the server answered 200 OK with binary data instead of JSON (3 attempts, 1.2 s)
    get_account: the server answered 200 OK, but its body cannot be read: EOF while parsing an object at line 1 column 10 (3 attempts, 1.2 s)
    "###);
    let error = failed("get_account", 200, &[], "<html>");
    assert!(error.is_decode() && error.json_path().is_none());
    assert_eq!((error.status(), error.body_excerpt()), (Some(StatusCode::OK), Some("<html>")));
}

#[test]
fn an_error_about_a_response_keeps_what_is_known_of_it() {
    let response = decoded("create_account", 201, &[("x-request-id", "r-17")], r#"{"id": "a"}"#).unwrap();
    let errors = [
        response.unclear("and did not say what became of it: ask the vendor"),
        response.protocol("the server sent a page token a second time"),
    ];
    let mut all = Vec::new();
    for error in errors {
        assert_eq!((error.attempts(), error.elapsed()), (3, Duration::from_millis(1234)));
        assert_eq!((error.status(), error.request_id()), (Some(StatusCode::CREATED), Some("r-17")));
        assert!(error.headers().is_some());
        all.push(error.to_string());
    }
    insta::assert_snapshot!(all.join("\n"), @r###"
    create_account: the server answered 201 Created (request r-17) and did not say what became of it: ask the vendor; the request may have been applied, so look before repeating it
    create_account: the server sent a page token a second time
    "###);
    let error = Error::protocol("ingest", "the server named no event").with_status(StatusCode::MULTI_STATUS);
    assert_eq!((error.attempts(), error.status()), (1, Some(StatusCode::MULTI_STATUS)));
    assert_eq!(error.to_string(), "ingest: the server named no event");
}

#[test]
fn a_decode_error_names_public_types() {
    /// Every value of a body in turn becomes one of another type.
    fn mutate(
        value: &serde_json::Value,
        bodies: &mut Vec<serde_json::Value>,
        whole: &dyn Fn(serde_json::Value) -> serde_json::Value,
    ) {
        for other in [
            serde_json::json!(true),
            serde_json::json!(-1.5),
            serde_json::json!("x"),
            serde_json::json!([[]]),
            serde_json::json!({"a": {}}),
        ] {
            bodies.push(whole(other));
        }
        match value {
            serde_json::Value::Object(fields) => {
                for (name, field) in fields {
                    mutate(field, bodies, &|changed| {
                        let mut fields = fields.clone();
                        fields[name] = changed;
                        whole(fields.into())
                    });
                }
            }
            serde_json::Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    mutate(item, bodies, &|changed| {
                        let mut items = items.clone();
                        items[index] = changed;
                        whole(items.into())
                    });
                }
            }
            _ => {}
        }
    }

    let body = serde_json::json!({"events": [{
        "ingestionStatus": {"status": "INGESTION_COMPLETED", "statusDescription": "x"},
        "eventPayload": {
            "schemaName": "rides", "id": "a", "timestamp": "2024-04-18T16:00:17Z", "accountId": "acme",
            "attributes": [{"name": "distance", "value": "1", "unit": "km"}],
            "dimensions": {"city": "Chennai"}
        }
    }], "nextToken": "t", "context": {}});
    let mut bodies = Vec::new();
    mutate(&body, &mut bodies, &|changed| changed);
    let mut said = std::collections::BTreeSet::new();
    for body in bodies {
        // Not as a page, of which an odd record is no error.
        let raw = receive(operation("get_account"), Ok(http::Response::new(body.to_string()).into()));
        let read = raw.map_err(|failed| failed.error).unwrap().decode::<crate::types::GetEventsResponse>();
        if let Err(error) = read {
            let text = error.to_string();
            if let Some((_, expected)) = text.split_once(", expected ") {
                said.insert(expected.split(" at line").next().unwrap().to_owned());
            }
        }
    }
    insta::assert_snapshot!(said.into_iter().collect::<Vec<_>>().join("\n"), @r###"
    a date and time such as 2024-04-18T16:00:17Z
    a map
    a sequence
    a string
    a string or a number
    an object (Attribute)
    an object (Event)
    an object (EventWithStatus)
    an object (GetEventsResponse)
    an object (IngestionStatus)
    "###);
}
