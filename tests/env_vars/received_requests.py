"""What the simulator received about env vars."""

from typing import Any

from tests.simulator_control import SimulatorControl


def last_number(simulator: SimulatorControl) -> int:
    """Of the last request, to list the later ones."""
    return int(simulator.requests()[-1]["n"])


def sent_sizes(simulator: SimulatorControl, *, since: int = 0) -> list[Any]:
    """For each request that set env vars: the length of each value by name."""
    return [row["body"]["env"] for row in simulator.requests(since) if row["method"] == "POST"]


def count_lists(simulator: SimulatorControl) -> int:
    """How often the names were listed."""
    return sum(row["method"] == "GET" and row["path"].endswith("/env") for row in simulator.requests())


def count_deletions(simulator: SimulatorControl) -> int:
    return sum(row["method"] == "DELETE" for row in simulator.requests())
