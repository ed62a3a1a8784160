"""The hosting service's name, and all it says that is not for customers, stays away from them (rule 9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.models import Customer, Membership, User
from tests.api.conftest import API, Asking, read_everything
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], Asking]
VENDOR = re.compile(r"miosa|canary|s3://|gs://|r2://|arn:aws|tnt_|msk_|host_[a-z0-9]|x-powered-by|gunicorn", re.I)


@pytest.fixture
def planted(simulator: SimulatorControl, people: object) -> SimulatorControl:
    """A company whose every field off the allow-list holds a recognisable text, read to the end."""
    simulator.configure(canaries=True)
    read_everything()
    return simulator


def test_customers_are_told_nothing_of_the_hosting_service(ask: Ask, planted: SimulatorControl) -> None:
    owner = User.objects.get(email="owner@brightsmile.test")
    for customer in Customer.objects.filter(is_unassigned=False):
        Membership.objects.get_or_create(user=owner, customer=customer, defaults={"role": "owner"})
    served = planted.call("GET", "canaries")["canaries"]
    assert served
    looked_at = 0
    client = ask("owner")
    for path in crawl(client):
        response = client.get(path)
        assert response.status_code == 200, path
        check(path, response.content.decode(), served)
        check(path, str(dict(response.headers)), served)
        looked_at += 1
    assert looked_at > 100


def test_errors_tell_customers_nothing_of_it_either(ask: Ask, planted: SimulatorControl) -> None:
    served = planted.call("GET", "canaries")["canaries"]
    for status in (400, 401, 403, 404, 410, 422, 429, 500, 503):
        planted.fault(times=3, status=status, body='{"error": {"message": "miosa canary s3://bucket"}}')
        for path in (
            f"{API}/customers/brightsmile-dental/history/",
            f"{API}/customers/nobody/history/",
            f"{API}/schema/",
        ):
            response = ask("viewer").get(path, {"state": "x"} if status == 400 else {})
            check(path, response.content.decode() + str(dict(response.headers)), served)
        planted.clear_faults()


def check(path: str, text: str, served: list[str]) -> None:
    found = [canary for canary in served if canary in text]
    assert not found, (path, found)
    vendor = VENDOR.search(text)
    assert not vendor, (path, text[max(0, vendor.start() - 200) : vendor.end() + 50])


def crawl(client: Asking) -> Iterator[str]:
    """Every address that somebody can get to from the list of customers."""
    for row in pages(client, f"{API}/customers/"):
        home = f"{API}/customers/{row['customer']['slug']}"
        yield f"{home}/history/"
        yield f"{home}/deployments/"
        for deployment in pages(client, f"{home}/deployments/"):
            yield f"{home}/deployments/{deployment['id']}/"
        for entry in client.told(f"{home}/history/")["results"][:15]:
            if entry["entry"] == "version":
                yield f"{home}/deployments/{entry['deployment_id']}/versions/{entry['version']['id']}/"
    yield f"{API}/schema/"


def pages(client: Asking, path: str) -> Iterator[dict[str, Any]]:
    following: str | None = path
    while following:
        told = client.told(following)
        yield from told["results"]
        following = told["next"]
