"""Looks up a customer's domain in DNS and diagnoses what is wrong. Knows no Django and holds no wording.

name = dns.parse_domain("https://www.brightsmile.example/")
required = dns.parse_required_records(name.ascii, dns_records=row.dns_records)
lookup = client.look_up(name.ascii, required, now=now)  # one dns.Client for the process; a lookup may be stored
report = dns.diagnose(lookup, required, now=now)
status = dns.get_status(row.status, report, error_code=row.error_code)
"""

from portal.dns.advice import AdvisedRecord, advise
from portal.dns.client import Client, Timeouts, TooBusy
from portal.dns.diagnosis import Diagnosis, Report, diagnose
from portal.dns.findings import Finding
from portal.dns.lookup import Lookup
from portal.dns.messages import Message, MessageCode
from portal.dns.names import DomainName, InvalidDomain, parse_domain
from portal.dns.queries import Server
from portal.dns.questions import LookupRefused
from portal.dns.records import RequiredRecord, parse_required_records
from portal.dns.status import State, StatusItem, get_status, has_drifted, leads_elsewhere

__all__ = [
    "AdvisedRecord",
    "Client",
    "Diagnosis",
    "DomainName",
    "Finding",
    "InvalidDomain",
    "Lookup",
    "LookupRefused",
    "Message",
    "MessageCode",
    "Report",
    "RequiredRecord",
    "Server",
    "State",
    "StatusItem",
    "Timeouts",
    "TooBusy",
    "advise",
    "diagnose",
    "get_status",
    "has_drifted",
    "leads_elsewhere",
    "parse_domain",
    "parse_required_records",
]
