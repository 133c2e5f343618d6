use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::types::{EventWithStatus, GetEventsResponse};
use crate::{Attribute, operations};

type Page = Result<(GetEventsResponse, Vec<UnreadableRecord>), PathError>;

fn read_page(body: impl AsRef<[u8]>) -> Page {
    read_body(body.as_ref(), StatusCode::OK, &operations::GET_EVENTS)
}

/// A record as servers write it.
fn record(id: &str) -> Value {
    json!({
        "eventPayload": {
            "schemaName": "rides", "id": id, "timestamp": "2024-11-05T08:31:12Z", "accountId": "acme",
            "attributes": [{"name": "distance", "value": "12.4", "unit": "km"}], "dimensions": {"city": "Chennai"},
        },
        "ingestionStatus": {"status": "INGESTION_COMPLETED", "statusDescription": "done"},
        "createdAt": "2024-11-05T08:31:13Z",
        "customerId": "acme",
    })
}

fn page_of(records: &[Value]) -> String {
    json!({ "events": records, "nextToken": "e30=" }).to_string()
}

/// The page with a record in the middle, which is the second of three; that record, and what is said of it.
fn with_odd(odd: &Value) -> (Option<EventWithStatus>, Vec<UnreadableRecord>) {
    let (page, unreadable) = read_page(page_of(&[record("a"), odd.clone(), record("c")])).unwrap();
    let [a, c] = ["a", "c"].map(|id| serde_json::from_value::<EventWithStatus>(record(id)).unwrap());
    let mut events = page.events;
    assert_eq!((events.remove(0), events.pop(), page.next_token.as_deref()), (a, Some(c), Some("e30=")), "{odd}");
    (events.pop(), unreadable)
}

/// The second record with a value changed.
fn changed(path: &str, value: Value) -> Value {
    let mut odd = record("b");
    *odd.pointer_mut(path).unwrap() = value;
    odd
}

fn problems(unreadable: &[UnreadableRecord]) -> Vec<String> {
    unreadable.iter().map(|record| format!("{} {}", record.path(), record.problems().join("; "))).collect()
}

#[test]
fn what_cannot_be_read_of_a_record_is_empty_and_counted() {
    let (event, unreadable) = with_odd(&changed("/createdAt", json!("yesterday")));
    let mut expected: EventWithStatus = serde_json::from_value(record("b")).unwrap();
    expected.created_at = crate::Timestamp::default();
    assert_eq!(event, Some(expected));
    assert_eq!(
        problems(&unreadable),
        ["events[1] createdAt: `yesterday` is not a date and time such as 2024-04-18T16:00:17Z"]
    );
    let kept: Value = serde_json::from_str(unreadable[0].json()).unwrap();
    assert_eq!(kept, changed("/createdAt", json!("yesterday")));
    assert!(!format!("{unreadable:?}").contains("acme"), "{unreadable:?}");
}

