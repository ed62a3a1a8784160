"""A fresh installation: what was not read yet is never shown as nothing, and what somebody opens is read first."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from portal.models import Customer, Deployment, Freshness
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps
from portal.services.sync.schedule import SyncSource
from tests.deployments_ui.conftest import HTMX, SLUG
from tests.deployments_ui.page_rules import Browse, poll_path, text_of
from tests.people import People
from tests.simulator_control import SimulatorControl

LIST = "/customers/"


@pytest.fixture
def listed(simulator: SimulatorControl, people: People) -> People:
    """The apps were listed a moment ago, and no version was read."""
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    return people


def count_apps(page: str, state: str) -> int:
    """How many apps the rows of the list have in a state, all together."""
    return sum(int(count) for count in re.findall(rf">\s*(\d+) {state}<", page))


def run_most_urgent() -> None:
    """One step of the worker."""
    now = timezone.now()
    row = SyncSource().find_due(now=now).items[0]
    Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
    SyncSource().run(row, now=now)


def test_before_the_apps_are_listed_nothing_is_called_empty(
    simulator: SimulatorControl, people: People, browse: Browse
) -> None:
    sweeps.sweep_workspaces(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    page = text_of(browse(people.operator), LIST)
    assert "being listed for the first time" in page
    assert "not read yet" in page
    assert "no apps yet" not in page
    assert ">never<" not in page


def test_a_live_app_is_shown_as_live_before_its_versions_are_read(listed: People, browse: Browse) -> None:
    page = text_of(browse(listed.operator), LIST)
    stopped = Deployment.objects.filter(state="stopped").count()
    not_live = Deployment.objects.filter(active_version_id="").count()
    assert count_apps(page, "live") == Deployment.objects.count() - stopped - not_live
    assert count_apps(page, "not live") == not_live
    assert page.count("never<") == Customer.objects.filter(is_unassigned=False, deployments_count=0).count()
    assert f"0 of {Deployment.objects.count()} apps" in " ".join(page.split())


def test_a_customers_pages_say_so_too(listed: People, browse: Browse, simulator: SimulatorControl) -> None:
    app = Deployment.objects.filter(customer__slug=SLUG).earliest("pk")
    simulator.fault("*", times=100, status=503)
    client = browse(listed.operator)
    for path in (f"/c/{SLUG}/", f"/c/{SLUG}/deployments/{app.miosa_id}/"):
        page = text_of(client, path)
        assert "Live, details are being read" in page
        assert "Nothing live" not in page
    assert "0 version" not in text_of(client, f"/c/{SLUG}/deployments/{app.miosa_id}/delete/")


def test_the_api_says_so_too(listed: People, browse: Browse) -> None:
    data = browse(listed.operator).get("/api/v1/customers/").json()
    row = next(row for row in data["results"] if row["customer"]["slug"] == SLUG)
    assert (row["last_published_at"], row["is_unread"]) == (None, True)
    assert all(app["live"] is None and app["live_is_unread"] and app["is_unread"] for app in row["deployments"])
    assert (data["fill"]["read"], data["fill"]["total"]) == (0, Deployment.objects.count())
    assert data["age"]["filling"] is True


def test_a_customers_people_see_the_progress_of_their_own_apps_only(listed: People, browse: Browse) -> None:
    own = Deployment.objects.filter(holdings__customer__slug=SLUG)
    client = browse(listed.owner)
    fill = client.get("/api/v1/customers/").json()["fill"]
    assert (fill["read"], fill["total"]) == (0, own.count())
    own.update(is_filled=True)
    assert client.get("/api/v1/customers/").json()["fill"] is None


def test_what_the_opened_list_shows_is_read_first(listed: People, browse: Browse) -> None:
    client = browse(listed.operator)
    first = Deployment.objects.filter(customer__slug="northwind-robotics", name="Marketing").get()
    text_of(client, f"{LIST}?q=northwind")
    for _app in range(2):
        run_most_urgent()
    first.refresh_from_db()
    assert first.live_version is not None
    assert Deployment.objects.unread().count() == Deployment.objects.count() - 2


def test_what_an_opened_customer_shows_is_read_first(listed: People, browse: Browse) -> None:
    client = browse(listed.operator)
    client.get(poll_path(text_of(client, "/c/northwind-robotics/")), **HTMX)
    shown = Deployment.objects.filter(holdings__customer__slug="northwind-robotics")
    for _app in range(shown.count()):
        run_most_urgent()
    assert set(Deployment.objects.filter(is_filled=True)) == set(shown)


def test_the_open_list_follows_until_nothing_is_left(listed: People, browse: Browse) -> None:
    client = browse(listed.operator)
    page = text_of(client, f"{LIST}?q=pawsome")
    assert "every 2s" in page
    assert client.get(poll_path(page), **HTMX).status_code == 204
    run_most_urgent()
    assert 'id="customers"' in text_of(client, poll_path(page), **HTMX)


def test_the_progress_moves_while_apps_on_other_pages_are_read(listed: People, browse: Browse) -> None:
    client = browse(listed.operator)
    page = text_of(client, f"{LIST}?q=pawsome")
    other = Deployment.objects.exclude(holdings__customer__slug="pawsome-vets").earliest("pk")
    Deployment.objects.filter(pk=other.pk).update(is_filled=True)
    newer = text_of(client, poll_path(page), **HTMX)
    assert f"1 of {Deployment.objects.count()} apps" in " ".join(newer.split())


def test_no_notice_is_left_when_all_is_read(world: object, people: People, browse: Browse) -> None:
    page = text_of(browse(people.operator), LIST)
    assert "for the first time" not in page
    assert "being read" not in page
    assert "every 15s" in page
