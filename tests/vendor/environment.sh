# Virtual environments of the vendor's Python clients. Sourced from the root of the repository.
#
#   TOGAI_VENDOR_VENVS  where the virtual environments are kept, by default target/vendor
#   PYTHON              the Python to make the virtual environments with, by default python3

environments="${TOGAI_VENDOR_VENVS:-target/vendor}"
python="${PYTHON:-python3}"

# The two versions share the name of their package, so each needs an environment of its own.
install() {
    local version=$1
    local requirements="tests/vendor/requirements-$version.txt"
    local environment="$environments/$version"
    local stamp="$environment/installed.txt"
    local wanted
    # Compiled packages fit one version of Python, so another one has to start again, too.
    wanted="$("$python" --version && cat "$requirements")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    echo "installing togai-client $version into $environment" >&2
    "$python" -m venv --clear "$environment"
    # The requirements list everything; what they forgot shall be missing rather than installed in any version.
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    "$environment/bin/python" -m pip check >&2
    # Last, so that an installation that broke off is not taken for a whole one.
    printf '%s\n' "$wanted" >"$stamp"
}
