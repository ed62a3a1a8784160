"""The sentence that a domain's page begins with, and what each record says to do."""

from __future__ import annotations

import pytest

from deployments_ui.labels.domains import get_domain_answer, list_domain_statuses
from portal.models import Domain
from tests.domains.app import NAME, ZONE, DomainsApp, NameServer, get_target

pytestmark = pytest.mark.django_db(transaction=True)


def get_answer(app: DomainsApp, domain: Domain) -> tuple[str, str]:
    """Its colour and its words."""
    label = get_domain_answer(app.open_domain(domain).detail)
    return label.css, str(label.word)


def list_statuses(app: DomainsApp, domain: Domain) -> list[str]:
    statuses = list_domain_statuses(app.open_domain(domain).detail.summary)
    return [f"{name} {label.word}" for name, _item, label in statuses]


def test_the_answer_says_what_a_new_domain_waits_for(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    assert get_answer(app, domain) == ("building", "Checking DNS…")
    name_server.set(ZONE, ("MX", f"10 mail.{ZONE}"))
    app.run_check(domain)
    assert get_answer(app, domain) == ("waiting", "Waiting for DNS: 1 record to add")
    (record,) = app.open_domain(domain).detail.records
    assert record.found.startswith("no such name, on ns1.")
    name_server.set_correct(domain)
    app.run_check(domain)
    assert get_answer(app, domain) == ("waiting", "Waiting for the certificate")
    assert list_statuses(app, domain) == ["Ownership confirmed", "DNS correct", "Certificate waiting"]
    Domain.objects.update(status="active")
    assert get_answer(app, domain) == ("live", "This domain works")


def test_the_answer_counts_records_to_fix(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set(NAME, ("A", "203.0.113.9"))
    app.run_check(domain)
    assert get_answer(app, domain) == ("failed", "DNS is wrong: 1 record to fix")
    assert list_statuses(app, domain) == ["Ownership waiting", "DNS wrong", "Certificate waiting"]


def test_the_answer_counts_other_problems(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    name_server.set(NAME, ("CNAME", get_target(domain)))
    name_server.set(ZONE, ("CAA", '0 issue "other-authority.example"'))
    app.run_check(domain)
    assert get_answer(app, domain) == ("failed", "The certificate is blocked")


def test_a_check_without_answers_is_no_failure(app: DomainsApp, name_server: NameServer) -> None:
    domain = app.add()
    for name in (NAME, ZONE):
        name_server.set(name, rcode="TIMEOUT")
    app.run_check(domain)
    css, words = get_answer(app, domain)
    assert css != "failed"
    assert "wrong" not in words
