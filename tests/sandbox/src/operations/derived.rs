//! Fields that follow from others.

use serde_json::{Value, json};

use crate::application::State;
use crate::form::Fields;
use crate::operations::kinds::{EVENT_SCHEMA, USAGE_METER};

/// For kinds whose fields are all given.
pub(super) fn nothing(_: &mut Fields, _: &State) {}

/// The address in one line, and the id that the service has for a customer.
pub(super) fn customer(fields: &mut Fields, _: &State) {
    let address = fields.get("address").and_then(Value::as_object);
    let lines = ["line1", "line2", "city", "postalCode", "state", "country"];
    let lines: Vec<_> = lines.iter().filter_map(|line| address?.get(*line)?.as_str()).collect();
    // The document allows it 1000 characters.
    let line: String = lines.join(", ").chars().take(1000).collect();
    fields.insert("billingAddress".to_owned(), json!(line));
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    fields.insert("togaiCustomerId".to_owned(), json!(togai_customer_id(id)));
}

/// The id that the service has for a customer.
pub(super) fn togai_customer_id(id: &str) -> String {
    format!("customer.{id}")
}

/// How many usage meters count the events of a schema.
pub(super) fn event_schema(fields: &mut Fields, state: &State) {
    let meters = state.collection(USAGE_METER.kind).all();
    let count = meters.filter(|(_, meter)| meter.get("eventSchemaName") == fields.get("name")).count();
    fields.insert("usageMetersCount".to_owned(), json!(count));
}

/// The name to show, and the event schema, if there is one.
pub(super) fn usage_meter(fields: &mut Fields, state: &State) {
    display_name(fields);
    let schema = fields.get("eventSchemaName").and_then(Value::as_str);
    if let Some(schema) = schema.and_then(|name| state.collection(EVENT_SCHEMA.kind).get(name)) {
        fields.insert("eventSchema".to_owned(), Value::Object(schema.clone()));
    }
}

/// The name to show, and how many event schemas go with the feature.
pub(super) fn feature(fields: &mut Fields, _: &State) {
    display_name(fields);
    let count = fields.get("schemaAssociations").and_then(Value::as_array).map_or(0, Vec::len);
    fields.insert("schemaCount".to_owned(), json!(count));
}

/// The schedule of a price plan of the first generation, which holds its details once more.
pub(super) fn price_plan(fields: &mut Fields, _: &State) {
    fields.entry("type").or_insert_with(|| json!("BILLING"));
    let currencies = fields.get("currencies").cloned().unwrap_or_else(|| json!([]));
    let rules = fields.get_mut("pricingRules").and_then(Value::as_array_mut).into_iter().flatten();
    for (number, rule) in rules.enumerate() {
        if let Some(rule) = rule.as_object_mut() {
            rule.entry("id").or_insert_with(|| json!(format!("rule.{}", number + 1)));
            rule.entry("version").or_insert_with(|| json!(1));
            // A request may say any number; rules that are answered begin at 1.
            if rule.get("order").and_then(Value::as_f64).is_some_and(|order| order < 1.0) {
                rule.insert("order".to_owned(), json!(1));
            }
        }
    }
    let rules = fields.get("pricingRules").cloned().unwrap_or_else(|| json!([]));
    let Some(details) = fields.get_mut("pricePlanDetails") else { return };
    if details.get("activeCurrencies").is_none() || fields_are_set(&currencies) {
        details["activeCurrencies"] = currencies;
    }
    let details = details.clone();

    let cards = details["usageRateCards"].as_array().into_iter().flatten();
    let meters: Vec<_> = cards.filter_map(|card| card.get("usageMeterId").cloned()).collect();
    let schedule = json!([{
        "id": schedule_id(fields),
        "startDate": "1970-01-01T00:00:00Z",
        "endDate": "9999-01-01T00:00:00Z",
        "isOverriden": false,
        "version": fields.get("version"),
        "pricePlanDetails": details,
        "pricingRules": rules,
    }]);
    fields.insert("pricingSchedule".to_owned(), schedule);
    fields.insert("usageMeters".to_owned(), json!(meters));
}

/// The schedule that a price plan of the second generation refers to.
pub(super) fn price_plan_v2(fields: &mut Fields, _: &State) {
    let schedule = schedule_id(fields);
    fields.entry("referenceId").or_insert_with(|| json!(schedule));
}

fn fields_are_set(list: &Value) -> bool {
    list.as_array().is_some_and(|items| !items.is_empty())
}

/// `pp.7` has the schedule `sch.7`.
fn schedule_id(fields: &Fields) -> String {
    let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
    format!("sch.{}", id.strip_prefix("pp.").unwrap_or(id))
}

fn display_name(fields: &mut Fields) {
    if let Some(name) = fields.get("billableName").or_else(|| fields.get("name")).cloned() {
        fields.insert("displayName".to_owned(), name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{Reply, TestSandbox};

    #[test]
    fn a_usage_meter_comes_with_its_event_schema() {
        let sandbox = TestSandbox::new();
        let schema = json!({ "name": "rides", "attributes": [{ "name": "distance" }], "dimensions": [] });
        assert_eq!(sandbox.post("/event_schema", &schema).0, 201);
        let meter = json!({
            "name": "distance",
            "billableName": "Distance",
            "type": "COUNTER",
            "aggregation": "SUM",
            "eventSchemaName": "rides",
        });
        let Reply(status, meter) = sandbox.post("/usage_meters", &meter);
        assert_eq!((status, &meter["id"], &meter["displayName"]), (201, &json!("um.1"), &json!("Distance")));
        assert_eq!(meter["eventSchema"]["attributes"], json!([{ "name": "distance" }]));
        assert_eq!(sandbox.get("/usage_meters/um.1?includeSchema=false").1["eventSchema"], Value::Null);
    }

    #[test]
    fn the_address_of_a_customer_is_one_line() {
        let sandbox = TestSandbox::new();
        let customer = json!({
            "id": "acme",
            "name": "Acme",
            "primaryEmail": "a@example.com",
            "address": { "line1": "1 High Street", "city": "Pune" },
        });
        assert_eq!(sandbox.post("/customers", &customer).0, 201);
        assert_eq!(sandbox.get("/customers/acme").1["billingAddress"], "1 High Street, Pune");
    }

    #[test]
    fn the_schedule_of_a_price_plan_follows_its_details() {
        let sandbox = TestSandbox::new();
        let plan = json!({ "name": "Monthly", "pricePlanDetails": { "supportedCurrencies": ["USD", "INR"] } });
        let Reply(status, plan) = sandbox.post("/price_plans", &plan);
        let details = &plan["pricingSchedule"][0]["pricePlanDetails"];
        assert_eq!((status, &details["supportedCurrencies"]), (200, &json!(["USD", "INR"])));
        assert_eq!((&details["activeCurrencies"], &plan["status"]), (&json!([]), &json!("DRAFT")));
        let Reply(_, plan) = sandbox.post("/price_plans/pp.1/activate", &json!({ "currencies": ["INR"] }));
        let details = &plan["pricingSchedule"][0]["pricePlanDetails"];
        assert_eq!((&details["activeCurrencies"], &plan["status"]), (&json!(["INR"]), &json!("ACTIVE")));
        assert_eq!(sandbox.get("/price_plans").1["data"][0]["pricePlanDetails"], *details);
    }
}
