"""Reads scenarios.txt: what a domain's DNS contains, and the diagnosis that people read, word for word.

A block is `# title`, then `required …` (else the CNAME of www), `verified` if the platform has verified it, `impatient`
if some queries get no answer, indented zone files (`zone` for the name servers; `second` for the second of them,
`public` for the resolver, `ns`, `ns addresses` and `platform` where they differ), servers that misbehave
(`ns1 silent`), and for every diagnosis a `= finding` with its text and fix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from portal import dns
from tests.dns.network import AMPLE, APEX, APEX_ALIAS, IMPATIENT, TARGET, WWW, ZONE, Network

TXT = dns.parse_required_records(
    f"www.{ZONE}", dns_records=[{"type": "TXT", "name": "_check.www", "value": "token=abc123"}]
)
APEX_A = {"type": "A", "name": "@", "value": "192.0.2.44"}
REQUIRED = {
    "www": WWW,
    "apex": APEX,
    "apex alias": APEX_ALIAS,
    "text": TXT,
    "www and text": (*WWW, *TXT),
    "pair": dns.parse_required_records(ZONE, dns_records=[APEX_A, {"type": "CNAME", "name": "www", "value": TARGET}]),
    "both families": dns.parse_required_records(
        ZONE, dns_records=[APEX_A, {"type": "AAAA", "name": "@", "value": "2001:db8::44"}]
    ),
    "star": dns.parse_required_records(f"*.{ZONE}", dns_records=[{"type": "CNAME", "name": "*", "value": TARGET}]),
}
REQUIRED |= {
    "deep": dns.parse_required_records(
        f"shop.eu.{ZONE}", dns_records=[{"type": "CNAME", "name": "shop.eu", "value": TARGET}]
    ),
    "deep star": dns.parse_required_records(
        f"*.eu.{ZONE}", dns_records=[{"type": "CNAME", "name": "*.eu", "value": TARGET}]
    ),
    "www by address": dns.parse_required_records(
        f"www.{ZONE}", dns_records=[{"type": "A", "name": "www", "value": "192.0.2.44"}]
    ),
}
QUICK = {"lame", "truncated", "wrong_id_first"}
SERVERS = ("ns1", "ns2", "resolver")


@dataclass
class Scenario:
    """`diagnoses` are lists of a finding, its text and, if there is one, its fix."""

    title: str
    required: tuple[dns.RequiredRecord, ...] = WWW
    files: dict[str, str] = field(default_factory=dict)
    behaviours: list[tuple[str, str, str]] = field(default_factory=list)
    diagnoses: list[list[str]] = field(default_factory=list)
    may_be_flattened: bool = False
    is_patient: bool = True

    def play(self, network: Network) -> dns.Report:
        files = dict(self.files)
        network.publish(files.pop("zone"), **files)
        for server, kind, name in self.behaviours:
            getattr(network, server).set_fault(name, kind)
        # With these, every query gets an answer.
        is_patient = self.is_patient and {kind for _, kind, _ in self.behaviours} <= QUICK
        client = network.create_client(timeouts=AMPLE if is_patient else IMPATIENT)
        return network.diagnose(self.required, client=client, may_be_flattened=self.may_be_flattened)


def read_scenarios() -> list[Scenario]:
    blocks = Path(__file__).with_name("scenarios.txt").read_text().split("\n# ")
    return [_parse(block.removeprefix("# ").splitlines()) for block in blocks]


def _parse(lines: list[str]) -> Scenario:
    scenario = Scenario(lines[0])
    zone_file = ""
    for line in filter(None, lines[1:]):
        head, _, rest = line.partition(" ")
        if line.startswith("    ") and zone_file:
            scenario.files[zone_file] += line.strip().replace("HUGE", "x" * 9_000) + "\n"
            continue
        if line.startswith("    "):
            scenario.diagnoses[-1].append(line.strip())
            continue
        zone_file = ""
        if head == "=":
            scenario.diagnoses.append([rest])
        elif head == "required":
            scenario.required = REQUIRED[rest]
        elif head == "verified":
            scenario.may_be_flattened = True
        elif head == "impatient":
            scenario.is_patient = False
        elif head in SERVERS:
            kind, _, name = rest.partition(" for ")
            scenario.behaviours.append((head, kind, name))
        else:
            zone_file = line.replace(" ", "_")
            scenario.files[zone_file] = ""
    return scenario
