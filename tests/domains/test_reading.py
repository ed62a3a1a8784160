"""The list of domains: read by one for all, written only if nothing newer is known, and never emptied by half of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Customer, Deployment, Domain, Freshness
from portal.permissions import Person
from portal.services.domains import reading
from portal.services.queries.schemas import Reachability
from portal.services.sync import leases, upstream
from portal.services.sync.budget import Purpose
from tests.domains.attaching import NAME, SLUG, Attaching, answers
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

ROW = '{"id": "%s", "domain": "%s", "status": "pending", "external_workspace_id": "brightsmile-dental"}'


def asked(simulator: SimulatorControl) -> int:
    return len([one for one in simulator.requests() if one["method"] == "GET" and one["path"].endswith("/domains")])


def forget(app: Attaching) -> Deployment:
    Freshness.objects.filter(scope__startswith="domains:").update(read_at=None, failed_at=None)
    return Deployment.objects.get(miosa_id=app.id)


def test_a_list_that_can_not_be_read_is_asked_for_once_in_ten_seconds(
    app: Attaching, simulator: SimulatorControl
) -> None:
    forget(app)
    simulator.fault("*/domains", times=50, status=501)
    before = asked(simulator)
    for _view in range(5):
        page = app.rows()
        assert page == {}
    assert asked(simulator) - before == 1
    row = Freshness.objects.get(scope=reading.scope(Deployment.objects.get(miosa_id=app.id).pk))
    assert (row.read_at, bool(row.error)) == (None, True)
    simulator.clear_faults()
    Freshness.objects.filter(pk=row.pk).update(failed_at=timezone.now() - timedelta(seconds=11))
    app.rows()
    assert asked(simulator) - before == 2


def test_its_age_says_that_it_could_not_be_read(app: Attaching, simulator: SimulatorControl) -> None:
    app.attached()
    forget(app)
    simulator.fault("*/domains", times=50, status=501)
    assert app.domains().age.reach is not Reachability.OK
    assert NAME in app.rows()


def test_who_comes_while_somebody_reads_does_not_read(app: Attaching, simulator: SimulatorControl) -> None:
    deployment = forget(app)
    before = asked(simulator)
    with leases.take_lease(reading.scope(deployment.pk)) as held:
        assert held is not None
        app.rows()
    assert asked(simulator) == before
    app.rows()
    app.rows()
    assert asked(simulator) == before + 1


def test_what_was_read_before_our_own_change_is_not_written_after_it(app: Attaching) -> None:
    """A reading begins, a domain is attached meanwhile, and only then the reading ends."""
    deployment = forget(app)
    with leases.take_lease(reading.scope(deployment.pk)) as held:
        assert held is not None
        app.attached()
        with pytest.raises(leases.LeaseLost), held.writing():
            pass
    assert NAME in app.rows()


def test_a_row_that_can_not_be_read_hides_no_other(app: Attaching, simulator: SimulatorControl) -> None:
    domain = app.attached()
    forget(app)
    answers(simulator, '{"status": "pending"}')
    assert NAME in app.rows()
    forget(app)
    app.rows()
    domain.refresh_from_db()
    assert domain.next_look_at is not None


def test_a_list_that_goes_round_in_a_circle_takes_nothing_away(app: Attaching, simulator: SimulatorControl) -> None:
    domain = app.attached()
    app.attached("other.brightsmile-new.example")
    forget(app)
    row = ROW % (domain.miosa_id, domain.name)
    answers(simulator, row, beside=', "next_cursor": "again"', times=5)
    assert {NAME, "other.brightsmile-new.example"} <= set(app.rows())


def test_one_that_is_back_is_looked_at_again(app: Attaching, simulator: SimulatorControl) -> None:
    domain = app.attached()
    Domain.objects.filter(pk=domain.pk).update(status="active")
    forget(app)
    answers(simulator)
    assert NAME not in app.rows()
    domain.refresh_from_db()
    assert domain.next_look_at is None
    forget(app)
    answers(simulator, (ROW % (domain.miosa_id, domain.name)).replace("pending", "active"))
    assert NAME in app.rows()
    domain.refresh_from_db()
    assert (domain.status, domain.gone_at) == ("active", None)
    assert domain.next_look_at is not None


def test_a_silent_one_stays_whose_it_was_when_it_was_first_seen(
    app: Attaching, simulator: SimulatorControl, operator: Person
) -> None:
    """Another's domain makes the app shared: what was silent before is told as before, what comes then to staff."""
    silent = '{"id": "dom_%s", "domain": "%s.example", "status": "pending"%s}'
    forget(app)
    answers(simulator, silent % ("a", "a", ', "external_workspace_id": null'), silent % ("b", "b", ""))
    assert set(app.rows()) == {"a.example", "b.example"}
    theirs = silent % ("c", "c", ', "external_workspace_id": "pawsome-vets"')
    late = silent % ("d", "d", ', "external_workspace_id": ""')
    forget(app)
    answers(simulator, silent % ("a", "a", ', "external_workspace_id": null'), silent % ("b", "b", ""), late, theirs)
    assert set(app.rows()) == {"a.example", "b.example"}
    assert set(app.rows(by=operator)) == {"a.example", "b.example", "c.example", "d.example"}


def test_an_open_page_hears_that_none_waits_any_more(app: Attaching, simulator: SimulatorControl) -> None:
    app.attached()
    assert Deployment.objects.get(miosa_id=app.id).domains_waiting > 0
    before = Customer.objects.get(external_id=SLUG).generation
    forget(app)
    answers(simulator)
    assert app.rows() == {}
    assert Deployment.objects.get(miosa_id=app.id).domains_waiting == 0
    assert Customer.objects.get(external_id=SLUG).generation > before


def test_many_domains_cost_few_queries(app: Attaching) -> None:
    for number in range(6):
        app.attached(f"n{number}.brightsmile-new.example")
    deployment = forget(app)
    found = reading.DOMAINS.fetch(deployment, upstream.client(Purpose.READ))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reading.DOMAINS.store(deployment, found, timezone.now())
    assert len(queries) <= 6
    Domain.objects.update(watched_at=None)
    app.rows()
    Domain.objects.update(watched_at=None)
    with CaptureQueriesContext(connection) as queries:
        app.rows()
    assert len([one for one in queries if one["sql"].startswith("UPDATE")]) == 1
