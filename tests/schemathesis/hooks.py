"""Hooks of schemathesis: keeps what each operation answered."""

import os

import schemathesis


@schemathesis.hook
def after_call(context, case, response):
    """Adds a line with the operation and the status, for `answers.py`."""
    with open(os.environ["TOGAI_PROBE_ANSWERS"], "a", encoding="utf-8") as answers:
        answers.write(f"{response.status_code} {case.operation.label}\n")