#[test]
fn several_values_of_a_record_count_once() {
    let mut odd = changed("/eventPayload/attributes", json!([{"name": "a", "value": []}, null, {"name": "b"}]));
    odd["ingestionStatus"] = json!("INGESTION_COMPLETED");
    let (event, unreadable) = with_odd(&odd);
    assert_eq!(event.unwrap().event_payload.attributes, [Attribute::new("a", ""), Attribute::new("b", "")]);
    insta::assert_snapshot!(problems(&unreadable)[0], @r#"events[1] eventPayload.attributes[0].value: invalid type: sequence, expected a string or a number; eventPayload.attributes[1]: invalid type: null, expected an object (Attribute); ingestionStatus: invalid type: string "INGESTION_COMPLETED", expected an object (IngestionStatus)"#);
}

#[test]
fn what_is_no_record_is_left_out_and_counted() {
    for odd in [json!(null), json!(true), json!("b"), json!(1.5), json!([record("b")])] {
        let (event, unreadable) = with_odd(&odd);
        assert_eq!((event, unreadable.len(), unreadable[0].path()), (None, 1, "events[1]"), "{odd}");
        assert_eq!(unreadable[0].json(), odd.to_string());
    }
}

#[test]
fn a_value_that_says_the_same_in_another_type_is_kept_and_not_counted() {
    let (event, unreadable) = with_odd(&changed("/eventPayload/dimensions/city", json!(true)));
    assert_eq!((&*event.unwrap().event_payload.dimensions["city"], unreadable.len()), ("true", 0));
    let (event, unreadable) = with_odd(&changed("/customerId", json!(30)));
    assert_eq!((event.unwrap().customer_id.as_deref(), unreadable.len()), (Some("30"), 0));
    // More digits than a float has.
    let body = page_of(&[changed("/eventPayload/id", json!("ID"))]).replace(r#""ID""#, "123456789012345678901");
    let (page, unreadable) = read_page(body).unwrap();
    assert_eq!(page.events[0].event_payload.id.as_deref(), Some("123456789012345678901"));
    assert_eq!(unreadable.len(), 0);
}

#[cfg(feature = "jobs")]
#[test]
fn a_whole_number_may_have_a_fraction_of_zero() {
    use crate::types::GetJobResponse;
    for (json, count) in [("30.0", Some(30)), ("3e1", Some(30)), (r#""30""#, Some(30)), ("30.5", None), ("1e300", None)]
    {
        let body = format!(r#"{{"totalJobEntries": {json}, "description": false}}"#);
        let read = read_body::<GetJobResponse>(body.as_bytes(), StatusCode::OK, &operations::GET_JOB_STATUS);
        assert_eq!(read.ok().map(|(job, _)| i64::from(job.total_job_entries)), count, "{json}");
    }
}

#[test]
fn half_of_a_character_is_replaced() {
    for half in [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83dx", "\\ud83d\\n", "\\\\\\ud83d"] {
        let body = page_of(&[record("a"), changed("/customerId", json!("HALF")), record("c")]).replace("HALF", half);
        let (page, unreadable) = read_page(body).unwrap();
        assert!(page.events[1].customer_id.as_ref().unwrap().contains('\u{fffd}'), "{half}");
        assert_eq!(problems(&unreadable), ["events[1] a text holds half of a character"], "{half}");
        assert_eq!((page.events.len(), page.events[0].customer_id.as_deref()), (3, Some("acme")));
    }
    for whole in [r"\ud83d\ude00", r"\\ud83d"] {
        let body = page_of(&[record("a"), changed("/createdAt", json!([])), changed("/customerId", json!("WHOLE"))]);
        let (page, unreadable) = read_page(body.replace("WHOLE", whole)).unwrap();
        let expected: String = serde_json::from_str(&format!("\"{whole}\"")).unwrap();
        assert_eq!((page.events[2].customer_id.as_ref(), unreadable.len()), (Some(&expected), 1));
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let mut body = page_of(&[record("a"), changed("/customerId", json!("?"))]).into_bytes();
    let position = body.iter().position(|byte| *byte == b'?').unwrap();
    body[position] = 0xe9;
    let (page, unreadable) = read_page(body).unwrap();
    assert_eq!((page.events[1].customer_id.as_deref(), unreadable.len()), (Some("\u{fffd}"), 1));
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let (page, unreadable) = read_page(format!("\u{feff}{}", page_of(&[record("a")]))).unwrap();
    assert_eq!((page.events.len(), unreadable.len()), (1, 0));
}

#[test]
fn a_page_without_its_records_is_an_error() {
    let error = |body: &str| read_page(body).unwrap_err().to_string();
    let expected = "no property `events`, which holds the records of the page";
    assert_eq!(error(r#"{"data": [], "nextToken": null}"#), expected);
    assert_eq!(error(r#"{"nextToken": "e30="}"#), expected);
    // Nothing in these can be records under another name.
    for empty in ["{}", " { } ", r#"{"events": null}"#, r#"{"nextToken": null, "events": []}"#] {
        assert_eq!(read_page(empty).unwrap(), (GetEventsResponse::default(), Vec::new()), "{empty}");
    }
}

#[test]
fn what_is_beside_the_records_of_a_page_is_read_strictly() {
    let odd = json!({"events": [{"createdAt": "yesterday"}], "nextToken": {}}).to_string();
    let listed = json!({"events": {"0": record("a")}}).to_string();
    for body in [&odd, &listed, r#"{"events": "none"}"#, "[]", "null", "1", "", "<html>", r#"{"events": [{}, {]}"#] {
        assert!(read_page(body).is_err(), "{body}");
    }
    let number = json!({"events": [], "nextToken": 7}).to_string();
    assert_eq!(read_page(number).unwrap().0.next_token.as_deref(), Some("7"));
}

#[test]
fn a_response_that_is_no_page_is_read_whole_or_not_at_all() {
    let read = |odd: &Value| {
        let body = json!({ "events": [odd] }).to_string();
        read_body::<GetEventsResponse>(body.as_bytes(), StatusCode::OK, &operations::GET_SINGLE_EVENT)
    };
    let error = read(&changed("/createdAt", json!("yesterday"))).unwrap_err();
    assert_eq!(error.path().to_string(), "events[0].createdAt");
    assert!(read(&json!(null)).is_err());
    let (response, _) = read(&changed("/eventPayload/dimensions/city", json!(true))).unwrap();
    assert_eq!(response.events[0].event_payload.dimensions["city"], "true");
}

#[test]
fn a_page_of_nothing_but_odd_records_is_read_in_linear_time() {
    let odd = changed("/eventPayload/attributes", Value::Array(vec![json!(1); 200]));
    let (page, unreadable) = read_page(page_of(&vec![odd; 50])).unwrap();
    assert_eq!((page.events.len(), unreadable.len()), (0, 50));
    assert!(unreadable[0].problems().last().unwrap().contains("too much"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("2024-01-01T00:00")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every place in a record, as a pointer.
fn places(value: &Value, pointer: &str, places: &mut Vec<String>) {
    places.push(pointer.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| self::places(value, &format!("{pointer}/{name}"), places));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| self::places(value, &format!("{pointer}/{index}"), places));
        }
        _ => {}
    }
}

proptest! {
    /// Whatever stands at any place of a record: the page is read, the other records are as they were, and the odd one is
    /// either read whole or counted.
    #[test]
    fn an_odd_record_leaves_all_others_as_they_are(value in any_json(), place in any::<proptest::sample::Index>()) {
        let mut everywhere = Vec::new();
        places(&record("b"), "", &mut everywhere);
        let odd = changed(place.get::<String>(&everywhere), value);
        let (event, unreadable) = with_odd(&odd);
        prop_assert!(unreadable.len() <= 1);
        prop_assert!(event.is_some() || unreadable.len() == 1);
        // As text, too: the last digit of a number may be another one once it has been written.
        let alone = serde_json::from_str::<EventWithStatus>(&odd.to_string());
        if let Ok(alone) = alone {
            prop_assert_eq!((event, unreadable.len()), (Some(alone), 0));
        }
    }
}
