//! Resources that are created, read, listed, changed and deleted, all in the same way.
//!
//! What tells one kind from another is in `kinds`; what follows from its fields is in `derived`.

use serde_json::{Value, json};

use crate::application::{Application, State};
use crate::document::Document;
use crate::form::{Fields, Form};
use crate::json_response::{JsonResponse, Refusal};
use crate::moment;
use crate::operation_call::OperationCall;
use crate::operations::kinds::KINDS;
use crate::operations::list::{List, plain_text};

/// A kind of resource.
#[derive(Debug)]
pub(super) struct Resource {
    /// What it is called, in messages and as a collection.
    pub(super) kind: &'static str,
    /// The property that holds the id.
    pub(super) id: &'static str,
    /// What ids begin with that the sandbox makes; without it the request brings the id.
    pub(super) id_prefix: Option<&'static str>,
    /// The parameter in the path that holds the id.
    pub(super) parameter: &'static str,
    /// The status to begin with.
    pub(super) status: &'static str,
    /// Parameters of the list that stand for a property of another name.
    pub(super) filters: &'static [(&'static str, &'static str)],
    pub(super) operations: &'static [(&'static str, Action)],
    /// What a resource is found by, if that is not the property that holds its id.
    pub(super) key: Option<fn(&Fields) -> String>,
    /// Sets what follows from the other fields, after each change.
    pub(super) derive: fn(&mut Fields, &State),
}

/// What an operation does with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Get,
    List,
    Update,
    /// Like an update, of a resource whose versions are all kept.
    Revise,
    Delete,
    /// Like an update that sets the status as well.
    Set(&'static str),
    /// Lists the versions, the latest first.
    Versions,
}

/// The property that keeps the earlier versions of a resource. No answer declares it, so none shows it.
const EARLIER: &str = "earlierVersions";

/// Performs an operation on a resource, if it is one of those.
pub(super) fn perform(
    application: &Application,
    call: &mut OperationCall<'_>,
) -> Option<Result<JsonResponse, Refusal>> {
    let (resource, action) = KINDS.iter().find_map(|resource| {
        let (_, action) = resource.operations.iter().find(|(id, _)| *id == call.operation.id)?;
        Some((resource, *action))
    })?;
    Some(resource.carry_out(application, action, call))
}

impl Resource {
    fn carry_out(
        &self,
        application: &Application,
        action: Action,
        call: &mut OperationCall<'_>,
    ) -> Result<JsonResponse, Refusal> {
        let body = call.take_checked_fields()?;
        let call = &*call;
        let mut state = State::of(application);
        match action {
            Action::Create => {
                let fields = self.created(&state, call, body)?;
                let response = present(call, &fields);
                // A dry run says what would come of it.
                if !call.flag("dry_run") {
                    self.keep(&mut state, fields);
                }
                Ok(response)
            }
            Action::Get => {
                let mut fields = self.version(self.existing(&state, call)?, call)?.clone();
                if call.parameters.get("includeSchema") == Some(&json!(false)) {
                    fields.remove("eventSchema");
                }
                Ok(present(call, &fields))
            }
            Action::List => {
                let list = List::read(application, call)?;
                let items = state.collection(self.kind).all().filter(|(_, fields)| list.takes(fields, self.filters));
                Ok(list.respond(items, |fields| present_item(call, fields)))
            }
            Action::Versions => {
                let list = List::read(application, call)?;
                let versions = versions(self.existing(&state, call)?).into_iter().enumerate();
                Ok(list.respond(versions, |fields| present_item(call, fields)))
            }
            Action::Update | Action::Revise | Action::Set(_) => {
                let fields = self.changed(application.document, &state, call, action, body)?;
                let response = present(call, &fields);
                let id = call.path(self.parameter);
                state.collection_mut(self.kind).put(id, fields);
                Ok(response)
            }
            Action::Delete => self.delete(&mut state, call),
        }
    }

