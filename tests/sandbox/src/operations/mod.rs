//! What each operation does.

mod accounts;
mod aliases;
mod all_accounts;
mod corrections;
mod customers;
mod derived;
mod enso;
mod events;
mod example;
mod examples;
mod files;
mod ingestion;
mod kinds;
mod list;
mod resource;
mod settings;
#[cfg(test)]
mod whole_api;

use serde_json::json;

use crate::application::Application;
use crate::form::Fields;
use crate::json_response::{JsonResponse, Refusal};
use crate::operation_call::OperationCall;

pub(crate) use examples::add_examples;

/// Performs an operation: by a handler of its own, as one on a resource, or by the example of the document.
///
/// # Errors
///
/// Why it was not performed; then nothing was changed.
pub(crate) fn perform(application: &Application, mut call: OperationCall<'_>) -> Result<JsonResponse, Refusal> {
    match call.operation.id.as_str() {
        "ingest" => ingestion::ingest(application, call),
        "ingest_batch" => ingestion::ingest_batch(application, call),
        "ingest_entitled_event" => ingestion::ingest_entitled(application, call),
        "get_events" => events::get_events(application, &call),
        "get_single_event" => events::get_single_event(application, &call),
        "create_events_batch" => enso::create_events_batch(application, call),
        "event_correction" => corrections::event_correction(application, call),

        "get_accounts" => accounts::get_accounts(application, &call),
        "create_account" => accounts::create_account(application, call),
        "get_account" => accounts::get_account(application, &call),
        "update_account" => accounts::update_account(application, call),
        "delete_account" => accounts::delete_account(application, &call),
        "add_aliases" => accounts::add_aliases(application, call),
        "remove_aliases" => accounts::remove_aliases(application, call),
        "associate_price_plan" => accounts::associate_price_plan(application, call),

        "list_all_accounts" => all_accounts::list_all_accounts(application, &call),
        "create_account_for_customer" => all_accounts::create_account(application, call),
        "get_account_by_id" => all_accounts::get_account(application, &call),
        "update_account_by_id" => all_accounts::update_account(application, call),
        "delete_account_by_id" => all_accounts::delete_account(application, &call),
        "add_account_aliases" => all_accounts::add_aliases(application, call),
        "remove_account_aliases" => all_accounts::remove_aliases(application, call),
        "list_account_aliases" => aliases::list_account_aliases(application, &call),
        "create_alias" => aliases::create_alias(application, call),
        "delete_alias" => aliases::delete_alias(application, &call),
        "create_customer" => customers::create_customer(application, call),
        "delete_customer" => customers::delete_customer(application, &call),

        "insert_setting" => settings::insert_setting(application, call),
        "update_setting" => settings::update_setting(application, call),
        "get_file" => files::get_file(&call),
        // A caller with a valid token gets the same one.
        "authenticate" => {
            let token = Fields::from_iter([("token".to_owned(), json!(application.settings.token))]);
            Ok(resource::present(&call, &token))
        }
        _ => match resource::perform(application, &mut call) {
            Some(result) => result,
            None => example::respond(application, call),
        },
    }
}
