from __future__ import annotations

import pytest

from portal import dns
from portal.dns.lights import State
from tests.dns.net import APEX, TARGET, WWW, Net

RIGHT = f"www CNAME {TARGET}"
OLD = "www A 203.0.113.9"
LIGHTS = [
    # status, code, zone, what the resolver sees, yours, points here, secure
    ("pending", None, RIGHT, None, "waiting yours_ready", "on points_here", "waiting secure_waits"),
    ("pending", None, "", None, "waiting yours_waiting", "waiting missing", "waiting secure_waits"),
    ("pending", None, OLD, None, "waiting yours_waiting", "off wrong_addresses", "waiting secure_waits"),
    ("pending", None, RIGHT, OLD, "waiting yours_waiting", "waiting points_here_soon", "waiting secure_waits"),
    ("pending", None, "www ! SERVFAIL", None, "waiting yours_waiting", "unknown could_not_ask_servfail",
     "waiting secure_waits"),
    ("verifying", None, RIGHT, None, "waiting yours_ready", "on points_here", "waiting secure_waits"),
    ("verified", None, RIGHT, None, "on yours_confirmed", "on points_here", "waiting secure_soon"),
    ("verified", None, f'{RIGHT}\n@ CAA 0 issue "digicert.com"', None, "on yours_confirmed", "on points_here",
     "off caa_forbids"),
    ("active", None, RIGHT, None, "on yours_confirmed", "on points_here", "on secure"),
    ("active", None, f'{RIGHT}\n@ CAA 0 issue "digicert.com"', None, "on yours_confirmed", "on points_here",
     "on secure_until_renewal"),
    ("active", None, OLD, None, "on yours_confirmed", "off wrong_addresses", "on secure"),
    ("active", None, "", None, "on yours_confirmed", "off missing", "on secure"),
    ("active", None, "www A 104.16.1.1", None, "on yours_confirmed", "waiting proxied", "on secure"),
    ("ACTIVE ", None, "www ! REFUSED", None, "on yours_confirmed", "unknown could_not_ask_refused", "on secure"),
    ("failed", "CNAME_MISMATCH", OLD, None, "off yours_mismatch", "off wrong_addresses", "waiting secure_waits"),
    ("failed", "CNAME_MISMATCH", RIGHT, None, "waiting yours_ready", "on points_here", "waiting secure_waits"),
    ("failed", "dns_lookup_failed", "www ! SERVFAIL", None, "unknown yours_lookup_failed",
     "unknown could_not_ask_servfail", "waiting secure_waits"),
    ("failed", None, OLD, None, "off yours_failed", "off wrong_addresses", "waiting secure_waits"),
    ("removed", None, RIGHT, None, "off removed", "off removed", "off removed"),
    ("on_holiday", None, RIGHT, None, "unknown status_unknown", "on points_here", "unknown status_unknown"),
    ("", None, RIGHT, None, "unknown status_unknown", "on points_here", "unknown status_unknown"),
]  # fmt: skip


def said(light: dns.Light) -> str:
    return f"{light.state} {light.cause.code}"


@pytest.mark.parametrize("row", LIGHTS, ids=lambda row: f"{row[0]}, {row[2]}")
def test_three_lights(net: Net, row: tuple[str, str | None, str, str | None, str, str, str]) -> None:
    status, code, zone, public, *wanted = row
    net.lay(zone, public=public)
    found = dns.lights(status, net.report(), code=code)
    assert [said(found.yours), said(found.points_here), said(found.secure)] == wanted
    assert all(light.cause.english for light in (found.yours, found.points_here, found.secure))


def test_not_looked_yet_is_unknown() -> None:
    assert said(dns.lights("active", None).points_here) == "unknown not_looked"


def test_nothing_needed_is_unknown(net: Net) -> None:
    net.lay(RIGHT)
    report = dns.explain(net.look((), WWW[0].name), ())
    assert said(dns.lights("pending", report).points_here) == "unknown nothing_needed"


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
@pytest.mark.parametrize("status", ["pending", "verifying", "verified", "active", "failed", "new_word"])
def test_could_not_ask_is_never_off(net: Net, status: str, rcode: str) -> None:
    net.lay(f"www ! {rcode}")
    assert dns.lights(status, net.report()).points_here.state is State.UNKNOWN


def test_one_record_that_could_not_be_asked_does_not_hide_a_wrong_one(net: Net) -> None:
    net.lay("www ! SERVFAIL\n@ A 203.0.113.9")
    needed = (*WWW, *APEX)
    report = net.report(needed)
    assert said(dns.lights("pending", report).points_here) == "off wrong_value"


@pytest.mark.parametrize(
    ("status", "zone", "drifted"),
    [
        ("active", OLD, True),
        ("verified", "", True),
        ("active", RIGHT, False),
        ("pending", OLD, False),
        ("active", "www ! SERVFAIL", False),
        ("active", "www A 104.16.1.1", False),
    ],
)
def test_drift(net: Net, status: str, zone: str, drifted: bool) -> None:
    net.lay(zone)
    assert dns.has_drifted(status, net.report()) is drifted
