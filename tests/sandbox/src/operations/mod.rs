//! What each operation does.

mod accounts;
mod corrections;
mod events;
mod ingestion;

use http::StatusCode;

use crate::answer::{Answer, Refusal};
use crate::application::Application;
use crate::call::Call;

/// Performs an operation.
///
/// # Errors
///
/// Why it was not performed; then nothing was changed.
pub(crate) fn perform(application: &Application, call: Call<'_>) -> Result<Answer, Refusal> {
    match call.operation.id.as_str() {
        "ingest" => ingestion::ingest(application, call),
        "ingest_batch" => ingestion::ingest_batch(application, call),
        "get_events" => events::get_events(application, &call),
        "get_single_event" => events::get_single_event(application, &call),
        "event_correction" => corrections::event_correction(application, call),
        "get_accounts" => accounts::get_accounts(application, &call),
        "create_account" => accounts::create_account(application, call),
        "get_account" => accounts::get_account(application, &call),
        "update_account" => accounts::update_account(application, call),
        "delete_account" => accounts::delete_account(application, &call),
        "add_aliases" => accounts::add_aliases(application, call),
        "remove_aliases" => accounts::remove_aliases(application, call),
        "associate_price_plan" => accounts::associate_price_plan(application, call),
        // The document may know more operations than the sandbox, which then says so.
        unknown => {
            let message = format!("{unknown} is part of the API, but the sandbox does not implement it");
            Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, message))
        }
    }
}
