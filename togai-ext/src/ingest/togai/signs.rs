//! What JSON says of success and failure, in whatever spelling: little of it is documented.

use serde_json::{Map, Value};

/// Whether something says success, and whether it says failure. It may say neither, or both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    pub(super) success: bool,
    pub(super) failure: bool,
}

/// The lists of events in a body.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    pub(super) entries: Vec<&'a Value>,
    /// Whether there is more in them, or of them, than could be read.
    pub(super) is_partly_read: bool,
}

/// The name of a field without what differs from spelling to spelling.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a field is about what failed.
pub(super) fn is_of_failures(plain_name: &str) -> bool {
    ["fail", "reject", "error", "invalid", "unprocess", "drop", "skip", "ignored", "discard", "affected"]
        .iter()
        .any(|word| plain_name.contains(word))
}

/// All objects in a body that are no entries of a list.
pub(super) fn objects(body: &Value) -> Vec<&Map<String, Value>> {
    let mut objects: Vec<&Map<String, Value>> = body.as_object().into_iter().collect();
    let mut next = 0;
    while let Some(object) = objects.get(next).copied() {
        objects.extend(object.values().filter_map(Value::as_object));
        next += 1;
    }
    objects
}

/// The message of a body or of an entry.
pub(super) fn message(part: &Value) -> Option<&str> {
    let error = &part["error"];
    part["message"].as_str().or_else(|| error["message"].as_str()).or_else(|| error.as_str())
}

impl Signs {
    /// What a body says of the request as a whole.
    pub(super) fn of_body(body: &Value) -> Self {
        let mut signs = match body {
            Value::Bool(is_success) => Self { success: *is_success, failure: !is_success },
            Value::String(text) => Self { success: false, failure: Self::of_word(text).failure },
            Value::Array(items) => Self { success: false, failure: !items.is_empty() },
            _ => Self::default(),
        };
        for object in objects(body) {
            signs.add(Self::of_object(object));
        }
        signs
    }

    /// What an entry of a list says of its event.
    pub(super) fn of_entry(entry: &Value) -> Self {
        let Some(object) = entry.as_object() else { return Self::default() };
        let mut signs = Self::of_object(object);
        match &entry["message"] {
            Value::String(message) => signs.success |= Self::of_word(message).success,
            // It has an error, which is none.
            Value::Null => signs.success |= object.get("error").is_some_and(Value::is_null),
            _ => {}
        }
        signs
    }

    /// A status of HTTP among the fields of a body or an entry.
    pub(super) fn status_of(part: &Value) -> Option<u16> {
        let fields = part.as_object()?.iter();
        fields.filter(|(name, _)| is_of_status(&plain(name))).find_map(|(_, value)| status(value))
    }

    /// A word such as `FAILED` or `created`.
    pub(super) fn of_word(word: &str) -> Self {
        let word = plain(word);
        let success = [
            "true",
            "yes",
            "1",
            "ok",
            "success",
            "successful",
            "succeeded",
            "accepted",
            "created",
            "queued",
            "pending",
            "ingested",
            "ingestioninprogress",
        ];
        let failure = ["false", "no", "0", "invalid", "timeout", "exception"];
        Self {
            success: success.contains(&word.as_str()) || word.starts_with("ingestioncompleted"),
            failure: failure.contains(&word.as_str())
                || ["error", "fail", "reject", "ingestionfailed"].iter().any(|start| word.starts_with(start)),
        }
    }

    fn of_object(object: &Map<String, Value>) -> Self {
        let mut signs = Self::default();
        for (name, value) in object {
            signs.add(Self::of_field(&plain(name), value));
        }
        signs
    }

    fn of_field(name: &str, value: &Value) -> Self {
        let is_flag = matches!(name, "success" | "issuccess" | "ok" | "accepted" | "succeeded" | "issuccessful");
        let is_state = matches!(name, "status" | "state" | "result" | "outcome");
        match value {
            _ if is_of_status(name) && status(value).is_some() => {
                let status = status(value).unwrap_or_default();
                Self { success: (200..300).contains(&status), failure: status >= 400 }
            }
            Value::Bool(flag) if is_flag => Self { success: *flag, failure: !flag },
            Value::String(word) if is_flag || is_state => Self::of_word(word),
            Value::Bool(flag) if is_of_failures(name) => Self { success: false, failure: *flag },
            Value::String(text) if is_of_failures(name) => {
                Self { success: false, failure: !text.is_empty() && number(value).is_none() }
            }
            Value::Object(fields) if is_of_failures(name) => Self { success: false, failure: !fields.is_empty() },
            // Lists and numbers are looked at elsewhere.
            _ => Self::default(),
        }
    }

    fn add(&mut self, other: Self) {
        self.success |= other.success;
        self.failure |= other.failure;
    }
}

impl<'a> Lists<'a> {
    /// The lists of a body, in whichever of its objects they are.
    pub(super) fn of(body: &'a Value) -> Self {
        let mut lists = Self::default();
        for (name, value) in objects(body).into_iter().flatten() {
            let name = plain(name);
            match value {
                Value::Array(items) if is_of_failures(&name) || name == "details" => {
                    lists.entries.extend(items.iter().filter(|item| item.is_object()));
                    lists.is_partly_read |= items.iter().any(|item| !item.is_object());
                }
                // Events by their ids, or the like.
                Value::Object(fields) if is_of_failures(&name) && name != "error" => {
                    lists.is_partly_read |= !fields.is_empty();
                }
                Value::Bool(true) => {
                    lists.is_partly_read |= matches!(&*name, "hasmore" | "more" | "truncated" | "istruncated");
                }
                Value::String(token) => lists.is_partly_read |= !token.is_empty() && name == "nexttoken",
                _ => {}
            }
        }
        lists
    }
}

/// Whether a field may hold a status of HTTP.
fn is_of_status(plain_name: &str) -> bool {
    matches!(plain_name, "statuscode" | "status" | "httpstatus" | "httpstatuscode" | "code")
}

fn status(value: &Value) -> Option<u16> {
    number(value).and_then(|number| u16::try_from(number).ok()).filter(|status| (100..600).contains(status))
}

/// A number that counts something, as a number or as a text.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number.to_string().strip_suffix(".0")?.parse().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
