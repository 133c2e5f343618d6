#!/usr/bin/env bash
# Checks openapi/togai.json and openapi/enso.json with tools of others: openapi-spec-validator, which compares them with the
# schema of OpenAPI 3.0, and `redocly lint`, which knows what else is wrong with documents in practice. Exits with 1 if
# either finds anything.
#
# Needs Python 3.11 or later with the venv module, Node.js 22.12 or later (or 20.19) with npm, and, when the tools are not
# installed yet, PyPI and the npm registry. The tools themselves do not use the network.
#
#   TOGAI_DOCUMENT_TOOLS  where the tools are kept, by default target/document
#   PYTHON                the Python to make the virtual environment with, by default python3

set -euo pipefail
cd "$(dirname "$0")/../.."

tools="${TOGAI_DOCUMENT_TOOLS:-target/document}"
python="${PYTHON:-python3}"
redocly_version=2.77.0
documents=(openapi/togai.json openapi/enso.json)

install_validator() {
    local requirements=tests/document/requirements.txt environment="$tools/python"
    local stamp="$environment/installed.txt"
    local wanted
    # Compiled packages fit one version of Python, so another one has to start again, too.
    wanted="$("$python" --version && cat "$requirements")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    echo "installing openapi-spec-validator into $environment" >&2
    "$python" -m venv --clear "$environment"
    # The requirements list everything; what they forgot shall be missing rather than installed in any version.
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    "$environment/bin/python" -m pip check >&2
    # Last, so that an installation that broke off is not taken for a whole one.
    printf '%s\n' "$wanted" >"$stamp"
}

install_redocly() {
    local folder="$tools/redocly-$redocly_version"
    if [ -f "$folder/installed.txt" ]; then
        return
    fi
    echo "installing @redocly/cli $redocly_version into $folder" >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    # The package brings everything along and depends on no other, so its version pins all of it.
    npm install --prefix "$folder" --silent --ignore-scripts --no-save --no-audit --no-fund --no-update-notifier \
        "@redocly/cli@$redocly_version"
    touch "$folder/installed.txt"
}

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo "tests/document/lint.sh needs Node.js 22.12 or later, which brings npm: https://nodejs.org/en/download" >&2
    exit 1
fi

install_validator
install_redocly

"$tools/python/bin/python" -m openapi_spec_validator --schema 3.0 "${documents[@]}"

# Neither figures about its use nor a look for a newer version leave the machine.
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$tools/redocly-$redocly_version/node_modules/.bin/redocly" lint --config openapi/redocly.yaml "${documents[@]}"
