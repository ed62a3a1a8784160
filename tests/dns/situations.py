"""Reads situations.txt: what stands in the DNS, and what we make of it, word for word.

A block is `# title`, `needed …` (else the CNAME of www), indented zone files (`zone` for the name servers; `second`
for the second of them, `public` for the resolver, `ns`, `ns addresses` and `platform` where they differ), servers that
behave badly, and a `= judgement` with its sentence and action for every verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from portal import dns
from tests.dns.net import APEX, APEX_ALIAS, TARGET, WWW, ZONE, Net

TEXT = dns.needed(f"www.{ZONE}", dns_records=[{"type": "TXT", "name": "_check.www", "value": "token=abc123"}])
APEX_A = {"type": "A", "name": "@", "value": "192.0.2.44"}
NEEDED = {
    "www": WWW,
    "apex": APEX,
    "apex alias": APEX_ALIAS,
    "text": TEXT,
    "www and text": (*WWW, *TEXT),
    "pair": dns.needed(ZONE, dns_records=[APEX_A, {"type": "CNAME", "name": "www", "value": TARGET}]),
    "both families": dns.needed(ZONE, dns_records=[APEX_A, {"type": "AAAA", "name": "@", "value": "2001:db8::44"}]),
    "star": dns.needed(f"*.{ZONE}", dns_records=[{"type": "CNAME", "name": "*", "value": TARGET}]),
}
SERVERS = ("ns1", "ns2", "resolver")


@dataclass
class Situation:
    title: str
    needed: tuple[dns.Needed, ...] = WWW
    files: dict[str, str] = field(default_factory=dict)
    behaviours: list[tuple[str, str, str]] = field(default_factory=list)
    verdicts: list[list[str]] = field(default_factory=list)

    def play(self, net: Net) -> dns.Report:
        files = dict(self.files)
        net.lay(files.pop("zone"), **files)
        for server, kind, name in self.behaviours:
            getattr(net, server).set_fault(name, kind)
        return net.report(self.needed)


def read() -> list[Situation]:
    blocks = Path(__file__).with_name("situations.txt").read_text().split("\n# ")
    return [_situation(block.removeprefix("# ").splitlines()) for block in blocks]


def _situation(lines: list[str]) -> Situation:
    found = Situation(lines[0])
    under: list[str] = []
    for line in filter(None, lines[1:]):
        head, _, rest = line.partition(" ")
        if line.startswith("    "):
            under.append(line.strip().replace("HUGE", "x" * 9_000))
            continue
        under = []
        if head == "=":
            found.verdicts.append(under)
            under.append(rest)
        elif head == "needed":
            found.needed = NEEDED[rest]
        elif head in SERVERS:
            kind, _, name = rest.partition(" for ")
            found.behaviours.append((head, kind, name))
        else:
            found.files[line.replace(" ", "_")] = ""
            under = _Lines(found.files, line.replace(" ", "_"))
    return found


class _Lines(list[str]):
    """Appending writes on in the file of that name."""

    def __init__(self, files: dict[str, str], name: str) -> None:
        super().__init__()
        self.files, self.name = files, name

    def append(self, line: str) -> None:
        self.files[self.name] += f"{line}\n"
