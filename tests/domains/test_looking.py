"""Our own look at the DNS: what it says, what follows from it, when it is made again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Domain, Operation
from portal.services.domains import changes, looker, looking, reading
from portal.services.operations.submit import Confirmation
from tests.domains.attaching import ADDRESSES, NAME, Attaching, Net, target_of
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def right(net: Net, domain: Domain) -> None:
    net.set(NAME, ("CNAME", target_of(domain)))
    net.set(target_of(domain), *(("A", address) for address in ADDRESSES))


def verifies(simulator: SimulatorControl) -> int:
    return len([row for row in simulator.requests() if row["path"].endswith("/verify")])


def test_a_page_never_waits_for_dns(app: Attaching, net: Net) -> None:
    domain = app.attached()
    asked = sum(net.server.queries.values())
    facts = app.page(domain).facts
    assert sum(net.server.queries.values()) == asked
    assert facts.row.is_looking
    assert facts.row.dns.state == "unknown"


def test_from_missing_to_working_without_anybody_pressing_anything(app: Attaching, net: Net) -> None:
    domain = app.attached()
    net.set("brightsmile-new.example", ("MX", "10 mail.brightsmile-new.example"))
    app.work(domain)
    facts = app.page(domain).facts
    assert facts.records[0].finding == "missing"
    assert facts.records[0].action.startswith("Add this record: type CNAME")
    assert verifies(net.control) == 0
    right(net, domain)
    app.work(domain)
    assert domain.status == "verified"
    assert verifies(net.control) == 1
    assert app.page(domain).facts.row.dns.state == "ok"
    assert Operation.objects.get(kind="verify_domain").person_name == "Deploy desk"


def test_the_line_of_its_app_counts_it_while_it_waits(app: Attaching, net: Net) -> None:
    def waiting() -> int:
        (row,) = [one for one in app.history().deployments if one.id == app.id]
        return row.domains_waiting

    domain = app.attached()
    before, generation = waiting(), app.history().age.generation
    right(net, domain)
    app.work(domain)
    assert domain.status == "verified"
    assert waiting() == before - 1
    assert app.history().age.generation != generation
    net.set(NAME, ("A", "203.0.113.9"))
    app.work(domain)
    assert waiting() == before


def test_a_wrong_value_says_what_is_seen_and_needed(app: Attaching, net: Net) -> None:
    domain = app.attached()
    net.set(NAME, ("A", "203.0.113.9"))
    app.work(domain)
    facts = app.page(domain).facts
    assert "203.0.113.9" in facts.records[0].see
    assert target_of(domain) in facts.records[0].see
    assert facts.row.dns.state == "failed"
    assert verifies(net.control) == 0


@pytest.mark.parametrize("behaviour", ["REFUSED", "SERVFAIL", "TIMEOUT"])
def test_could_not_ask_is_never_red(app: Attaching, net: Net, behaviour: str) -> None:
    domain = app.attached()
    right(net, domain)
    app.work(domain)
    Domain.objects.update(status="active")
    net.set(NAME, rcode=behaviour)
    net.set("brightsmile-new.example", rcode=behaviour)
    app.work(domain)
    row = app.page(domain).facts.row
    assert row.dns.state != "failed"
    assert not row.has_drifted


def test_a_working_domain_that_drifts_is_told_until_it_is_back(app: Attaching, net: Net) -> None:
    domain = app.attached()
    right(net, domain)
    app.work(domain)
    net.set(NAME, ("CNAME", "shops.old-host.example"))
    app.work(domain)
    assert app.rows()[NAME].has_drifted
    domain.refresh_from_db()
    assert domain.next_look_at is not None
    assert domain.next_look_at - timezone.now() < timedelta(seconds=30)
    assert app.page(domain).facts.row.dns.state == "failed"
    right(net, domain)
    app.work(domain)
    assert not app.rows()[NAME].has_drifted


def test_a_working_one_is_looked_at_within_a_day(app: Attaching, net: Net) -> None:
    domain = app.attached()
    right(net, domain)
    app.work(domain)
    domain = app.work(domain)
    assert domain.status in reading.WORKING
    assert domain.next_look_at is not None
    assert timedelta(hours=12) < domain.next_look_at - timezone.now() < timedelta(hours=24)


def test_looks_go_on_every_twenty_seconds_for_ten_minutes_and_then_slow_down(app: Attaching) -> None:
    domain = app.attached()
    pauses = []
    for looks in (0, 10, 29, 33, 36, 200):
        Domain.objects.filter(pk=domain.pk).update(looks=looks)
        worked = app.work(domain)
        assert worked.next_look_at is not None
        assert worked.looked_at is not None
        pauses.append((worked.next_look_at - worked.looked_at).total_seconds())
    assert all(17 < pause < 23 for pause in pauses[:3])
    assert pauses[3] < pauses[4] < pauses[5] <= 33 * 60


def test_looks_differ_a_little_so_that_they_spread(app: Attaching) -> None:
    domain = app.attached()
    pauses = set()
    for _look in range(5):
        worked = app.work(domain)
        assert worked.next_look_at is not None
        assert worked.looked_at is not None
        pauses.add(worked.next_look_at - worked.looked_at)
        Domain.objects.filter(pk=domain.pk).update(looks=0)
    assert len(pauses) > 1


def test_one_look_is_made_by_one_worker(app: Attaching) -> None:
    domain = app.attached()
    now = timezone.now()
    (due,) = [each for each in looker.list_due(now=now) if each.pk == domain.pk]
    assert looking.claim(due, now=now)
    assert not looking.claim(due, now=now)


def test_verify_is_asked_at_most_once_a_minute_by_ourselves(app: Attaching, net: Net) -> None:
    domain = app.attached()
    right(net, domain)
    net.control.fault("*/verify", times=9, status=503)
    app.work(domain)
    app.work(domain)
    assert verifies(net.control) == 1


def test_look_now_looks_and_asks(app: Attaching, net: Net) -> None:
    domain = app.attached()
    Domain.objects.update(next_look_at=timezone.now() + timedelta(hours=1), looks=200)
    token = app.page(domain).verify_token
    done = changes.look_now(**app.where(), domain_id=domain.miosa_id, confirmation=Confirmation(token=token))
    assert done is not None
    assert verifies(net.control) == 1
    domain.refresh_from_db()
    assert domain.next_look_at is not None
    assert domain.next_look_at <= timezone.now()
    assert app.page(domain).facts.row.is_looking


def test_look_now_looks_also_while_nothing_can_be_asked(app: Attaching, net: Net) -> None:
    domain = app.attached()
    token = app.page(domain).verify_token
    net.control.fault("*", times=50, status=503)
    for _press in range(3):
        changes.look_now(**app.where(), domain_id=domain.miosa_id, confirmation=Confirmation(token=token))
    net.control.clear_faults()
    app.work(domain)
    assert app.page(domain).facts.row.looked_at is not None


def test_a_lookup_without_an_answer_ends(app: Attaching, net: Net) -> None:
    domain = app.attached()
    for name in (NAME, "brightsmile-new.example"):
        net.set(name, rcode="TIMEOUT")
    app.work(domain)
    assert app.page(domain).facts.records[0].finding == "no_answer"


def test_a_certificate_authority_that_is_forbidden_is_named(app: Attaching, net: Net) -> None:
    domain = app.attached()
    right(net, domain)
    net.set("brightsmile-new.example", ("CAA", '0 issue "other-authority.example"'))
    app.work(domain)
    facts = app.page(domain).facts
    (blocker,) = facts.blockers
    assert "other-authority.example" in blocker.sentence
    assert "Add a CAA record" in blocker.action
    assert facts.row.certificate.state == "failed"
