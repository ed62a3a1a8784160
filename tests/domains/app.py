"""A customer's deployment to which tests add domains, and the DNS server that answers for these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.models import Deployment, Domain, Freshness
from portal.permissions import Person
from portal.services.domains import background, changes, pages
from portal.services.domains.changes import AddDialog, Addition, DomainDialog
from portal.services.domains.schemas import DomainList, DomainPage, DomainSummary
from portal.services.operations.submit import DialogIds
from portal.services.operations.tokens import Confirmation
from portal.services.queries.history import History
from portal.services.queries.operation_schemas import OperationPage
from portal.simulator.dns.server import DnsServer
from tests.page_views import open_history
from tests.simulator_control import SimulatorControl

SLUG = "brightsmile-dental"
OTHER_SLUG = "pawsome-vets"
ZONE = "brightsmile-new.example"
NAME = f"shop.{ZONE}"
TARGET_ADDRESSES = ("192.0.2.44", "198.51.100.44")


@dataclass(frozen=True)
class NameServer:
    """Answers both the portal, which queries it, and MIOSA's own verification."""

    server: DnsServer
    simulator: SimulatorControl

    def set(self, name: str, *records: tuple[str, str], rcode: str | None = None) -> None:
        """Answer `records` of (type, value) for a name, or only `rcode`: REFUSED, SERVFAIL or TIMEOUT."""
        rows = [{"type": kind, "value": value} for kind, value in records]
        body: dict[str, Any] = {"name": name, "records": rows}
        self.simulator.call("POST", "dns", body | ({"rcode": rcode} if rcode else {}))

    def set_correct(self, domain: Domain) -> None:
        """The required CNAME record, and addresses for its target."""
        ids = get_target(domain)
        self.set(domain.name, ("CNAME", ids))
        self.set(ids, *(("A", address) for address in TARGET_ADDRESSES))

    def count_queries(self) -> int:
        return sum(self.server.queries.values())


@dataclass(frozen=True)
class DomainsApp:
    """Everything happens at the moment `now`, unless a test passes another."""

    id: str
    name: str
    owner: Person
    now: datetime

    def get_arguments(self, by: Person | None = None, **others: Any) -> dict[str, Any]:
        return {"by": by or self.owner, "slug": SLUG, "deployment_id": self.id, "now": self.now} | others

    def get_target(self, domain: Domain | None = None) -> DialogIds:
        return DialogIds(SLUG, self.id, domain_id=domain.miosa_id if domain else "")

    def get_deployment(self) -> Deployment:
        return Deployment.objects.get(miosa_id=self.id)

    def submit(self, typed: str = NAME, *, policy: str = "none", with_twin: bool = False) -> tuple[OperationPage, ...]:
        token = self.get_add_dialog(typed).token
        return self.submit_add(Addition(typed, policy, with_twin=with_twin), token=token)

    def add(self, typed: str = NAME) -> Domain:
        (operation,) = self.submit(typed)
        assert operation.state == "succeeded"
        return Domain.objects.get(name=operation.domain)

    def get_add_dialog(self, typed: str = "", *, by: Person | None = None) -> AddDialog:
        return changes.get_add_dialog(self.get_target(), typed=typed, by=by or self.owner, now=self.now)

    def submit_add(self, addition: Addition, *, token: str, portal_host: str = "") -> tuple[OperationPage, ...]:
        confirmation = Confirmation(token=token)
        return changes.submit_add(
            self.get_target(), addition, confirmation, portal_host=portal_host, by=self.owner, now=self.now
        )

    def get_dialog(self, domain: Domain, kind: str, *, by: Person | None = None) -> DomainDialog:
        return changes.get_dialog(kind, self.get_target(domain), by=by or self.owner, now=self.now)

    def change(self, domain: Domain, kind: str, value: str = "") -> OperationPage:
        confirmation = Confirmation(token=self.get_dialog(domain, kind).token)
        return changes.submit(kind, self.get_target(domain), confirmation, value=value, by=self.owner, now=self.now)

    def request_check(self, domain: Domain, *, token: str) -> OperationPage | None:
        ids, confirmation = self.get_target(domain), Confirmation(token=token)
        return changes.request_check(ids, confirmation, by=self.owner, now=self.now)

    def open_domain(self, domain: Domain, *, by: Person | None = None) -> DomainPage:
        return pages.open_domain(**self.get_arguments(by), domain_id=domain.miosa_id)

    def open_list(self, *, by: Person | None = None) -> DomainList:
        return pages.open_domain_list(**self.get_arguments(by))

    def list_domains(self, *, by: Person | None = None) -> dict[str, DomainSummary]:
        return {domain.name: domain for domain in self.open_list(by=by).domains}

    def open_history(self, *, by: Person | None = None) -> History:
        return open_history(by=by or self.owner, slug=SLUG, query={}, now=self.now)

    def run_check(self, domain: Domain) -> Domain:
        """What the worker does with a check that is due."""
        domain.refresh_from_db()
        background.run_due_check(domain, now=self.now)
        domain.refresh_from_db()
        return domain

    def expire_list(self) -> None:
        """Make MIOSA's list stale, so that the next page reads it again."""
        Freshness.objects.filter(scope__startswith="domains:").update(read_at=None, failed_at=None)


def find_app(simulator: SimulatorControl, owner: Person, *, now: datetime, name: str = "Booking") -> DomainsApp:
    found = next(
        deployment
        for customer in simulator.state()["customers"]
        if customer["external_workspace_id"] == SLUG
        for deployment in customer["deployments"]
        if deployment["name"] == name
    )
    return DomainsApp(found["id"], name, owner, now)


def get_target(domain: Domain) -> str:
    return str(domain.required_records[0]["value"])


def answer_list(simulator: SimulatorControl, *rows: str, extra: str = "", times: int = 1) -> None:
    """Let MIOSA answer the list of domains with these rows of JSON, and `extra` keys beside them."""
    body = f'{{"data": [{", ".join(rows)}]{extra}}}'
    simulator.fault("*/domains", method="GET", times=times, status=200, body=body, content_type="application/json")
