"""What a refresh costs, in requests to MIOSA."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from portal.models import Connection, Customer, Deployment, Freshness, Version
from portal.models.freshness import SWEEP, versions_scope
from portal.permissions import Person
from portal.services import connection
from portal.services.sync import refresh as refresh_service
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import customer_refresh, deployment_refresh, sweeps, version_refresh
from tests import page_views
from tests.services.conftest import SyncedSimulator, drain
from tests.services.costs import count_requests, counting_requests

OURS, THEIRS = "brightsmile-dental", "pawsome-vets"


def ours() -> Customer:
    return Customer.objects.get(external_id=OURS)


def site() -> Deployment:
    return Deployment.objects.get(customer__external_id=OURS, name="Main site")


def refresh(at: timedelta = timedelta(seconds=20), **how: Any) -> None:
    """As if all that is stored were as old as `at`."""
    Freshness.objects.exclude(read_at=None).update(read_at=timezone.now() - at)
    Deployment.objects.update(requested_at=timezone.now() - at)
    customer_refresh.refresh_customer(ours(), client=upstream.client(Purpose.READ), now=timezone.now(), **how)


def read_versions(deployment: Deployment) -> None:
    version_refresh.refresh_versions(deployment, client=upstream.client(Purpose.BACKGROUND), now=timezone.now())


def numbers(deployment: Deployment) -> set[int]:
    known = Version.objects.filter(deployment=deployment, gone_at=None)
    return set(known.values_list("number", flat=True))  # type: ignore[arg-type]  # readable ones have a number


def test_a_fresh_page_sends_no_request(world: SyncedSimulator, operator: Person) -> None:
    now = world.read_all()
    version = site().live_version
    assert version is not None

    def open_page() -> None:
        page_views.open_history(by=operator, slug=OURS, query={}, now=now)
        page_views.open_deployment(by=operator, slug=OURS, deployment_id=site().miosa_id, query={}, now=now)
        page_views.open_version(
            by=operator, slug=OURS, deployment_id=site().miosa_id, version_id=version.miosa_id, now=now
        )

    assert count_requests(world.simulator, open_page) == {}


def test_a_stale_page_is_rendered_at_once_and_refreshed_once(world: SyncedSimulator, operator: Person) -> None:
    later = world.read_all() + timedelta(seconds=30)

    def open_page() -> None:
        for _viewer in range(3):
            page = page_views.open_history(by=operator, slug=OURS, query={}, now=later)
            assert page.age.stale

    assert count_requests(world.simulator, open_page) == {}
    assert Freshness.objects.get(scope=f"customer:{ours().pk}").wanted_at == later


def test_an_unchanged_customer_costs_one_list(world: SyncedSimulator) -> None:
    world.read_all()
    assert count_requests(world.simulator, refresh) == {"list": 1}


def test_each_stale_deployment_costs_one_more_list(world: SyncedSimulator) -> None:
    world.read_all()
    count = Deployment.objects.filter(customer=ours()).count()
    assert count_requests(world.simulator, lambda: refresh(timedelta(seconds=90))) == {"list": 1, "versions": count}


def test_a_hundred_deployments_cost_one_list_each(world: SyncedSimulator) -> None:
    world.read_all()
    for number in range(120):
        make(world, f"More {number}")
    world.read_all()
    assert count_requests(world.simulator, refresh) == {"list": 2}


def count_statements(act: Callable[[], object]) -> int:
    count = 0

    def note(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    with database.execute_wrapper(note):
        act()
    return count


def test_a_refresh_of_three_deployments_takes_few_statements(world: SyncedSimulator) -> None:
    """About eleven for each deployment if nothing changed, and about twenty more if its versions are new."""
    world.read_all()
    assert Deployment.objects.filter(customer=ours()).count() == 3
    assert count_statements(lambda: refresh(force=True)) <= 55
    Version.objects.all().delete()
    Freshness.objects.filter(scope__startswith="versions:").delete()
    assert count_statements(lambda: refresh(force=True)) <= 115


def make(world: SyncedSimulator, name: str) -> None:
    upstream.client(Purpose.ACTION).deployments.create(name=name, external_workspace_id=OURS, idempotency_key=name)


def test_a_new_version_costs_one_page_and_no_request_for_the_previous_one(world: SyncedSimulator) -> None:
    world.read_all()
    world.act("publish", deployment_id=site().miosa_id)
    assert count_requests(world.simulator, refresh) == {"list": 1, "versions": 1}
    states = Version.objects.filter(deployment=site()).order_by("-number").values_list("state", flat=True)
    assert list(states[:2]) == ["ready", "archived"]


def test_a_distant_live_version_costs_one_request_for_each_end(world: SyncedSimulator) -> None:
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    target = Version.objects.get(deployment=site(), number=20)
    world.act("rollback", deployment_id=site().miosa_id, version_id=target.miosa_id)
    assert count_requests(world.simulator, refresh) == {"list": 1, "versions": 1, "version": 1}
    world.act("publish", deployment_id=site().miosa_id)
    assert count_requests(world.simulator, refresh) == {"list": 1, "versions": 1, "version": 1}
    target.refresh_from_db()
    assert target.state == "archived"


def first_of(world: SyncedSimulator) -> str:
    listed = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}
    return str(listed[OURS]["deployments"][0]["id"])


def test_a_live_version_changed_before_a_sweep_is_read_at_both_ends(world: SyncedSimulator) -> None:
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    low, lower = (Version.objects.get(deployment=site(), number=n) for n in (30, 20))
    world.act("rollback", deployment_id=site().miosa_id, version_id=low.miosa_id)
    world.read_all()
    world.act("rollback", deployment_id=site().miosa_id, version_id=lower.miosa_id)
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    shown = Deployment.objects.select_related("live_version").get(pk=site().pk)
    assert shown.live_version == lower
    assert count_requests(world.simulator, drain) == {"versions": 1, "version": 2}


def test_unfinished_versions_are_read_until_they_are_finished(world: SyncedSimulator) -> None:
    world.read_all()
    world.simulator.configure(step_times="stuck")
    building = world.act("publish", deployment_id=site().miosa_id, steps=True)
    refresh(timedelta(seconds=90))
    assert Version.objects.get(miosa_id=building["id"]).state == "building"
    world.act("history", deployment_id=site().miosa_id, count=110)
    read_versions(site())
    assert count_requests(world.simulator, lambda: read_versions(site())) == {"versions": 1, "version": 1}


@pytest.mark.parametrize("order", ["oldest", "random"])
def test_an_unordered_list_is_read_completely(world: SyncedSimulator, order: str) -> None:
    world.simulator.configure(list_order=order)
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    assert len(numbers(site())) == 274
    world.act("publish", deployment_id=site().miosa_id)
    assert count_requests(world.simulator, lambda: read_versions(site())) == {"versions": 3}
    assert len(numbers(site())) == 275


@pytest.mark.parametrize("paging", ["page", "meta", "none", "next", "cursor", "loop"])
def test_every_paging_style_reaches_version_one_or_ends(world: SyncedSimulator, paging: str) -> None:
    world.simulator.configure(paging=paging)
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    assert len(numbers(site())) == (200 if paging == "loop" else 274)
    assert site().is_filled
    assert len(count_requests(world.simulator, lambda: read_versions(site()))) == 1


def test_more_new_versions_than_a_page_leave_no_gap(world: SyncedSimulator) -> None:
    """A person's reading takes one page; the rest, down to what was known, is read behind, and no more than that."""
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    world.act("history", deployment_id=site().miosa_id, count=150)
    refresh(timedelta(seconds=90))
    assert len(numbers(site())) < 424
    assert count_requests(world.simulator, drain)["versions"] <= 4
    assert numbers(site()) == set(range(1, 425))


