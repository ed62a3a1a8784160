"""Attaching domains to an app, and setting what DNS answers for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from portal.models import Domain
from portal.permissions import Person
from portal.services.domains import changes, lists, looker, pages
from portal.services.domains.lists import DomainRow, DomainsPage
from portal.services.domains.pages import DomainPage
from portal.services.operations.submit import Confirmation
from portal.services.queries.history import History
from portal.services.queries.operations import OperationPage
from portal.simulator.dns.server import DnsServer
from tests.pages import open_history
from tests.simulator_control import SimulatorControl

SLUG = "brightsmile-dental"
NAME = "shop.brightsmile-new.example"
ADDRESSES = ("192.0.2.44", "198.51.100.44")


@dataclass(frozen=True)
class Net:
    server: DnsServer
    control: SimulatorControl

    def set(self, name: str, *records: tuple[str, str], rcode: str | None = None) -> None:
        rows = [{"type": kind, "value": value} for kind, value in records]
        self.control.call("POST", "dns", {"name": name, "records": rows, **({"rcode": rcode} if rcode else {})})


@dataclass(frozen=True)
class Attaching:
    id: str
    name: str
    owner: Person

    @classmethod
    def at(cls, control: SimulatorControl, owner: Person, name: str = "Booking") -> Attaching:
        found = next(
            row
            for customer in control.state()["customers"]
            if customer["external_workspace_id"] == SLUG
            for row in customer["deployments"]
            if row["name"] == name
        )
        return cls(found["id"], name, owner)

    def where(self, by: Person | None = None) -> dict[str, Any]:
        return {"by": by or self.owner, "slug": SLUG, "deployment_id": self.id, "now": timezone.now()}

    def add(self, typed: str = NAME, *, policy: str = "none", with_twin: bool = False) -> tuple[OperationPage, ...]:
        token = changes.draw_add(**self.where(), typed=typed).token
        confirmation = Confirmation(token=token)
        return changes.add(**self.where(), typed=typed, policy=policy, with_twin=with_twin, confirmation=confirmation)

    def attached(self, typed: str = NAME) -> Domain:
        (done,) = self.add(typed)
        assert done.state == "succeeded"
        return Domain.objects.get(name=done.domain)

    def page(self, domain: Domain, *, by: Person | None = None) -> DomainPage:
        return pages.get_domain(**self.where(by), domain_id=domain.miosa_id)

    def domains(self, *, by: Person | None = None) -> DomainsPage:
        return lists.get_domains(**self.where(by))

    def rows(self, *, by: Person | None = None) -> dict[str, DomainRow]:
        return {row.name: row for row in self.domains(by=by).rows}

    def history(self) -> History:
        return open_history(by=self.owner, slug=SLUG, query={}, now=timezone.now())

    def change(self, domain: Domain, kind: str, **typed: str) -> OperationPage:
        token = changes.draw(**self.where(), domain_id=domain.miosa_id, kind=kind).token
        return changes.change(
            **(self.where() | typed), domain_id=domain.miosa_id, kind=kind, confirmation=Confirmation(token=token)
        )

    def work(self, domain: Domain) -> Domain:
        """What the worker does when this look is due."""
        domain.refresh_from_db()
        looker.work(domain, now=timezone.now())
        domain.refresh_from_db()
        return domain


def target_of(domain: Domain) -> str:
    return str(domain.needed[0]["value"])


def answers(simulator: SimulatorControl, *rows: str, beside: str = "", times: int = 1) -> None:
    """What the list of domains is said to hold, so many times."""
    body = f'{{"data": [{", ".join(rows)}]{beside}}}'
    simulator.fault("*/domains", method="GET", times=times, status=200, body=body, content_type="application/json")
