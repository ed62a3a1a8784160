"""Counting what MIOSA was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.simulator_control import SimulatorControl


class Counted:
    """The requests that arrived meanwhile, by what they ask for."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def kinds(self) -> dict[str, int]:
        return dict(Counter(kind_of(row["path"]) for row in self.rows))


def kind_of(path: str) -> str:
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
def counting(simulator: SimulatorControl) -> Iterator[Counted]:
    counted = Counted()
    before = len(simulator.requests())
    yield counted
    counted.rows = simulator.requests()[before:]


def asked(simulator: SimulatorControl, deed: Callable[[], Any]) -> dict[str, int]:
    with counting(simulator) as counted:
        deed()
    return counted.kinds
