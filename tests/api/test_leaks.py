"""Responses for customers contain nothing of MIOSA (docs/rules.md, 9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.models import Customer, Membership, User
from tests.api.conftest import API, ApiClient, read_everything
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
VENDOR = re.compile(r"miosa|canary|s3://|gs://|r2://|arn:aws|tnt_|msk_|host_[a-z0-9]|x-powered-by|uvicorn", re.I)


@pytest.fixture
def canaries(simulator: SimulatorControl, people: object) -> SimulatorControl:
    """Every field that customers must not see contains a recognizable text, and everything has been fetched."""
    simulator.configure(canaries=True)
    read_everything()
    return simulator


def test_responses_for_customers_do_not_mention_miosa(ask: Ask, canaries: SimulatorControl) -> None:
    owner = User.objects.get(email="owner@brightsmile.test")
    for customer in Customer.objects.filter(is_unassigned=False):
        Membership.objects.get_or_create(user=owner, customer=customer, defaults={"role": "owner"})
    served = canaries.call("GET", "canaries")["canaries"]
    assert served
    checked = 0
    client = ask("owner")
    for path in list_reachable_urls(client):
        response = client.get(path)
        assert response.status_code == 200, path
        assert_no_leak(path, response.content.decode(), served)
        assert_no_leak(path, str(dict(response.headers)), served)
        checked += 1
    assert checked > 100


def test_errors_for_customers_do_not_mention_miosa(ask: Ask, canaries: SimulatorControl) -> None:
    served = canaries.call("GET", "canaries")["canaries"]
    for status in (400, 401, 403, 404, 410, 422, 429, 500, 503):
        canaries.fault(times=3, status=status, body='{"error": {"message": "miosa canary s3://bucket"}}')
        for path in (
            f"{API}/customers/brightsmile-dental/history/",
            f"{API}/customers/nobody/history/",
            f"{API}/schema/",
        ):
            response = ask("viewer").get(path, {"state": "x"} if status == 400 else {})
            assert_no_leak(path, response.content.decode() + str(dict(response.headers)), served)
        canaries.clear_faults()


def assert_no_leak(path: str, text: str, served: list[str]) -> None:
    found = [canary for canary in served if canary in text]
    assert not found, (path, found)
    vendor = VENDOR.search(text)
    assert not vendor, (path, text[max(0, vendor.start() - 200) : vendor.end() + 50])


def list_reachable_urls(client: ApiClient) -> Iterator[str]:
    """Every URL that can be reached from the list of customers."""
    for row in list_results(client, f"{API}/customers/"):
        home = f"{API}/customers/{row['customer']['slug']}"
        yield f"{home}/history/"
        yield f"{home}/deployments/"
        for deployment in list_results(client, f"{home}/deployments/"):
            yield f"{home}/deployments/{deployment['id']}/"
        for entry in client.get_json(f"{home}/history/")["results"][:15]:
            if entry["entry"] == "version":
                yield f"{home}/deployments/{entry['deployment_id']}/versions/{entry['version']['id']}/"
    yield f"{API}/schema/"


def list_results(client: ApiClient, path: str) -> Iterator[dict[str, Any]]:
    following: str | None = path
    while following:
        data = client.get_json(following)
        yield from data["results"]
        following = data["next"]
