"""The document as schemathesis gets it, in which every status that an operation may answer is named."""

import copy

METHODS = {"get", "put", "post", "patch", "delete"}

# What any operation may answer to a request that is malformed, names what is not there, or is too large or contradictory.
REFUSALS = {"400": "BadRequest", "404": "NotFound", "422": "PayloadTooLarge"}


def operations(document):
    """Method and path as schemathesis names them, and the operation, in the order of the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def named_statuses_only(document):
    """A copy in which each operation names its statuses one by one.

    With `default`, any status would be a documented one, and the check of statuses could not fail. And an event that was
    refused is sent back as it came, so that it need not be one by the schema.
    """
    strict = copy.deepcopy(document)
    for _, operation in operations(strict):
        responses = operation["responses"]
        responses.pop("default", None)
        for status, name in REFUSALS.items():
            responses.setdefault(status, {"$ref": f"#/components/responses/{name}"})
    strict["components"]["schemas"]["IngestError"]["properties"]["eventPayload"] = {}
    return strict
