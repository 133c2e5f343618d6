"""Refusals of requests that are well formed, but contradict what is there, or themselves, in ways no schema can say.

What the sandbox says is looked at, and not its status alone, so that a request it takes for malformed is still a failure.
"""

import json
import re
from urllib.parse import urlsplit

REASONS = {
    r"^nextToken: has to be the nextToken of an earlier answer": "the marker of a page has to come from an answer",
    r": is taken by another account or alias": "ids and aliases of accounts are unique",
    r": the .+ is there already$": "ids are unique",
    r": was ingested within the last 45 days": "ids of events are unique",
    r"^no event matches": "a correction has to be of an event that was ingested",
    r"^select events with ": "a correction has to say of which events, in one of several places",
    r"[eE]ffectiveUntil: has to be (on or )?after effectiveFrom": "two times have to be in order",
    r"^(account\.)?(id|aliases\[\d+\](\.value)?): has to have at least 1 character$": "an empty id cannot be in a path",
    r"^aliases: has to have at least 1 item$": "the only property, declared optional; without it there is nothing to do",
}
STATUSES = {400, 409}


def contradicted(status, body):
    """Why a well-formed request may be refused like this, or None where it may not."""
    if status not in STATUSES:
        return None
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return None
    return next((why for pattern, why in REASONS.items() if re.search(pattern, message)), None)


def misdirected(path, url):
    """Why a request went to another path than it was made for, or None where it did not.

    An id may be `.` or `..` by its schema; as a part of a path these are resolved before the request is sent.
    """
    if urlsplit(url).path.count("/") == path.count("/"):
        return None
    return "an id that is a dot or two cannot be in a path"
