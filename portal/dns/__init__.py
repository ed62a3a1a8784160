"""Asks DNS about a customer's domain and explains the answer. Knows no Django.

name = dns.read("https://www.brightsmile.example/")
needed = dns.needed(name.ascii, dns_records=row.dns_records, verification_target=row.verification_target)
look = asker.look(name.ascii, needed)                  # one Asker for the process; a look may be kept
report = dns.explain(look, needed, now=now)
dns.lights(row.status, report, code=row.error_code)
"""

from portal.dns.asking import Asker, TooBusy
from portal.dns.findings import Judgement
from portal.dns.lights import Light, Lights, State, has_drifted, lights
from portal.dns.names import DomainName, NotADomain, read
from portal.dns.plan import NotAskedError
from portal.dns.records import Needed, needed
from portal.dns.seen import Look
from portal.dns.texts import Text, render
from portal.dns.verdicts import Report, Spread, Verdict, explain
from portal.dns.wire import Server

__all__ = [
    "Asker",
    "DomainName",
    "Judgement",
    "Light",
    "Lights",
    "Look",
    "Needed",
    "NotADomain",
    "NotAskedError",
    "Report",
    "Server",
    "Spread",
    "State",
    "Text",
    "TooBusy",
    "Verdict",
    "explain",
    "has_drifted",
    "lights",
    "needed",
    "read",
    "render",
]
