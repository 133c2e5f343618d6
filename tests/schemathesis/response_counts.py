"""What the operations answered, and whether enough of them did what they are for."""

from collections import defaultdict

# The others need something that cannot be had from the document, such as a job that is in the right state.
LEAST_SHARE = 0.8
# `get_file` has no success of its own: it answers with a redirect.
REDIRECT = 302


def read(path):
    """The statuses of each operation, and how often it answered each."""
    counts = defaultdict(lambda: defaultdict(int))
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            status, operation = line.rstrip("\n").split(" ", 1)
            counts[operation][int(status)] += 1
    return counts


def without_success(operations, counts):
    """The operations that never answered 2xx or the redirect."""
    return [name for name in operations if not any(200 <= status < 300 or status == REDIRECT for status in counts[name])]
