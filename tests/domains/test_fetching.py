"""MIOSA's list of domains: read once for everybody, stored without undoing newer changes, complete or not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Customer, Domain, Freshness
from portal.permissions import Person
from portal.services.domains import fetch, upsert
from portal.services.errors import NotFound
from portal.services.queries.schemas import Reachability
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.leases import LeaseLost, take_lease
from tests.domains.app import NAME, SLUG, ZONE, DomainsApp, answer_list
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

ROW = '{"id": "%s", "domain": "%s", "status": "pending", "external_workspace_id": "brightsmile-dental"}'


def count_list_requests(simulator: SimulatorControl) -> int:
    requests = [request for request in simulator.requests() if request["method"] == "GET"]
    return len([request for request in requests if request["path"].endswith("/domains")])


def test_a_list_that_fails_is_read_again_after_ten_seconds(app: DomainsApp, simulator: SimulatorControl) -> None:
    app.expire_list()
    simulator.fault("*/domains", times=50, status=501)
    before = count_list_requests(simulator)
    for _view in range(5):
        assert app.list_domains() == {}
    assert count_list_requests(simulator) - before == 1
    row = Freshness.objects.get(scope=fetch.scope(app.get_deployment().pk))
    assert (row.read_at, bool(row.error)) == (None, True)

    simulator.clear_faults()
    Freshness.objects.filter(pk=row.pk).update(failed_at=app.now - timedelta(seconds=11))
    app.list_domains()
    assert count_list_requests(simulator) - before == 2


def test_a_list_that_fails_is_shown_from_storage_and_its_age_says_so(
    app: DomainsApp, simulator: SimulatorControl
) -> None:
    app.add()
    app.expire_list()
    simulator.fault("*/domains", times=50, status=501)
    assert app.open_list().age.reach is not Reachability.OK
    assert NAME in app.list_domains()


def test_viewers_do_not_read_what_another_is_reading(app: DomainsApp, simulator: SimulatorControl) -> None:
    app.expire_list()
    before = count_list_requests(simulator)
    with take_lease(fetch.scope(app.get_deployment().pk)) as held:
        assert held is not None
        app.list_domains()
    assert count_list_requests(simulator) == before
    app.list_domains()
    app.list_domains()
    assert count_list_requests(simulator) == before + 1


def test_a_list_read_before_our_own_change_is_not_stored_after_it(app: DomainsApp) -> None:
    app.expire_list()
    with take_lease(fetch.scope(app.get_deployment().pk)) as held:
        assert held is not None
        app.add()
        with pytest.raises(LeaseLost), held.writing():
            pass
    assert NAME in app.list_domains()


def test_an_unreadable_row_does_not_hide_stored_domains(app: DomainsApp, simulator: SimulatorControl) -> None:
    domain = app.add()
    app.expire_list()
    answer_list(simulator, '{"status": "pending"}')
    assert NAME in app.list_domains()
    app.expire_list()
    app.list_domains()
    domain.refresh_from_db()
    assert domain.next_check_at is not None


def test_a_list_with_circular_pages_removes_nothing(app: DomainsApp, simulator: SimulatorControl) -> None:
    domain = app.add()
    other = app.add(f"other.{ZONE}")
    app.expire_list()
    answer_list(simulator, ROW % (domain.miosa_id, domain.name), extra=', "next_cursor": "again"', times=5)
    assert {NAME, other.name} <= set(app.list_domains())


@pytest.mark.parametrize("owner_id", [None, "pawsome-vets"])
def test_the_page_of_a_domain_ends_when_miosa_no_longer_lists_it_for_the_customer(
    app: DomainsApp, simulator: SimulatorControl, owner_id: str | None
) -> None:
    domain = app.add()
    app.expire_list()
    row = (ROW % (domain.miosa_id, domain.name)).replace(SLUG, str(owner_id))
    answer_list(simulator, *([row] if owner_id else []))
    with pytest.raises(NotFound):
        app.open_domain(domain)


def test_a_domain_that_is_listed_again_is_checked_again(app: DomainsApp, simulator: SimulatorControl) -> None:
    domain = app.add()
    Domain.objects.filter(pk=domain.pk).update(status="active")
    app.expire_list()
    answer_list(simulator)
    assert NAME not in app.list_domains()
    domain.refresh_from_db()
    assert domain.next_check_at is None

    app.expire_list()
    answer_list(simulator, (ROW % (domain.miosa_id, domain.name)).replace("pending", "active"))
    assert NAME in app.list_domains()
    domain.refresh_from_db()
    assert (domain.status, domain.gone_at) == ("active", None)
    assert domain.next_check_at is not None


def test_a_domain_without_an_attribution_keeps_its_first_owner(
    app: DomainsApp, simulator: SimulatorControl, operator: Person
) -> None:
    """When another customer's domain makes the deployment shared, only new domains without an owner are for staff."""
    row = '{"id": "dom_%s", "domain": "%s.example", "status": "pending"%s}'
    before = (row % ("a", "a", ', "external_workspace_id": null'), row % ("b", "b", ""))
    app.expire_list()
    answer_list(simulator, *before)
    assert set(app.list_domains()) == {"a.example", "b.example"}

    late = row % ("d", "d", ', "external_workspace_id": ""')
    foreign = row % ("c", "c", ', "external_workspace_id": "pawsome-vets"')
    app.expire_list()
    answer_list(simulator, *before, late, foreign)
    assert set(app.list_domains()) == {"a.example", "b.example"}
    assert set(app.list_domains(by=operator)) == {"a.example", "b.example", "c.example", "d.example"}


def test_an_open_page_is_updated_when_no_domain_waits_any_more(app: DomainsApp, simulator: SimulatorControl) -> None:
    app.add()
    assert app.get_deployment().domains_waiting > 0
    before = Customer.objects.get(external_id=SLUG).generation
    app.expire_list()
    answer_list(simulator)
    assert app.list_domains() == {}
    assert app.get_deployment().domains_waiting == 0
    assert Customer.objects.get(external_id=SLUG).generation > before


def test_the_number_of_queries_does_not_grow_with_the_domains(app: DomainsApp) -> None:
    for number in range(6):
        app.add(f"n{number}.{ZONE}")
    deployment = app.get_deployment()
    fetched = fetch.fetch_domains(deployment, upstream.client(Purpose.READ))
    with CaptureQueriesContext(connection) as unchanged:
        upsert.store_domains(deployment, fetched, app.now)
    assert len(unchanged) <= 6
    app.list_domains()
    Domain.objects.update(viewed_at=None)
    with CaptureQueriesContext(connection) as viewed:
        app.list_domains()
    assert len([query for query in viewed if query["sql"].startswith("UPDATE")]) == 1

    Domain.objects.filter(deployment=deployment).update(status="quantum")
    with CaptureQueriesContext(connection) as changed:
        upsert.store_domains(deployment, fetched, app.now)
    updates = [query for query in changed if query["sql"].startswith('UPDATE "portal_domain"')]
    assert len(updates) == 2
