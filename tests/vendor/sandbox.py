"""A sandbox that lives as long as a test, and checks that print one line per operation."""

import contextlib
import importlib.metadata
import json
import secrets
import signal
import subprocess
import sys
import threading
import traceback
import urllib.request

START_SECONDS = 20
STOP_SECONDS = 10


class Sandbox:
    """Runs the sandbox from `with` to the end of the block, however the block ends."""

    def __init__(self, binary, token=None, examples=False):
        self._binary = binary
        self._examples = examples
        self._process = None
        # A new one each time, so that a client that sends none, or another, is noticed.
        self.token = token or secrets.token_hex(16)
        self.base_url = None

    def __enter__(self):
        # Unlike Ctrl-C, SIGTERM would end Python without leaving the block, and the sandbox would stay behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        # The clients do not send a request again when it is throttled, so quotas would only make failures by chance.
        command = [self._binary, "--port", "0", "--token", self.token, "--no-quotas"]
        if self._examples:
            command.append("--with-examples")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            self.base_url = self._read_base_url()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def request(self, method, path, body=None):
        """Sends a request without the vendor's client and returns the decoded answer.

        It is for what the client of the test at hand has no operation or no type for, and shows no operation.
        """
        request = urllib.request.Request(
            self.base_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        # The sandbox is on this machine: a proxy set for the outside world could not reach it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=START_SECONDS) as response:
            return json.load(response)

    def _read_base_url(self):
        # Reading a line cannot time out by itself; when the process is gone, it ends.
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        greeting = "listening on "
        if not line.startswith(greeting):
            raise RuntimeError(f"the sandbox did not say where it listens, but {line!r}")
        return line[len(greeting) :].strip()

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Checks:
    """Counts what went well, and prints a line for each operation."""

    def __init__(self, version):
        installed = importlib.metadata.version("togai-client")
        # The lines name the version, so it has to be the one that ran.
        check_equal("the installed version of togai-client", installed, version)
        self._version = version
        self._called = set()
        self.failed = 0

    def watch(self, api):
        """Wraps an API object of the client, so that it is known which of its operations were called."""
        return _Watched(api, self._called)

    @contextlib.contextmanager
    def operation(self, name):
        """Prints that an operation works if the block ends without an exception, and goes on in any case."""
        self._called.clear()
        with self.named(name):
            yield
            # Else the line would claim an operation that the block never used.
            if name not in self._called:
                raise AssertionError(f"{name} was not called, or not with success")

    @contextlib.contextmanager
    def named(self, name):
        """Prints that something holds if the block ends without an exception, and goes on in any case."""
        try:
            yield
        except Exception as error:
            self.failed += 1
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            print(f"FAIL {name} ({self._version}): {reason}", flush=True)
            traceback.print_exc()
        else:
            print(f"ok   {name} ({self._version})", flush=True)


class _Watched:
    def __init__(self, api, called):
        self._api = api
        self._called = called

    def __getattr__(self, name):
        method = getattr(self._api, name)

        def call(*arguments, **named_arguments):
            answer = method(*arguments, **named_arguments)
            # Client 1.0.3 has a second method for those who want the status as well.
            suffix = "_with_http_info"
            self._called.add(name[: -len(suffix)] if name.endswith(suffix) else name)
            return answer

        return call


def check_equal(what, actual, expected):
    """Unlike `assert`, stays in force under `python -O`, and says both values."""
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, but got {actual!r}")


def check_contains(what, text, part):
    """For messages: what they are about matters to the client, how the sandbox words them does not."""
    if not isinstance(text, str) or part not in text:
        raise AssertionError(f"{what}: expected {part!r} in it, but got {text!r}")


def check_type(what, value, expected_type):
    """Shows that the client decoded an answer into its own type instead of leaving a dictionary."""
    if type(value) is not expected_type:
        raise AssertionError(f"{what}: expected a {expected_type.__name__}, but got {value!r}")


def check_refused(expected_type, expected_status, call):
    """Checks that a call raises the client's exception, and returns the message that the sandbox gave."""
    try:
        answer = call()
    except expected_type as error:
        check_equal("the status of the refusal", error.status, expected_status)
        return json.loads(error.body)["message"]
    raise AssertionError(f"expected a refusal with {expected_status}, but got {answer!r}")