def test_new_versions_during_a_backfill_leave_no_second_gap(world: SyncedSimulator) -> None:
    world.act("history", deployment_id=first_of(world), count=250)
    world.read_all()
    for _time in range(2):
        world.act("history", deployment_id=site().miosa_id, count=150)
        refresh(timedelta(seconds=90))
        Freshness.objects.filter(scope__startswith="versions:").update(read_at=timezone.now() - timedelta(hours=1))
    drain()
    assert numbers(site()) == set(range(1, 575))


@pytest.mark.parametrize(("paging", "size"), [("cursor", 100), ("page", 20)])
def test_an_interrupted_backfill_continues(world: SyncedSimulator, paging: str, size: int) -> None:
    world.simulator.configure(paging=paging)
    world.act("history", deployment_id=first_of(world), count=500)
    world.read_all()
    Version.objects.all().delete()
    Freshness.objects.filter(scope__startswith="versions:").delete()
    Deployment.objects.update(is_filled=False)
    deployment = site()
    ask = upstream.client(Purpose.BACKGROUND)
    version_refresh.refresh_versions(deployment, client=ask, now=timezone.now(), most_pages=3)
    assert len(numbers(deployment)) == 3 * size
    assert not site().is_filled
    world.act("history", deployment_id=deployment.miosa_id, count=130)
    with counting_requests(world.simulator) as counted:
        version_refresh.refresh_versions(deployment, client=ask, now=timezone.now())
    assert numbers(deployment) == set(range(1, 655))
    assert counted.total <= 784 / size + 2
    assert site().is_filled


