"""Hooks of schemathesis: what each operation answered, and which refusals of well-formed requests are right."""

import os

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

import contradictions


@schemathesis.hook
def after_call(context, case, response):
    """Adds a line with the status and the operation, for `answers.py`."""
    write("TOGAI_PROBE_ANSWERS", f"{response.status_code} {case.operation.label}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the refusals of `contradictions.py`; every other failure stays one."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    reason = contradictions.reason(response.status_code, response.content)
    if reason is not None:
        write("TOGAI_PROBE_CONTRADICTIONS", reason)
    return reason is None


def write(variable, line):
    with open(os.environ[variable], "a", encoding="utf-8") as lines:
        lines.write(line + "\n")
