"""Counts the requests that MIOSA received, by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.simulator_control import SimulatorControl


class RequestCount:
    """The requests that arrived while a block ran."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def kinds(self) -> dict[str, int]:
        return dict(Counter(get_kind(row["path"]) for row in self.rows))


def get_kind(path: str) -> str:
    parts = path.removeprefix("/api/v1/").strip("/").split("/")
    match parts:
        case ["deployments"]:
            return "list"
        case ["deployments", _]:
            return "one"
        case ["deployments", _, "versions"]:
            return "versions"
        case ["deployments", _, "versions", _]:
            return "version"
        case ["workspaces"]:
            return "workspaces"
        case ["platform", "tenants", "current"]:
            return "tenant"
    return parts[-1]


@contextmanager
def counting_requests(simulator: SimulatorControl) -> Iterator[RequestCount]:
    counted = RequestCount()
    before = len(simulator.requests())
    yield counted
    counted.rows = simulator.requests()[before:]


def count_requests(simulator: SimulatorControl, act: Callable[[], Any]) -> dict[str, int]:
    with counting_requests(simulator) as counted:
        act()
    return counted.kinds
