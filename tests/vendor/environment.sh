# Virtual environments of Python, for the vendor's clients and for other tools of tests. Sourced from the root of the
# repository.
#
#   TOGAI_VENDOR_VENVS  where the virtual environments are kept, by default target/vendor
#   PYTHON              the Python to make the virtual environments with, by default python3

environments="${TOGAI_VENDOR_VENVS:-target/vendor}"
python="${PYTHON:-python3}"

# A version of the vendor's client. All share the name of their package, so each needs an environment of its own.
install() {
    install_requirements "$1" "tests/vendor/requirements-$1.txt"
}

# What a file of requirements lists, in the environment of the given name.
install_requirements() {
    local name=$1 requirements=$2
    local environment="$environments/$name"
    local stamp="$environment/installed.txt"
    local wanted
    # Compiled packages fit one version of Python, so another one has to start again, too.
    wanted="$("$python" --version && cat "$requirements")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    echo "installing $requirements into $environment" >&2
    "$python" -m venv --clear "$environment"
    # The requirements list everything; what they forgot shall be missing rather than installed in any version.
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    "$environment/bin/python" -m pip check >&2
    # Last, so that an installation that broke off is not taken for a whole one.
    printf '%s\n' "$wanted" >"$stamp"
}

# Sets `binary` to the sandbox: the one of TOGAI_SANDBOX_BINARY, or one that is built now.
find_sandbox() {
    binary="${TOGAI_SANDBOX_BINARY:-}"
    if [ -z "$binary" ]; then
        cargo build --quiet --package togai-sandbox
        binary="${CARGO_TARGET_DIR:-target}/debug/togai-sandbox"
    fi
}
