"""A person at the desk of one app: draws forms, confirms them, lets the worker work, and counts what MIOSA really did.

The clock is moved by making rows older, so that no test waits for a minute to pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from portal.models import Customer, Deployment, Operation, Version
from portal.permissions import Person
from portal.services import sandboxes
from portal.services.operations import driver, lifecycle, publishing, releases
from portal.services.operations.kinds import Kind
from portal.services.operations.publishing import Publication
from portal.services.operations.releases import Confirmed
from portal.services.queries.operations import OperationPage
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from portal.simulator import Simulator
from tests import recall
from tests.playing import Playing

_MOMENTS = ("asked_at", "sent_at", "settled_at", "switched_at", "check_due_at", "beat_at", "look_at")
OPEN = frozenset({"accepted", "sent", "unknown"})


@dataclass(frozen=True)
class Effects:
    """What MIOSA has done: how often another version went live, how many were published, built, apps made."""

    activations: int
    versions: int
    builds: int
    deployments: int

    def __sub__(self, before: "Effects") -> "Effects":
        return Effects(
            self.activations - before.activations,
            self.versions - before.versions,
            self.builds - before.builds,
            self.deployments - before.deployments,
        )


class Desk:
    def __init__(self, playing: Playing, simulator: Simulator, *, owner: Person, operator: Person) -> None:
        self.playing, self.simulator = playing, simulator
        self.owner, self.operator = owner, operator
        self.slug, self.external_id = "brightsmile-dental", "brightsmile-dental"
        recall.recall("the desk", playing, self.read)
        self.deployment_id = self.row("Main site").miosa_id

    def read(self) -> None:
        ask = upstream.client(Purpose.BACKGROUND)
        sweeps.sweep_workspaces(client=ask, now=timezone.now())
        sweeps.sweep_deployments(client=ask, now=timezone.now())
        for name in ("Main site", "Booking"):
            version_refresh.refresh_versions(self.row(name), client=ask, now=timezone.now())

    def row(self, name: str = "") -> Deployment:
        found = Deployment.objects.filter(customer__external_id=self.external_id)
        return found.get(name=name) if name else found.get(miosa_id=self.deployment_id)

    def use(self, name: str) -> None:
        self.deployment_id = self.row(name).miosa_id

    def number(self, number: int) -> str:
        return Version.objects.get(deployment__miosa_id=self.deployment_id, number=number).miosa_id

    @property
    def live(self) -> str:
        """What MIOSA has live."""
        return self.simulator.platform.world.deployments[self.deployment_id].active_version_id or ""

    # what a person does

    def draw(self, kind: Kind, target: str = "", *, by: Person | None = None) -> str:
        """The token of a fresh form."""
        by, place = by or self.owner, {"slug": self.slug, "deployment_id": self.deployment_id}
        now = timezone.now()
        if kind in {Kind.ROLL_BACK, Kind.PROMOTE}:
            return releases.draw_release(by=by, version_id=target, kind=kind, now=now, **place).token
        if kind in {Kind.REDEPLOY, Kind.STOP}:
            return releases.draw_simple(by=by, kind=kind, now=now, **place).token
        if kind is Kind.PUBLISH:
            return publishing.draw_publish(by=by, now=now, **place).token
        if kind is Kind.CREATE:
            return lifecycle.draw(by=by, slug=self.slug, kind=kind, now=now).token
        return lifecycle.draw(by=by, kind=kind, now=now, **place).token

    def confirm(
        self,
        kind: Kind,
        token: str,
        target: str = "",
        /,
        *,
        by: Person | None = None,
        now: datetime | None = None,
        **more: Any,
    ) -> OperationPage:
        by, now = by or self.owner, now or timezone.now()
        place = {"slug": self.slug, "deployment_id": self.deployment_id}
        name = more.pop("name", "")
        if kind is Kind.PUBLISH:
            if "sandbox_id" not in more:
                more["sandbox_id"] = self.sandbox()
            more = {"choice": "checkout", **more}
            return publishing.publish(by=by, publication=Publication(token=token, **more), now=now, **place)
        confirmed = Confirmed(token=token, **{"choice": "checkout", **more})
        if kind in {Kind.ROLL_BACK, Kind.PROMOTE}:
            return releases.release(by=by, version_id=target, kind=kind, confirmed=confirmed, now=now, **place)
        if kind in {Kind.REDEPLOY, Kind.STOP}:
            return releases.do_simple(by=by, kind=kind, confirmed=confirmed, now=now, **place)
        if kind is Kind.CREATE:
            return lifecycle.do(by=by, slug=self.slug, kind=kind, name=name, confirmed=confirmed, now=now)
        return lifecycle.do(by=by, kind=kind, name=name, confirmed=confirmed, now=now, **place)

    def do(self, kind: Kind, target: str = "", /, *, by: Person | None = None, **more: Any) -> OperationPage:
        """Draw and confirm; what takes long is sent, as the worker would at once."""
        page = self.confirm(kind, self.draw(kind, target, by=by), target, by=by, **more)
        if kind in {Kind.PUBLISH, Kind.REDEPLOY}:
            self.turn()
        return page

    def roll_back(self, number: int = 23, **more: Any) -> OperationPage:
        return self.do(Kind.ROLL_BACK, self.number(number), **more)

    def sandbox(self) -> str:

        customer = Customer.objects.get(external_id=self.external_id)
        return sandboxes.list_sandboxes(customer, by=self.operator)[0].id

    # time and the worker

    def turn(self) -> None:
        """One turn of the worker."""
        for operation in driver.list_due(now=timezone.now()):
            driver.work(operation)

    def pass_time(self, seconds: float) -> None:
        """Everything in the journal is so much older at once."""
        moments: Mapping[str, Any] = {name: F(name) - timedelta(seconds=seconds) for name in _MOMENTS}
        Operation.objects.update(**moments)

    def settle(self, seconds: float = 10) -> float:
        """Let the worker turn, a second at a time, until nothing is unsettled; how many seconds it took."""
        for second in range(int(seconds) + 1):
            self.turn()
            if not Operation.objects.filter(state__in=OPEN).exists():
                return second
            self.pass_time(1)
        return float("inf")

    # what MIOSA did

    def effects(self) -> Effects:
        world = self.simulator.platform.world
        deployment = world.deployments.get(self.deployment_id)
        if deployment is None:
            return Effects(0, 0, 0, len(world.deployments))
        return Effects(
            len(deployment.activations), len(deployment.versions), len(deployment.builds), len(world.deployments)
        )

    def heard(self, since: int = 0) -> list[dict[str, Any]]:
        return [row for row in self.playing.heard(since) if row["method"] != "GET"]

    def mark(self) -> int:
        """Where the log of requests stands."""
        rows = self.playing.heard()
        return int(rows[-1]["n"]) if rows else 0


def only() -> Operation:
    return Operation.objects.get()


def of(page: OperationPage) -> Operation:
    return Operation.objects.get(key=page.key)
