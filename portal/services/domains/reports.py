"""What the stored DNS lookup of a domain means now. Reads no table and makes no lookup."""

from datetime import datetime

import msgspec

from portal import dns
from portal.models import Domain


def list_required_records(domain: Domain) -> tuple[dns.RequiredRecord, ...]:
    return tuple(
        dns.RequiredRecord(each["type"], each["name"], each["value"], each["ttl"]) for each in domain.required_records
    )


def find_report(domain: Domain, *, now: datetime) -> dns.Report | None:
    """The diagnosis of the latest lookup; None before the first."""
    if not domain.lookup:
        return None
    try:
        lookup = msgspec.json.decode(domain.lookup, type=dns.Lookup)
    except msgspec.MsgspecError:
        # Stored by another version of the portal. The next check replaces it.
        return None
    may_be_flattened = domain.is_working and not domain.has_shown_cname
    return dns.diagnose(lookup, list_required_records(domain), may_be_flattened=may_be_flattened, now=now)


def get_display_name(name: str) -> str:
    """With its international letters, if it has any: bücher.example for xn--bcher-kva.example.

    As in DNS if they mix scripts, since it may look like another domain then.
    """
    try:
        domain = dns.parse_domain(name)
    except dns.InvalidDomain:
        return name
    is_mixed = any(note.code is dns.MessageCode.MIXED_SCRIPTS for note in domain.notes)
    return domain.ascii if is_mixed else domain.shown
