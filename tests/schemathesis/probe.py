"""Plays the document against the sandbox with schemathesis, and counts which operations did what they are for.

Usage: probe.py BINARY_OF_THE_SANDBOX [--coverage]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections import Counter

import response_counts
import statuses
from sandbox import Sandbox

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parent.parent / "openapi" / "togai.json"
PHASES = ["examples", "fuzzing", "stateful"]
# A fixed one, so that two runs send the same bytes.
TOKEN = "schemathesis"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--coverage", action="store_true", help="also try each limit of each field; takes long")
    arguments = parser.parse_args()
    phases = ["examples", "coverage", *PHASES[1:]] if arguments.coverage else PHASES

    begin = time.monotonic()
    original = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, Sandbox(arguments.binary, token=TOKEN, examples=True) as sandbox:
        folder = pathlib.Path(folder)
        strict = folder / "togai.json"
        strict.write_text(json.dumps(statuses.named_statuses_only(original)), encoding="utf-8")
        logs = {"TOGAI_PROBE_ANSWERS": folder / "answers.txt", "TOGAI_PROBE_CONTRADICTIONS": folder / "contradictions.txt"}
        for log in logs.values():
            log.touch()
        status = run(sandbox, strict, logs, phases)
        counts = response_counts.read(logs["TOGAI_PROBE_ANSWERS"])
        contradictions = logs["TOGAI_PROBE_CONTRADICTIONS"].read_text(encoding="utf-8").splitlines()

    for reason, count in sorted(Counter(contradictions).items()):
        print(f"refused with reason: {count} x {reason}")
    enough = report(original, counts)
    print(f"{time.monotonic() - begin:.0f} s, phases {', '.join(phases)}", flush=True)
    return 0 if status == 0 and enough else 1


def run(sandbox, strict, logs, phases):
    """Runs schemathesis and returns its exit status: 0 is no failure and no error."""
    command = [sys.executable, "-B", "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [str(strict), "--url", sandbox.base_url, "--phases", ",".join(phases)]
    command += ["--header", f"Authorization: Bearer {sandbox.token}", "--no-color"]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        # Sets of strings would be in another order in each run.
        "PYTHONHASHSEED": "0",
        # The sandbox is on this machine: a proxy set for the outside world could not reach it.
        "NO_PROXY": "127.0.0.1",
    }
    environment |= {variable: str(log) for variable, log in logs.items()}
    return subprocess.run(command, env=environment, check=False).returncode


def report(original, counts):
    """Prints how many operations succeeded at least once, and says whether they are enough."""
    names = {label: operation["operationId"] for label, operation in statuses.operations(original)}
    missing = response_counts.without_success(names, counts)
    for label in missing:
        answered = ", ".join(f"{status} x {count}" for status, count in sorted(counts[label].items()))
        print(f"no success: {names[label]} ({label}): {answered or 'never called'}")
    share = 1 - len(missing) / len(names)
    requests = sum(sum(by_status.values()) for by_status in counts.values())
    print(f"{requests} requests; {len(names) - len(missing)} of {len(names)} operations succeeded, {share:.0%}")
    if share < response_counts.LEAST_SHARE:
        print(f"FAIL fewer than {response_counts.LEAST_SHARE:.0%} of the operations succeeded")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
