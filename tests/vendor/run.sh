#!/usr/bin/env bash
# Shows that the vendor's own Python clients work against the sandbox.
#
# Prints a line for each operation that is shown closely, one for each group of those that are called with the document's
# examples, and `N passed, N failed` at the end; exits with 1 if anything failed.
# Needs cargo, Python 3.9 or later with the venv module and, when the requirements changed, PyPI.
#
#   TOGAI_VENDOR_VENVS    where the virtual environments are kept, by default target/vendor
#   TOGAI_SANDBOX_BINARY  a sandbox that is built already; by default it is built
#   PYTHON                the Python to make the virtual environments with, by default python3

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=tests/vendor
# shellcheck source=tests/vendor/environment.sh
. "$here/environment.sh"

install 1.0.1
install 1.0.3

find_sandbox

lines="$(mktemp)"
trap 'rm -f "$lines"' EXIT

# Prints what a script prints, and keeps it for counting.
run() {
    local version=$1 script=$2 status=0 failed_before
    failed_before="$(count '^FAIL ')"
    # -B: the source tree is no place for compiled files.
    "$environments/$version/bin/python" -B "$here/$script" "$binary" | tee -a "$lines" || status=$?
    # A script that could not even begin says nothing that could be counted.
    if [ "$status" -ne 0 ] && [ "$(count '^FAIL ')" -eq "$failed_before" ]; then
        echo "FAIL $script ($version): stopped before its end" | tee -a "$lines"
    fi
}

count() {
    grep -c "$1" "$lines" || true
}

run 1.0.1 accounts_2022.py
run 1.0.3 events.py
run 1.0.3 every_operation.py

expected="add_aliases
associate_price_plan
create_account
delete_account
event_correction
get_account
get_accounts
get_events
get_single_event
ingest
ingest_batch
remove_aliases
update_account"
# A check that somebody removes or renames would go unnoticed otherwise.
shown="$(sed -n 's/^ok   \([a-z_]*\) (.*)$/\1/p' "$lines" | LC_ALL=C sort -u)"
if [ "$shown" = "$expected" ]; then
    echo "ok   exactly the thirteen operations were shown" | tee -a "$lines"
else
    echo "FAIL exactly the thirteen operations were shown: $(echo "$shown" | tr '\n' ' ')" | tee -a "$lines"
fi

failed="$(count '^FAIL ')"
echo "$(count '^ok   ') passed, $failed failed"
[ "$failed" -eq 0 ]