def test_a_backfill_restarts_when_its_cursor_is_rejected(world: SyncedSimulator) -> None:
    world.act("history", deployment_id=first_of(world), count=500)
    world.read_all()
    Version.objects.filter(deployment=site(), number__lt=300).delete()
    Deployment.objects.update(is_filled=False)
    row = Freshness.objects.get(scope=versions_scope(site().pk))
    row.is_complete, row.cursor = False, "300|c:100:forged"
    row.save()
    read_versions(site())
    assert numbers(site()) == set(range(1, 525))


def test_vanished_versions_are_requested_and_marked(world: SyncedSimulator) -> None:
    world.read_all()
    victims = Version.objects.filter(deployment=site(), number__in=[3, 5])
    for victim in victims:
        world.act("delete_version", deployment_id=site().miosa_id, version_id=victim.miosa_id)
    assert count_requests(world.simulator, lambda: read_versions(site())) == {"versions": 1, "version": 2}
    assert set(Version.objects.exclude(gone_at=None).values_list("number", flat=True)) == {3, 5}
    assert Version.objects.filter(deployment=site(), gone_at=None).count() == 22


def test_of_many_vanished_versions_three_are_requested(world: SyncedSimulator) -> None:
    world.read_all()
    world.act("history", deployment_id=site().miosa_id, count=60)
    read_versions(site())
    victims = Version.objects.filter(deployment=site(), number__range=(5, 60))
    for victim in victims:
        world.act("delete_version", deployment_id=site().miosa_id, version_id=victim.miosa_id)
    victims.filter(number__range=(30, 35)).update(customer=None)
    assert count_requests(world.simulator, lambda: read_versions(site())) == {"versions": 1, "version": 3}
    gone = Version.objects.filter(deployment=site()).exclude(gone_at=None).values_list("number", flat=True)
    assert set(gone) == set(range(5, 61))


def test_an_empty_list_requests_few_of_the_known_versions(world: SyncedSimulator) -> None:
    world.read_all()
    world.act("history", deployment_id=site().miosa_id, count=100)
    read_versions(site())
    world.simulator.fault("*/versions", method="GET", body='{"data": []}')
    with CaptureQueriesContext(database) as seen:
        read_versions(site())
    looks = [one["sql"] for one in seen.captured_queries if '"number" >= ' in one["sql"]]
    assert looks
    assert all("LIMIT" in sql for sql in looks)
    assert not Version.objects.filter(deployment=site()).exclude(gone_at=None).exists()


def test_an_empty_list_of_versions_removes_nothing(world: SyncedSimulator) -> None:
    world.read_all()
    world.simulator.fault("*/versions", method="GET", body='{"data": []}')
    read_versions(site())
    assert Version.objects.filter(deployment=site(), gone_at=None).count() == 24


def test_gone_versions_can_return(world: SyncedSimulator) -> None:
    world.read_all()
    Version.objects.filter(deployment=site(), number=3).update(gone_at=timezone.now())
    read_versions(site())
    assert not Version.objects.filter(deployment=site()).exclude(gone_at=None).exists()


def test_a_deleted_deployment_stays_readable(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    deployment = site()
    world.act("delete_deployment", deployment_id=deployment.miosa_id)
    refresh()
    deployment.refresh_from_db()
    assert deployment.gone_at
    page = page_views.open_deployment(
        by=operator, slug=OURS, deployment_id=deployment.miosa_id, query={}, now=timezone.now()
    )
    assert page.deployment.is_gone
    assert page.page.entries


def nothing_alone(world: SyncedSimulator) -> None:
    world.simulator.fault("*/deployments", times=1000, body='{"data": []}')
    world.simulator.fault("*/deployments/*", times=1000, status=404)


WRONG_KEYS: dict[str, Callable[[SyncedSimulator], None]] = {
    "401": lambda world: world.simulator.fault("*", times=1000, status=401),
    "403": lambda world: world.simulator.fault("*", times=1000, status=403),
    "404": lambda world: world.simulator.fault("*", times=1000, status=404),
    "empty": lambda world: world.simulator.fault("*", times=1000, body='{"data": []}'),
    "empty list, and nothing alone": nothing_alone,
}


@pytest.mark.parametrize("key", sorted(WRONG_KEYS))
def test_a_wrong_key_removes_nothing(world: SyncedSimulator, operator: Person, key: str) -> None:
    world.read_all()
    deployments_before = Deployment.objects.filter(gone_at=None).count()
    versions_before = Version.objects.filter(gone_at=None).count()
    WRONG_KEYS[key](world)
    for deed in (
        lambda: sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now()),
        lambda: refresh(force=True),
        lambda: deployment_refresh.refresh_deployment(
            site(), client=upstream.client(Purpose.READ), now=timezone.now(), force=True
        ),
        lambda: read_versions(site()),
    ):
        try:
            deed()
        except refresh_service.READ_ERRORS:
            continue
    assert Deployment.objects.filter(gone_at=None).count() == deployments_before
    assert Version.objects.filter(gone_at=None).count() == versions_before
    assert page_views.open_history(by=operator, slug=OURS, query={}, now=timezone.now()).page.entries


