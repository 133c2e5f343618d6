//! Settings, each of which is found by its full id: `setting.`, and then namespace, id, type of entity and entity.

use http::StatusCode;
use serde_json::Value;

use crate::application::{Application, State};
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;
use crate::operations::kinds::SETTING;

/// What the full id is made of, in order.
const PARTS: [&str; 4] = ["namespace", "id", "entityType", "entityId"];

/// Stores a setting; one that is new is answered, one that takes the place of another is not.
pub(super) fn insert_setting(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let fields = call.take_checked_fields()?;
    let mut state = State::of(application);
    Ok(store(&mut state, &call, fields))
}

/// Changes a setting, or creates the one that the full id names if the body says all that a setting needs.
pub(super) fn update_setting(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    let changes = call.take_checked_fields()?;
    let full_id = call.path("setting_id_str");
    let mut state = State::of(application);
    let mut fields = match state.collection(SETTING.kind).get(full_id) {
        Some(fields) => fields.clone(),
        None if ["dataType", "name", "value"].iter().all(|name| changes.contains_key(*name)) => {
            named_by(full_id).ok_or_else(|| unknown(full_id))?
        }
        None => return Err(unknown(full_id)),
    };
    fields.extend(changes);
    Ok(store(&mut state, &call, fields))
}

/// The full id of a setting.
pub(super) fn full_id(fields: &Fields) -> String {
    let parts = PARTS.map(|part| fields.get(part).and_then(Value::as_str).unwrap_or_default());
    format!("setting.{}", parts.join("."))
}

fn store(state: &mut State, call: &OperationCall<'_>, fields: Fields) -> JsonResponse {
    let full_id = full_id(&fields);
    let settings = state.collection_mut(SETTING.kind);
    let is_new = settings.get(&full_id).is_none();
    let body = call.operation.success.form.as_ref().map(|form| form.present(&fields)).filter(|_| is_new);
    settings.put(&full_id, fields);
    body.map_or_else(
        || JsonResponse::empty(StatusCode::NO_CONTENT),
        |body| JsonResponse::new(StatusCode::CREATED, body),
    )
}

/// What a full id says of its setting; an id with dots in its parts can be read in several ways, and is not.
fn named_by(full_id: &str) -> Option<Fields> {
    let parts: Vec<_> = full_id.strip_prefix("setting.")?.split('.').collect();
    let is_readable = parts.len() == PARTS.len();
    let fields = PARTS.iter().zip(parts).map(|(name, part)| ((*name).to_owned(), part.into()));
    is_readable.then(|| fields.collect())
}

fn unknown(full_id: &str) -> Refusal {
    Refusal::not_found(format!("setting_id_str: there is no setting {full_id}; create it first"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{Reply, TestSandbox};

    const PATH: &str = "/settings/setting.USER.region.ACCOUNT.acme";

    #[test]
    fn only_a_new_setting_is_returned() {
        let sandbox = TestSandbox::new();
        let mut setting = json!({
            "dataType": "STRING",
            "entityId": "acme",
            "entityType": "ACCOUNT",
            "id": "region",
            "name": "Region",
            "namespace": "USER",
            "value": "south",
        });
        assert_eq!(sandbox.get(PATH).0, 404);
        assert_eq!(sandbox.post("/settings", &setting), Reply(201, setting.clone()));
        assert_eq!(sandbox.post("/settings", &setting), Reply(204, json!(null)));
        let change = json!({ "value": "north" });
        assert_eq!(sandbox.send("PATCH", PATH, Some(&change)), Reply(204, json!(null)));
        setting["value"] = json!("north");
        assert_eq!(sandbox.get(PATH), Reply(200, setting.clone()));
        assert_eq!(sandbox.get("/settings?entity_id=acme").1["data"], json!([setting]));
        assert_eq!(sandbox.get("/settings?setting_id=other").1["data"], json!([]));
    }

    #[test]
    fn a_change_creates_a_setting_only_if_complete() {
        let sandbox = TestSandbox::new();
        assert_eq!(sandbox.send("PATCH", PATH, Some(&json!({ "value": "north" }))).0, 404);
        let all = json!({ "dataType": "STRING", "name": "Region", "value": "north" });
        assert_eq!(sandbox.send("PATCH", "/settings/region", Some(&all)).0, 404);
        let Reply(status, setting) = sandbox.send("PATCH", PATH, Some(&all));
        assert_eq!((status, &setting["entityId"]), (201, &json!("acme")));
        assert_eq!(sandbox.get(PATH), Reply(200, setting));
    }
}
