#!/usr/bin/env bash
# Plays requests that schemathesis makes from the document against the sandbox, well-formed ones and malformed ones, and
# checks the answers against the document.
#
#   run.sh             5 requests for each operation and kind: what every change has to pass
#   run.sh --coverage  the same, and requests at and beyond each limit of each field: takes longer
#
# Prints what failed and the operations that never succeeded; exits with 1 if anything failed, or if fewer than 80 % of the
# operations succeeded. Two runs send the same requests. Needs cargo, Python 3.11 or later with the venv module and, when
# the requirements changed, PyPI. The variables of tests/vendor/run.sh are those of this script, too.

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/vendor/environment.sh
. tests/vendor/environment.sh

install_requirements schemathesis tests/schemathesis/requirements.txt
find_sandbox

# -B: the source tree is no place for compiled files.
PYTHONPATH=tests/vendor exec "$environments/schemathesis/bin/python" -B tests/schemathesis/probe.py "$binary" "$@"