def test_many_vanished_deployments_wait_for_an_operator(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    for deployment in Deployment.objects.filter(customer=ours()):
        world.act("delete_deployment", deployment_id=deployment.miosa_id)
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    assert not Deployment.objects.exclude(gone_at=None).exists()
    assert Connection.only().alarm == "many_vanished"
    connection.accept_vanished(by=operator)
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    assert Deployment.objects.exclude(gone_at=None).count() == 3
    assert Connection.only().alarm == ""


def test_rows_without_id_mark_nothing_as_gone(world: SyncedSimulator) -> None:
    for number in range(120):
        make(world, f"More {number}")
    world.read_all()
    there = {one.miosa_id: one.name for one in Deployment.objects.filter(gone_at=None)}
    gone = next(iter(there))
    world.act("delete_deployment", deployment_id=gone)
    rows = [{"id": miosa_id, "name": name} for miosa_id, name in list(there.items())[13:]]
    broken = [{"id": 17, "name": "?"}] * 12
    body = json.dumps({"data": [*broken, *rows]})
    world.simulator.fault("*/deployments", times=1, method="GET", body=body)
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    assert set(Deployment.objects.exclude(gone_at=None).values_list("miosa_id", flat=True)) <= {gone}
    assert Connection.only().alarm == ""


def test_another_tenant_is_refused_and_reported(world: SyncedSimulator) -> None:
    world.read_all()
    ours_before = Connection.only().tenant_id
    Connection.objects.update(tenant_id="tnt_of_another")
    before = list(Deployment.objects.order_by("pk").values("pk", "customer", "active_version_id", "gone_at"))
    with pytest.raises(connection.WrongTenant):
        sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    with pytest.raises(connection.WrongTenant):
        refresh()
    assert list(Deployment.objects.order_by("pk").values("pk", "customer", "active_version_id", "gone_at")) == before
    assert Connection.only().alarm == "other_tenant"
    Connection.objects.update(tenant_id=ours_before)
    refresh()
    assert Connection.only().alarm == ""


def test_another_base_url_is_refused(world: SyncedSimulator, settings: Settings) -> None:
    world.read_all()
    settings.MIOSA = replace(settings.MIOSA, is_demo=False)
    Connection.objects.update(base_url="https://other.example/api/v1")
    with pytest.raises(connection.WrongTenant):
        refresh()
    assert Connection.only().alarm == "other_base_url"


def test_a_sweep_continues_where_its_budget_ended(world: SyncedSimulator) -> None:
    for number in range(45):
        make(world, f"More {number}")
    world.simulator.configure(limit_param="refused")
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    for _run in range(20):
        sweeps.sweep_deployments(client=ask, now=timezone.now(), most_pages=1)
        if Freshness.objects.get(scope=SWEEP).read_at:
            break
    found = {one["id"] for customer in world.simulator.state()["customers"] for one in customer["deployments"]}
    assert found <= set(Deployment.objects.filter(gone_at=None).values_list("miosa_id", flat=True))
    assert _run > 0


def test_a_repository_deployment_may_have_builds_and_no_versions(world: SyncedSimulator, operator: Person) -> None:
    world.simulator.reset(customers=12)
    world.read_all()
    portal = Deployment.objects.get(name="Developer portal")
    page = page_views.open_deployment(
        by=operator, slug="northwind-robotics", deployment_id=portal.miosa_id, query={}, now=timezone.now()
    )
    assert page.has_builds_only
    assert page.builds
    assert portal.is_filled

    def fetch_again() -> None:
        page_views.open_deployment(
            by=operator, slug="northwind-robotics", deployment_id=portal.miosa_id, query={}, now=timezone.now()
        )

    assert count_requests(world.simulator, fetch_again) == {}
    world.simulator.fault("*", times=100, status=503)
    late = timezone.now() + timedelta(minutes=5)
    page = page_views.open_deployment(
        by=operator, slug="northwind-robotics", deployment_id=portal.miosa_id, query={}, now=late
    )
    assert page.builds
