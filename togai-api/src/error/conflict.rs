//! Which refusals are conflicts with what is there already.

/// Whether a message says that something with the same id is there already. The API says so with 409, and with 400, too.
/// When in doubt it does not.
pub(super) fn speaks_of_conflict(message: &str) -> bool {
    let message = message.to_lowercase();
    let words: Vec<&str> =
        message.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |saying: &[&str]| words.windows(saying.len()).any(|some| some == saying);
    let says_the_contrary = has(&["no"]) || has(&["cannot"]) || has(&["not"]) && !has(&["not", "unique"]);
    let is_id_used = has(&["already", "used"]) && (has(&["id"]) || has(&["identifier"]));
    !says_the_contrary && (is_id_used || SAYINGS.iter().any(|saying| has(saying)))
}

/// What is said of an id that something else has.
const SAYINGS: &[&[&str]] = &[
    &["already", "exists"],
    &["already", "exist"],
    &["already", "taken"],
    &["already", "registered"],
    &["already", "ingested"],
    &["already", "in", "use"],
    &["id", "exists"],
    &["is", "taken"],
    &["been", "taken"],
    &["was", "ingested", "before"],
    &["not", "unique"],
    &["unique", "constraint"],
    &["duplicate", "key"],
    &["duplicate", "entry"],
    &["duplicate", "event"],
    &["duplicate", "id"],
    &["duplicate", "identifier"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_that_an_id_is_taken() {
        for message in [
            "id: is taken by another account or alias: prod",
            "Customer with id acme already exists",
            "The name is already in use",
            "ACCOUNT_ALREADY_EXISTS",
            "event id already used",
            "E11000 duplicate key error: customerId",
            "An event with this id was already ingested",
            "duplicate event: the id \"a\" was ingested before",
            "the id of the plan is not unique",
            "violates unique constraint \"accounts_pkey\"",
        ] {
            assert!(speaks_of_conflict(message), "{message}");
        }
    }

    #[test]
    fn other_refusals_are_no_conflicts() {
        for message in [
            "the customer does not exist",
            "no account already has this plan",
            "cannot be used: it does not already exist",
            "duplicate attribute name: distance",
            "the plan is already archived",
            "events quota already used up",
            "The timestamp is in a billing period that is already closed",
            "the id is mistaken",
            "id: has to have at most 50 characters",
            "",
        ] {
            assert!(!speaks_of_conflict(message), "{message}");
        }
    }
}
