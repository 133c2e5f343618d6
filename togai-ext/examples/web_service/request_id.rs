//! The id of a request.

use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header that a request may bring its id in, and that its answer has it in.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// How long the id of a client may be. The API takes 512 characters; what is longer than this is no id.
const LONGEST: usize = 128;

/// The id that the client sent, where it is a plausible one, else a new one.
///
/// A client that sends a request again with the same id is billed once for both, which is what one wants of retries. It
/// is also what someone would do who wants to be billed once for everything: take ids only from clients that gain nothing
/// by it, such as a gateway of your own, or put the name of the account before them and watch the dead letters.
pub(crate) fn of(headers: &HeaderMap) -> String {
    let sent = headers.get(HEADER).and_then(|value| value.to_str().ok());
    match sent.filter(|id| is_plausible(id)) {
        Some(id) => id.to_owned(),
        None => Uuid::now_v7().to_string(),
    }
}

/// Whether it is what ids are made of, and nothing that would do harm in a log.
fn is_plausible(id: &str) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}
