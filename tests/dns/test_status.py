"""Ownership, DNS and Certificate, from the platform's status and our own lookup."""

from __future__ import annotations

import pytest

from portal import dns
from portal.dns import State
from portal.services.domains.messages import word_message
from tests.dns.network import APEX, NOW, TARGET, WWW, Network

CORRECT = f"www CNAME {TARGET}"
OLD = "www A 203.0.113.9"
STATUSES = [
    # platform's status, error code, zone, the resolver's zone if different, Ownership, DNS, Certificate
    ("pending", None, CORRECT, None, "waiting ownership_ready", "ok dns_correct", "waiting certificate_waiting"),
    ("pending", None, "", None, "waiting ownership_waiting", "waiting missing", "waiting certificate_waiting"),
    ("pending", None, OLD, None, "waiting ownership_waiting", "failed wrong_addresses", "waiting certificate_waiting"),
    ("pending", None, CORRECT, OLD, "waiting ownership_waiting", "waiting dns_propagating",
     "waiting certificate_waiting"),
    ("pending", None, "www ! SERVFAIL", None, "waiting ownership_waiting", "unknown no_answer_servfail",
     "waiting certificate_waiting"),
    ("verifying", None, CORRECT, None, "waiting ownership_ready", "ok dns_correct", "waiting certificate_waiting"),
    ("verified", None, CORRECT, None, "ok ownership_confirmed", "ok dns_correct", "waiting certificate_issuing"),
    ("verified", None, f'{CORRECT}\n@ CAA 0 issue "digicert.com"', None, "ok ownership_confirmed", "ok dns_correct",
     "failed caa_forbids"),
    ("active", None, CORRECT, None, "ok ownership_confirmed", "ok dns_correct", "ok certificate_active"),
    ("active", None, f'{CORRECT}\n@ CAA 0 issue "digicert.com"', None, "ok ownership_confirmed", "ok dns_correct",
     "ok certificate_renewal_blocked"),
    ("active", None, OLD, None, "ok ownership_confirmed", "failed wrong_addresses", "ok certificate_active"),
    ("active", None, "", None, "ok ownership_confirmed", "failed missing", "ok certificate_active"),
    ("active", None, "www A 104.16.1.1", None, "ok ownership_confirmed", "waiting proxied_elsewhere",
     "ok certificate_active"),
    ("ACTIVE ", None, "www ! REFUSED", None, "ok ownership_confirmed", "unknown no_answer_refused",
     "ok certificate_active"),
    ("failed", "CNAME_MISMATCH", OLD, None, "failed ownership_mismatch", "failed wrong_addresses",
     "waiting certificate_waiting"),
    ("failed", "CNAME_MISMATCH", CORRECT, None, "waiting ownership_ready", "ok dns_correct",
     "waiting certificate_waiting"),
    ("failed", "dns_lookup_failed", "www ! SERVFAIL", None, "unknown ownership_lookup_failed",
     "unknown no_answer_servfail", "waiting certificate_waiting"),
    ("failed", None, OLD, None, "failed ownership_failed", "failed wrong_addresses", "waiting certificate_waiting"),
    ("removed", None, CORRECT, None, "failed detached", "failed detached", "failed detached"),
    ("on_holiday", None, CORRECT, None, "unknown status_unknown", "ok dns_correct", "unknown status_unknown"),
    ("", None, CORRECT, None, "unknown status_unknown", "ok dns_correct", "unknown status_unknown"),
]  # fmt: skip


def describe(item: dns.StatusItem) -> str:
    return f"{item.state} {item.message.code}"


@pytest.mark.parametrize("row", STATUSES, ids=lambda row: f"{row[0]}, {row[2]}")
def test_status(network: Network, row: tuple[str, str | None, str, str | None, str, str, str]) -> None:
    platform_status, error_code, zone, public, *expected = row
    network.publish(zone, public=public)
    status = dns.get_status(platform_status, network.diagnose(), error_code=error_code)
    items = (status.ownership, status.dns, status.certificate)
    assert [describe(item) for item in items] == expected
    assert all(word_message(item.message) for item in items)


def test_dns_is_unknown_before_the_first_lookup() -> None:
    assert describe(dns.get_status("active", None).dns) == "unknown dns_not_checked"


def test_dns_is_unknown_without_required_records(network: Network) -> None:
    network.publish(CORRECT)
    report = dns.diagnose(network.look_up((), WWW[0].name), (), now=NOW)
    assert describe(dns.get_status("pending", report).dns) == "unknown dns_records_unknown"


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
@pytest.mark.parametrize("platform_status", ["pending", "verifying", "verified", "active", "failed", "new_word"])
def test_dns_without_an_answer_is_never_failed(network: Network, platform_status: str, rcode: str) -> None:
    network.publish(f"www ! {rcode}")
    assert dns.get_status(platform_status, network.diagnose()).dns.state is State.UNKNOWN


def test_a_record_without_an_answer_does_not_hide_a_wrong_one(network: Network) -> None:
    network.publish("www ! SERVFAIL\n@ A 203.0.113.9")
    report = network.diagnose((*WWW, *APEX))
    assert describe(dns.get_status("pending", report).dns) == "failed wrong_value"


@pytest.mark.parametrize(
    ("platform_status", "zone", "drifted"),
    [
        ("active", OLD, True),
        ("verified", "", True),
        ("active", CORRECT, False),
        ("pending", OLD, False),
        ("active", "www ! SERVFAIL", False),
        ("active", "www A 104.16.1.1", False),
    ],
)
def test_a_working_domain_drifts_when_its_dns_becomes_wrong(
    network: Network, platform_status: str, zone: str, drifted: bool
) -> None:
    network.publish(zone)
    assert dns.has_drifted(platform_status, network.diagnose()) is drifted
