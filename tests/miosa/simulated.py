"""Finds things in the simulator's data."""

from __future__ import annotations

from uuid import uuid4

from portal import miosa
from tests.simulator_control import SimulatorControl


def new_key() -> str:
    return uuid4().hex


def find_deployment_id(control: SimulatorControl, scenario: str) -> str:
    for customer in control.state()["customers"]:
        for row in customer["deployments"]:
            if row["scenario"] == scenario:
                return str(row["id"])
    raise LookupError(scenario)


def list_all_versions(client: miosa.Client, deployment_id: str) -> list[miosa.Version]:
    return [row for page in client.versions.pages(deployment_id) for row in page.items]
