"""Every operation of the vendor's Python client 1.0.3 (December 2024) against the sandbox, with the document's examples.

Parameters are the examples of the document; bodies are its examples, made into the client's own models; each answer has to
come out as the model that the client declares. Each operation has a sandbox of its own, which begins with the examples.

Usage: every_operation.py BINARY_OF_THE_SANDBOX
"""

import itertools
import sys

import togai_client
import urllib3
from prerequisites import EVENTS_BEFORE, OTHER_VALUES
from document import Document
from known_failures import KNOWN_FAILURES
from reflection import find_operations
from sandbox import Checks, Sandbox, check_contains, check_equal

VERSION = "1.0.3"
OPERATIONS = 151

# The marker of a page stands in the answer before it, so that an example of it names no page.
NOT_SENT = {("query", "nextToken"), ("query", "previousToken")}


def main(binary):
    checks = Checks(VERSION)
    document = Document()
    operations = find_operations()
    with checks.named(f"the client has {OPERATIONS} operations"):
        check_equal("the number of operations", len(operations), OPERATIONS)
    with checks.named("the tables name operations"):
        named = KNOWN_FAILURES.keys() | OTHER_VALUES.keys() | EVENTS_BEFORE.keys()
        check_equal("names without an operation", named - {operation.name for operation in operations}, set())

    for api_name, group in itertools.groupby(operations, key=lambda operation: operation.api_name):
        group = list(group)
        with checks.named(f"{api_name}: {len(group)} operations"):
            problems = [problem for operation in group for problem in show(binary, document, operation)]
            check_equal("what does not work", problems, [])
    return 1 if checks.failed else 0


def show(binary, document, operation):
    """Calls an operation, and returns what is wrong with that: nothing, or one line."""
    expected = KNOWN_FAILURES.get(operation.name)
    try:
        with Sandbox(binary, examples=True) as sandbox:
            if operation.name in EVENTS_BEFORE:
                ingest(sandbox, document, EVENTS_BEFORE[operation.name])
            call(sandbox, document, operation)
    except Exception as error:
        # On one line, since some of these errors have many.
        text = " ".join(f"{type(error).__name__}: {error}".split())
        if expected is None:
            return [f"{operation.name}: {text}"]
        if expected.says not in text:
            return [f"{operation.name}: should say {expected.says!r}, but says {text!r}"]
        return []
    return [] if expected is None else [f"{operation.name}: works, so it is no known failure any more"]


def ingest(sandbox, document, event_id):
    """Ingests the event of the document's example with another id."""
    body = document.body_example(document.operation("POST", "/ingest"))
    sandbox.request("POST", "/ingest", body | {"event": body["event"] | {"id": event_id}})


def call(sandbox, document, operation):
    """Calls an operation of the client and checks that it decodes the answer into what it declares."""
    declared = document.operation(operation.method, operation.path)
    arguments = {
        operation.arguments[place]: example
        for place, example in document.parameter_examples(declared).items()
        # The document knows parameters that the client does not have.
        if place in operation.arguments and place not in NOT_SENT
    }
    if operation.body_argument is not None:
        example = document.body_example(declared) | OTHER_VALUES.get(operation.name, {})
        body = operation.body_type.from_dict(example)
        # What the client does not know it leaves out, and would not send.
        check_equal("the keys of the body", keys(body.to_dict()), keys(example))
        arguments[operation.body_argument] = body

    configuration = togai_client.Configuration(host=sandbox.base_url, access_token=sandbox.token)
    # Where a redirect leads to is not the sandbox, and may be anywhere.
    configuration.retries = urllib3.Retry(redirect=0, raise_on_redirect=False)
    with Client(configuration=configuration) as client:
        answer = getattr(operation.api(client), f"{operation.name}_with_http_info")(**arguments)
        wanted = client.types_of_answers.get(str(answer.status_code), "a status that the client does not declare")
        check_equal("the type of the answer", type(answer.data).__name__, wanted or "NoneType")


class Client(togai_client.ApiClient):
    """The client, which keeps what the operation that was called declares to answer."""

    def response_deserialize(self, response_data, response_types_map=None):
        self.types_of_answers = response_types_map
        return super().response_deserialize(response_data, response_types_map)


def keys(value):
    """The names in a value, without what stands there: the client writes times and numbers in its own way."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [keys(inner) for inner in value]
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
