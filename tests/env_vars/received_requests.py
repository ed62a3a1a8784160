"""What the simulator received about env vars."""

from typing import Any

from tests.playing import Playing


def last_number(simulator: Playing) -> int:
    """Of the last request, to list the later ones."""
    return int(simulator.heard()[-1]["n"])


def sent_sizes(simulator: Playing, *, since: int = 0) -> list[Any]:
    """For each request that set env vars: the length of each value by name."""
    return [row["body"]["env"] for row in simulator.heard(since) if row["method"] == "POST"]


def count_lists(simulator: Playing) -> int:
    """How often the names were listed."""
    return sum(row["method"] == "GET" and row["path"].endswith("/env") for row in simulator.heard())


def count_deletions(simulator: Playing) -> int:
    return sum(row["method"] == "DELETE" for row in simulator.heard())
