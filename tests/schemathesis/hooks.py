"""Hooks of schemathesis: what each operation answered, and which refusals of well-formed requests are right."""

import os

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

import contradictions


@schemathesis.hook
def after_call(context, case, response):
    """Adds a line with the status and the operation, for `response_counts.py`."""
    write("TOGAI_PROBE_ANSWERS", f"{response.status_code} {case.operation.label}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the failures that are none, for a reason of `contradictions.py`; every other failure stays one."""
    reason = contradictions.misdirected(case.path, response.request.url)
    if reason is None and isinstance(failure, RejectedPositiveData):
        reason = contradictions.contradicted(response.status_code, response.content)
    if reason is not None:
        write("TOGAI_PROBE_CONTRADICTIONS", reason)
    return reason is None


def write(variable, line):
    with open(os.environ[variable], "a", encoding="utf-8") as lines:
        lines.write(line + "\n")
