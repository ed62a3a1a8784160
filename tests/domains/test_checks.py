"""DNS checks: what they find, what follows from it, and when the next one is due."""

from datetime import timedelta

import pytest

from portal.models import Domain, Operation
from portal.services.domains import background, checks
from portal.services.domains.queries import get_domain_detail
from portal.services.queries.operations import list_operations
from portal.services.queries.timeline_schemas import OperationEntry
from tests.domains.app import NAME, SLUG, ZONE, DomainsApp, NameServer, get_target
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def count_verifications(simulator: SimulatorControl) -> int:
    return len([request for request in simulator.requests() if request["path"].endswith("/verify")])


def get_interval(domain: Domain) -> timedelta:
    assert domain.next_check_at is not None
    assert domain.checked_at is not None
    return domain.next_check_at - domain.checked_at


def test_a_page_makes_no_dns_query(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    queries = name_server.count_queries()
    summary = app.open_domain(domain).detail.summary
    assert name_server.count_queries() == queries
    assert summary.is_being_checked
    assert summary.dns.state == "unknown"


def test_a_domain_is_verified_automatically_once_its_record_is_set(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set(ZONE, ("MX", f"10 mail.{ZONE}"))
    app.run_check(domain)
    (record,) = app.open_domain(domain).detail.records
    assert record.finding == "missing"
    assert record.fix.startswith("Add this record: type CNAME")
    assert count_verifications(name_server.simulator) == 0

    name_server.set_correct(domain)
    app.run_check(domain)
    assert domain.status == "verified"
    assert count_verifications(name_server.simulator) == 1
    assert app.open_domain(domain).detail.summary.dns.state == "ok"
    assert Operation.objects.get(kind="verify_domain").person_name == "Deploy desk"


def test_the_history_lists_a_verification_and_no_check_that_changed_nothing(
    app: DomainsApp, name_server: NameServer
) -> None:
    def list_kinds() -> list[str]:
        return [each.kind for each in app.open_history().page.entries if isinstance(each, OperationEntry)]

    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    before = list_kinds()
    assert before.count("verify_domain") == 1
    app.change(domain, "verify_domain")
    assert Operation.objects.filter(kind="verify_domain").count() == 2
    assert list_kinds() == before
    listed = list_operations(by=app.owner, slug=SLUG, now=app.now).operations
    assert "verify_domain" not in [operation.kind for operation in listed if operation.who == "Deploy desk"]


def test_the_history_counts_domains_that_wait(app: DomainsApp, name_server: NameServer) -> None:
    def count_waiting() -> int:
        (summary,) = [each for each in app.open_history().deployments if each.id == app.id]
        assert summary.domains_waiting is not None
        return summary.domains_waiting

    domain = app.add()
    before, generation = count_waiting(), app.open_history().age.generation
    name_server.set_correct(domain)
    app.run_check(domain)
    assert domain.status == "verified"
    assert count_waiting() == before - 1
    assert app.open_history().age.generation != generation

    name_server.set(NAME, ("A", "203.0.113.9"))
    app.run_check(domain)
    assert count_waiting() == before


def test_a_wrong_record_is_shown_beside_the_required_one(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set(NAME, ("A", "203.0.113.9"))
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    assert "203.0.113.9, on ns1." in detail.records[0].found
    assert detail.summary.dns.state == "failed"
    assert count_verifications(name_server.simulator) == 0


@pytest.mark.parametrize("rcode", ["REFUSED", "SERVFAIL", "TIMEOUT"])
def test_a_working_domain_does_not_fail_when_dns_does_not_answer(
    app: DomainsApp, name_server: NameServer, rcode: str
) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    Domain.objects.update(status="active")
    for name in (NAME, ZONE):
        name_server.set(name, rcode=rcode)
    app.run_check(domain)
    summary = app.open_domain(domain).detail.summary
    assert summary.dns.state != "failed"
    assert not summary.has_drifted


def test_drift_of_a_working_domain_is_shown_until_it_is_fixed(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    name_server.set(NAME, ("CNAME", "shops.old-host.example"))
    app.run_check(domain)
    assert app.list_domains()[NAME].has_drifted
    assert get_interval(domain) < timedelta(seconds=30)
    assert app.open_domain(domain).detail.summary.dns.state == "failed"

    name_server.set_correct(domain)
    app.run_check(domain)
    assert not app.list_domains()[NAME].has_drifted


def test_a_working_domain_is_checked_about_once_a_day(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    Domain.objects.filter(pk=domain.pk).update(status="active")
    app.run_check(domain)
    assert domain.is_working
    assert timedelta(hours=12) < get_interval(domain) < timedelta(hours=24)


def test_while_a_certificate_is_issued_checks_are_frequent_and_read_its_state(
    app: DomainsApp, name_server: NameServer
) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    Domain.objects.filter(pk=domain.pk).update(status="verified", verified_at=app.now)
    app.expire_list()
    seen = len(name_server.simulator.requests())
    assert get_interval(app.run_check(domain)) < timedelta(seconds=30)
    paths = [request["path"] for request in name_server.simulator.requests(since=seen)]
    assert [path for path in paths if path.endswith("/domains")]
    Domain.objects.filter(pk=domain.pk).update(status="verified", verified_at=app.now - timedelta(days=2))
    assert get_interval(app.run_check(domain)) > timedelta(hours=12)


def test_checks_are_frequent_for_ten_minutes_and_then_slow_down(app: DomainsApp) -> None:
    domain = app.add()
    intervals = []
    for count in (0, 10, 29, 33, 36, 200):
        Domain.objects.filter(pk=domain.pk).update(checks=count)
        intervals.append(get_interval(app.run_check(domain)).total_seconds())
    assert all(17 < interval < 23 for interval in intervals[:3])
    assert intervals[3] < intervals[4] < intervals[5] <= 33 * 60


def test_intervals_are_partly_random(app: DomainsApp) -> None:
    domain = app.add()
    intervals = set()
    for _check in range(5):
        intervals.add(get_interval(app.run_check(domain)))
        Domain.objects.filter(pk=domain.pk).update(checks=0)
    assert len(intervals) > 1


def test_one_worker_runs_a_check(app: DomainsApp) -> None:
    domain = app.add()
    assert domain.next_check_at is not None
    (due,) = [each for each in background.list_due_checks(now=domain.next_check_at) if each.pk == domain.pk]
    assert checks.claim_check(due, now=domain.next_check_at)
    assert not checks.claim_check(due, now=domain.next_check_at)


def test_verification_is_requested_automatically_at_most_once_a_minute(
    app: DomainsApp, name_server: NameServer
) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    name_server.simulator.fault("*/verify", times=9, status=503)
    app.run_check(domain)
    app.run_check(domain)
    assert count_verifications(name_server.simulator) == 1


def test_the_button_checks_dns_and_requests_verification(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    Domain.objects.update(next_check_at=app.now + timedelta(hours=1), checks=200)
    token = app.open_domain(domain).verify_token
    assert app.request_check(domain, token=token) is not None
    assert count_verifications(name_server.simulator) == 1
    domain.refresh_from_db()
    assert domain.next_check_at == app.now
    assert app.open_domain(domain).detail.summary.is_being_checked


def test_the_button_checks_dns_even_when_miosa_is_down(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    token = app.open_domain(domain).verify_token
    name_server.simulator.fault("*", times=50, status=503)
    for _press in range(3):
        app.request_check(domain, token=token)
    name_server.simulator.clear_faults()
    app.run_check(domain)
    assert app.open_domain(domain).detail.summary.checked_at is not None


def test_a_check_without_any_answer_is_stored(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    for name in (NAME, ZONE):
        name_server.set(name, rcode="TIMEOUT")
    app.run_check(domain)
    assert app.open_domain(domain).detail.records[0].finding == "no_answer"


def test_a_caa_record_that_forbids_the_certificate_blocks_it(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    name_server.set(ZONE, ("CAA", '0 issue "other-authority.example"'))
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    (blocker,) = detail.blockers
    assert "other-authority.example" in blocker.message
    assert "Add a CAA record" in blocker.fix
    assert detail.summary.certificate.state == "failed"


def test_a_flattened_domain_with_other_addresses_right_now_has_not_drifted(
    app: DomainsApp, name_server: NameServer
) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    name_server.set(NAME, ("ALIAS", get_target(domain)))
    app.run_check(domain)
    assert domain.is_working

    name_server.set(NAME, ("A", "198.51.100.200"))
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    assert (detail.records[0].finding, detail.summary.dns.state) == ("undecided", "unknown")
    assert not detail.summary.has_drifted


def test_the_table_of_records_has_the_type_that_the_advice_names(app: DomainsApp, name_server: NameServer) -> None:
    """The apex of a zone can't have a CNAME record, and a name with mail neither."""
    domain = app.add()
    target = get_target(domain)
    required = [{"type": "CNAME", "name": ZONE, "value": target, "ttl": 300}]
    Domain.objects.filter(pk=domain.pk).update(name=ZONE, required_records=required)
    domain.refresh_from_db()
    (record,) = get_domain_detail(domain, now=app.now).records
    assert (record.type, record.label, record.value) == ("ALIAS", "@", target)

    name_server.set(target, ("A", "192.0.2.44"))
    name_server.set(ZONE, ("CNAME", target), ("MX", f"10 mail.{ZONE}"))
    (record,) = get_domain_detail(app.run_check(domain), now=app.now).records
    assert (record.type, record.finding) == ("ALIAS", "hides_records")
    assert "type ALIAS, name @" in record.fix

    required[0]["name"] = NAME
    Domain.objects.filter(pk=domain.pk).update(name=NAME, required_records=required)
    name_server.set(NAME, ("MX", f"10 mail.{ZONE}"))
    (record,) = get_domain_detail(app.run_check(domain), now=app.now).records
    assert (record.type, record.value, record.finding) == ("A", "192.0.2.44", "conflict")
    assert "type A, name shop, value 192.0.2.44" in record.fix


def test_the_zone_of_a_delegated_name_is_shown(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set(NAME, ("NS", f"ns1.{ZONE}"))
    name_server.set(f"ns1.{ZONE}", ("A", "127.0.0.1"))
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    assert detail.delegated_zone == NAME
    assert (detail.records[0].label, detail.records[0].type) == ("@", "ALIAS")


def test_a_caution_does_not_stop_the_verification(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    name_server.set(ZONE, ("CAA", '0 issue "letsencrypt.org; validationmethods=dns-01"'))
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    assert [each.is_caution for each in detail.blockers] == [True]
    assert detail.summary.status == "verified"
    assert detail.summary.certificate.state == "waiting"


def test_a_working_domain_with_invalid_signatures_has_a_problem(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set_correct(domain)
    app.run_check(domain)
    body = {"name": NAME, "records": [{"type": "CNAME", "value": get_target(domain)}], "rcode": "BOGUS", "ede": 9}
    name_server.simulator.call("POST", "dns", body)
    app.run_check(domain)
    detail = app.open_domain(domain).detail
    assert (detail.records[0].is_correct, detail.summary.dns.state) == (True, "failed")
    assert "registrar" in detail.blockers[0].fix
    assert (detail.summary.has_drifted, detail.summary.leads_elsewhere) == (True, False)
    assert get_interval(domain) < timedelta(seconds=30)
