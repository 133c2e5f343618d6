"""The operations of the vendor's client 1.0.3 that do not work with the document's examples, and why."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class KnownFailure:
    # Part of what the client says.
    says: str
    reason: str


ONLY_OBJECTS = KnownFailure(
    says="Input should be a valid dictionary",
    reason="The client takes only objects as values of free-form JSON: neither the id of an account nor a threshold.",
)
LINES_WITHIN_LINES = KnownFailure(
    says="lineItems Input should be a valid list",
    reason="The client wants lines below each line of an invoice, so that no invoice could ever end.",
)

KNOWN_FAILURES = {
    "create_alert": ONLY_OBJECTS,
    "get_incident": ONLY_OBJECTS,
    "get_incidents": ONLY_OBJECTS,
    "list_alerts": ONLY_OBJECTS,
    "update_alert": ONLY_OBJECTS,
    "update_incident_status": ONLY_OBJECTS,
    "create_custom_invoice": LINES_WITHIN_LINES,
    "get_invoice": LINES_WITHIN_LINES,
    "update_invoice": LINES_WITHIN_LINES,
    "update_setting": KnownFailure(
        says="Input should be a valid dictionary or instance of Setting",
        reason="The answer is 204, which has no body; the client looks for a setting in it.",
    ),
    "get_file": KnownFailure(says="(302)", reason="The answer is a redirect, which the client makes an error of."),
}