    /// A new resource, which is not kept yet.
    pub(super) fn created(
        &self,
        state: &State,
        call: &OperationCall<'_>,
        mut fields: Fields,
    ) -> Result<Fields, Refusal> {
        let collection = state.collection(self.kind);
        let number = collection.created() + 1;
        let id = match self.id_prefix {
            Some(prefix) => format!("{prefix}.{number}"),
            None => fields.get(self.id).and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        if id.is_empty() {
            return Err(Refusal::bad_request(format!("{}: has to have at least 1 character", self.id)));
        }
        if collection.get(&id).is_some() {
            return Err(Refusal::bad_request(format!("{}: the {} {id} is there already", self.id, self.kind)));
        }
        let now = json!(moment::to_text(call.now));
        fields.insert(self.id.to_owned(), json!(id));
        fields.insert("createdAt".to_owned(), now.clone());
        fields.insert("updatedAt".to_owned(), now);
        fields.insert("status".to_owned(), json!(self.status));
        fields.insert("version".to_owned(), json!(1));
        (self.derive)(&mut fields, state);
        Ok(fields)
    }

    /// Keeps a resource under its id.
    pub(super) fn keep(&self, state: &mut State, fields: Fields) {
        let id = match self.key {
            Some(key) => key(&fields),
            None => fields.get(self.id).and_then(Value::as_str).unwrap_or_default().to_owned(),
        };
        state.collection_mut(self.kind).put(&id, fields);
    }

    /// Deletes the resource that the path names.
    pub(super) fn delete(&self, state: &mut State, call: &OperationCall<'_>) -> Result<JsonResponse, Refusal> {
        if state.collection_mut(self.kind).remove(call.path(self.parameter)) {
            Ok(present(call, &Fields::new()))
        } else {
            Err(self.unknown(call))
        }
    }

    /// The example of the document, as it is kept; none if the kind cannot be read by id.
    pub(super) fn example(&self, document: &Document) -> Option<Fields> {
        let of = |action: Action| {
            let (id, _) = self.operations.iter().find(|(_, offered)| *offered == action)?;
            document.operation(id)
        };
        // The items of a list may have fields that the resource by itself has not.
        let item = of(Action::List)?.success.items.as_ref()?.form.example().as_object()?;
        let mut fields = item.clone();
        fields.extend(self.form(document)?.example().as_object()?.clone());
        let example = of(Action::Get)?.parameters.iter().find(|parameter| parameter.name == self.parameter)?;
        if self.key.is_none() {
            fields.insert(self.id.to_owned(), example.example.clone());
        }
        Some(fields)
    }

    fn existing<'a>(&self, state: &'a State, call: &OperationCall<'_>) -> Result<&'a Fields, Refusal> {
        state.collection(self.kind).get(call.path(self.parameter)).ok_or_else(|| self.unknown(call))
    }

    fn unknown(&self, call: &OperationCall<'_>) -> Refusal {
        let (parameter, kind, id) = (self.parameter, self.kind, call.path(self.parameter));
        Refusal::not_found(format!("{parameter}: there is no {kind} {id}; create it first"))
    }

    /// The form in which the resource is answered by itself.
    fn form<'a>(&self, document: &'a Document) -> Option<&'a Form> {
        let (get, _) = self.operations.iter().find(|(_, action)| *action == Action::Get)?;
        document.operation(get)?.success.form.as_ref()
    }

    fn changed(
        &self,
        document: &Document,
        state: &State,
        call: &OperationCall<'_>,
        action: Action,
        changes: Fields,
    ) -> Result<Fields, Refusal> {
        let before = self.existing(state, call)?;
        let form = self.form(document);
        let mut fields = before.clone();
        for (name, change) in changes {
            let change = match (name.as_str(), fields.get(&name), change) {
                // An update says which parts of it are other than before.
                ("pricePlanDetails", Some(Value::Object(whole)), Value::Object(parts)) => {
                    whole.clone().into_iter().chain(parts).collect()
                }
                (_, _, change) => change,
            };
            // A request may allow what a resource must not be; such a field stays as it was.
            let is_allowed = form.is_none_or(|form| {
                let changed = form.present(&Fields::from_iter([(name.clone(), change.clone())]));
                !form.declares(&name) || changed.get(&name) == Some(&form.shaped(&name, &change))
            });
            if is_allowed {
                fields.insert(name, change);
            }
        }
        let now = json!(moment::to_text(call.now));
        fields.insert("updatedAt".to_owned(), now.clone());
        match action {
            Action::Revise => {
                let version = before.get("version").and_then(Value::as_u64).unwrap_or(0) + 1;
                fields.insert("version".to_owned(), json!(version));
                fields.insert("createdAt".to_owned(), now);
                let mut earlier: Vec<_> = versions(before).into_iter().cloned().collect();
                for version in &mut earlier {
                    version.remove(EARLIER);
                }
                fields.insert(EARLIER.to_owned(), json!(earlier));
            }
            Action::Set(status) => {
                fields.insert("status".to_owned(), json!(status));
                if status == "ACTIVE" {
                    fields.insert("lastActivatedAt".to_owned(), now);
                }
            }
            _ => {}
        }
        (self.derive)(&mut fields, state);
        Ok(fields)
    }

    /// The version that the request asks for, the latest unless it asks for another.
    fn version<'a>(&self, latest: &'a Fields, call: &OperationCall<'_>) -> Result<&'a Fields, Refusal> {
        let wanted = match call.parameters.get("version") {
            None => return Ok(latest),
            Some(Value::String(name)) if name == "LATEST" || name == "ACTIVE" => return Ok(latest),
            Some(wanted) => plain_text(wanted),
        };
        let is_wanted = |fields: &&Fields| fields.get("version").is_some_and(|version| plain_text(version) == wanted);
        versions(latest).into_iter().find(is_wanted).ok_or_else(|| {
            let (kind, id) = (self.kind, call.path(self.parameter));
            Refusal::not_found(format!("version: the {kind} {id} has no version {wanted}"))
        })
    }
}

/// All versions of a resource, the latest first.
fn versions(latest: &Fields) -> Vec<&Fields> {
    let earlier = latest.get(EARLIER).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    std::iter::once(latest).chain(earlier).collect()
}

/// An answer in the form that the operation has: that of the resource, or one that only says that it was done.
pub(super) fn present(call: &OperationCall<'_>, fields: &Fields) -> JsonResponse {
    let success = &call.operation.success;
    let body = success.form.as_ref().map_or(Value::Null, |form| form.present(fields));
    JsonResponse::new(success.status, body)
}

fn present_item(call: &OperationCall<'_>, fields: &Fields) -> Value {
    call.operation.success.items.as_ref().map_or(Value::Null, |items| items.form.present(fields))
}
