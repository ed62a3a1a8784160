"""One app, with its owner, an operator, the worker, and the simulated MIOSA behind it.

Time passes by making rows older, so that no test waits for a minute.
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
from portal.services.operations import background, deployments, publishing, releases
from portal.services.operations.kinds import get_kind
from portal.services.operations.publishing import Publication
from portal.services.operations.submit import Dialog, DialogIds
from portal.services.operations.tokens import Confirmation
from portal.services.queries.operation_schemas import OperationPage
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from portal.simulator.simulator import Simulator
from tests import snapshots
from tests.simulator_control import SimulatorControl

_MOMENTS = ("requested_at", "sent_at", "settled_at", "switched_at", "check_due_at", "heartbeat_at", "next_read_at")
_FOR_CONFIRMATION = ("choice", "reason", "note", "environment", "override")


@dataclass(frozen=True)
class Effects:
    """What MIOSA has done: how often another version went live, and how many versions, builds and apps it has."""

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


class App:
    def __init__(self, control: SimulatorControl, simulator: Simulator, *, owner: Person, operator: Person) -> None:
        self.control, self.simulator = control, simulator
        self.owner, self.operator = owner, operator
        self.slug, self.external_id = "brightsmile-dental", "brightsmile-dental"
        snapshots.restore_or_create("the app of operations", control, self.fetch)
        self.deployment_id = self.row("Main site").miosa_id

    def fetch(self) -> None:
        client = upstream.client(Purpose.BACKGROUND)
        sweeps.sweep_workspaces(client=client, now=timezone.now())
        sweeps.sweep_deployments(client=client, now=timezone.now())
        for name in ("Main site", "Booking"):
            version_refresh.refresh_versions(self.row(name), client=client, now=timezone.now())

    def row(self, name: str = "") -> Deployment:
        found = Deployment.objects.filter(customer__external_id=self.external_id)
        return found.get(name=name) if name else found.get(miosa_id=self.deployment_id)

    def use(self, name: str) -> None:
        self.deployment_id = self.row(name).miosa_id

    def number(self, number: int) -> str:
        """The id of a version by its number."""
        return Version.objects.get(deployment__miosa_id=self.deployment_id, number=number).miosa_id

    @property
    def live(self) -> str:
        """The id of the version that MIOSA has live."""
        return self.simulator.state.store.deployments[self.deployment_id].active_version_id or ""

    # What a person does

    def open_dialog(self, kind: str, target: str = "", *, by: Person | None = None) -> str:
        """The token of a fresh dialog."""
        by, now, ids = by or self.owner, timezone.now(), self._ids(kind, target)
        if kind == "publish":
            return publishing.get_dialog(ids, by=by, now=now).token
        module = releases if get_kind(kind).moves_pointer else deployments
        dialog: Dialog = module.get_dialog(kind, ids, by=by, now=now)
        return dialog.token

    def submit(
        self,
        kind: str,
        token: str,
        target: str = "",
        /,
        *,
        by: Person | None = None,
        now: datetime | None = None,
        **fields: Any,
    ) -> OperationPage:
        by, now, ids = by or self.owner, now or timezone.now(), self._ids(kind, target)
        reason = {"choice": "checkout"} | {name: fields.pop(name) for name in _FOR_CONFIRMATION if name in fields}
        confirmation = Confirmation(token=token, **reason)
        if kind == "publish":
            fields = {"sandbox_id": fields.pop("sandbox_id", None) or self.sandbox(), **fields}
            return publishing.submit(ids, Publication(confirmation, **fields), by=by, now=now)
        if get_kind(kind).moves_pointer:
            return releases.submit(kind, ids, confirmation, by=by, now=now)
        return deployments.submit(kind, ids, confirmation, by=by, now=now, **fields)

    def change(self, kind: str, target: str = "", /, *, by: Person | None = None, **fields: Any) -> OperationPage:
        """Open the dialog and submit it. What the worker executes is executed, as it would be at once."""
        page = self.submit(kind, self.open_dialog(kind, target, by=by), target, by=by, **fields)
        if get_kind(kind).runs_in_worker:
            self.run_worker()
        return page

    def roll_back(self, number: int = 23, **fields: Any) -> OperationPage:
        return self.change("roll_back", self.number(number), **fields)

    def publish_new(self, name: str) -> OperationPage:
        """Publish a sandbox as a new app; the worker has not executed it yet."""
        ids, now = DialogIds(self.slug), timezone.now()
        token = publishing.get_dialog(ids, by=self.owner, now=now).token
        publication = Publication(Confirmation(token), self.sandbox(), name=name)
        return publishing.submit(ids, publication, by=self.owner, now=now)

    def sandbox(self) -> str:
        customer = Customer.objects.get(external_id=self.external_id)
        return sandboxes.list_sandboxes(customer, by=self.operator)[0].id

    def _ids(self, kind: str, version_id: str) -> DialogIds:
        return DialogIds(self.slug, "" if kind == "create" else self.deployment_id, version_id)

    # Time and the worker

    def run_worker(self) -> None:
        """Each due operation takes one step."""
        for operation in background.list_due(now=timezone.now()):
            background.run_step(operation)

    def pass_time(self, seconds: float) -> None:
        """Everything in the journal becomes older by so much at once."""
        moments: Mapping[str, Any] = {name: F(name) - timedelta(seconds=seconds) for name in _MOMENTS}
        Operation.objects.update(**moments)

    def settle(self, seconds: float = 10) -> float:
        """Run the worker once a second until nothing is open; how many seconds it took, infinite if too many."""
        for second in range(int(seconds) + 1):
            self.run_worker()
            if not Operation.objects.filter(state__in=Operation.OPEN).exists():
                return second
            self.pass_time(1)
        return float("inf")

    # What MIOSA did

    def count_effects(self) -> Effects:
        world = self.simulator.state.store
        deployment = world.deployments.get(self.deployment_id)
        if deployment is None:
            return Effects(0, 0, 0, len(world.deployments))
        return Effects(
            len(deployment.activations), len(deployment.versions), len(deployment.builds), len(world.deployments)
        )

    def changes_received(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests of MIOSA's log that change something."""
        return [row for row in self.control.requests(since) if row["method"] != "GET"]

    def log_position(self) -> int:
        """Where MIOSA's log of requests ends now."""
        rows = self.control.requests()
        return int(rows[-1]["n"]) if rows else 0


def get_only_operation() -> Operation:
    return Operation.objects.get()


def get_operation(page: OperationPage) -> Operation:
    return Operation.objects.get(key=page.key)
