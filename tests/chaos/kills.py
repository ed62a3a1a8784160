"""One scenario: kills of one kind of process, and how often MIOSA did each operation."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from portal.models import Deployment, Operation, Version
from portal.permissions import Person, Role
from portal.services import sandboxes
from portal.services.errors import Unavailable
from portal.services.operations import deployments, publishing, reconcile, releases
from portal.services.operations.publishing import Publication
from portal.services.operations.submit import DialogIds
from portal.services.operations.tokens import Confirmation
from tests.chaos.installation import Installation, sync_apps
from tests.chaos.processes import Web, Worker

SETTLED_WITHIN_S = 30.0
TAKEN_UP_WITHIN_S = 30.0
AROUND_S = 0.060
BATCH = 20
Result = TypeVar("Result")
OPERATOR = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)


@dataclass
class Kill:
    """One operation whose process was killed: how often MIOSA did it, and its final state."""

    kind: str
    deployment_id: str
    key: str = ""
    killed_at: float = 0.0
    before: int = 0
    effects: int = -1
    state: str = ""
    needs_decision: bool = False
    settled_after_s: float = -1.0
    error_code: str = ""
    click: threading.Thread | None = None


@dataclass
class Outcome:
    process: str
    with_keys: bool
    kills: list[Kill] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        journalled = [kill for kill in self.kills if kill.state]
        settled = [kill.settled_after_s for kill in journalled if kill.settled_after_s >= 0]
        return {
            "process": self.process,
            "with_keys": self.with_keys,
            "kills": len(self.kills),
            "journalled": len(journalled),
            "exactly_once": sum(kill.effects == 1 for kill in journalled),
            "twice": sum(kill.effects > 1 for kill in self.kills),
            "done_unjournalled": sum(kill.effects > 0 for kill in self.kills if not kill.state),
            "refused_unsent": sum(kill.effects == 0 and kill.state == "refused" for kill in journalled),
            "reported_wrongly": sum(_is_reported_wrongly(kill) for kill in journalled),
            "asks_a_person": sum(kill.needs_decision for kill in journalled),
            "left_unknown": sum(
                kill.state in {"accepted", "sent", "unknown"} and not kill.needs_decision for kill in journalled
            ),
            "slowest_s": round(max(settled, default=0.0), 1),
        }

    def list_kills(self) -> list[dict[str, object]]:
        return [{name: value for name, value in vars(kill).items() if name != "click"} for kill in self.kills]


def _is_reported_wrongly(kill: Kill) -> bool:
    return kill.effects != {"succeeded": 1, "refused": 0}.get(kill.state, kill.effects)


def kill_web(installation: Installation, kills: int, *, with_keys: bool, seed: int) -> Outcome:
    """Rollbacks and promotions by a web process that is killed 0 to 60 ms after the click."""
    return _run(
        installation,
        kills,
        Outcome("web", with_keys),
        seed,
        web=Web(installation.web_port, installation.var / "web.log"),
    )


def kill_worker(installation: Installation, kills: int, *, with_keys: bool, seed: int) -> Outcome:
    """Publishes and redeploys by a worker that is killed 0 to 60 ms after it has claimed them."""
    return _run(installation, kills, Outcome("worker", with_keys), seed, web=None)


def kill_whole_worker(installation: Installation, kills: int, *, with_keys: bool, seed: int) -> Outcome:
    """The same by `manage.py worker`, which takes seconds to start again."""
    return _run(installation, kills, Outcome("manage.py worker", with_keys), seed, web=None, whole=True)


def _run(
    installation: Installation, kills: int, outcome: Outcome, seed: int, *, web: Web | None, whole: bool = False
) -> Outcome:
    rng = random.Random(seed)  # noqa: S311 - moments, no secrets
    worker = Worker(installation.var / "worker.log", whole=whole)
    try:
        apps = sync_apps(installation, min(BATCH, kills))
        # Some are killed before there is a row. They are counted separately, and repeated, but not for ever.
        while (left := kills - sum(bool(kill.state) for kill in outcome.kills)) > 0 and len(outcome.kills) < 4 * kills:
            batch = []
            for slug, deployment_id in apps[:left]:
                pause = rng.uniform(0, AROUND_S)
                if web is not None:
                    # Timed from the click, but mostly from the commit of the row, which is late on a busy machine.
                    after_row = rng.random() < 0.7
                    batch.append(
                        _kill_around_click(installation, web, slug, deployment_id, pause=pause, after_row=after_row)
                    )
                else:
                    kind = rng.choice(["publish", "redeploy"])
                    batch.append(_kill_around_step(installation, worker, slug, deployment_id, kind=kind, pause=pause))
            _await_end(installation, batch)
            outcome.kills += batch
    finally:
        worker.stop()
        if web is not None:
            web.stop()
    return outcome


def _kill_around_click(
    installation: Installation, web: Web, slug: str, deployment_id: str, *, pause: float, after_row: bool
) -> Kill:
    """Activates the newest version or the one before it, whichever is not live."""
    row = Deployment.objects.get(miosa_id=deployment_id)
    versions = Version.objects.filter(deployment=row, gone_at=None).exclude(miosa_id=row.active_version_id)
    target = versions.order_by("-number")[:1].get()
    live = row.live_version
    is_newer = live is not None and (target.number or 0) > (live.number or 0)
    kind = "promote" if is_newer else "roll_back"
    ids = {"slug": slug, "deployment_id": deployment_id, "version_id": target.miosa_id}
    token = releases.get_dialog(kind, DialogIds(**ids), by=OPERATOR, now=timezone.now()).token
    kill = Kill(kind, deployment_id, before=installation.count_changes(deployment_id))
    web.child()
    started = timezone.now()
    kill.click = web.post(json.dumps({**ids, "kind": kind, "token": token}).encode())
    if after_row:
        _await_row(Operation.objects.filter(deployment_id=deployment_id, requested_at__gte=started))
    time.sleep(pause)
    web.kill_child()
    kill.killed_at = time.time()
    kill.key = started.isoformat()
    return kill


def _kill_around_step(
    installation: Installation, worker: Worker, slug: str, deployment_id: str, *, kind: str, pause: float
) -> Kill:
    kill = Kill(kind, deployment_id, before=installation.count_changes(deployment_id))
    started = timezone.now()
    ids = DialogIds(slug, deployment_id)
    if kind == "publish":
        row = Deployment.objects.select_related("customer").get(miosa_id=deployment_id)
        sandbox = _try_again(lambda: sandboxes.list_sandboxes(row.customer, by=OPERATOR))[0].id
        token = publishing.get_dialog(ids, by=OPERATOR, now=started).token
        publication = Publication(Confirmation(token, choice="checkout"), sandbox, go_live=False)
        page = _try_again(lambda: publishing.submit(ids, publication, by=OPERATOR, now=timezone.now()))
    else:
        token = deployments.get_dialog(kind, ids, by=OPERATOR, now=started).token
        confirmation = Confirmation(token, choice="checkout")
        page = _try_again(lambda: deployments.submit(kind, ids, confirmation, by=OPERATOR, now=timezone.now()))
    _await_row(Operation.objects.filter(key=page.key).exclude(runner=""))
    time.sleep(pause)
    worker.kill_child()
    kill.killed_at = time.time()
    kill.key = started.isoformat()
    return kill


def _try_again(request: Callable[[], Result]) -> Result:
    """On a busy machine the portal says that it is busy, and a person tries again."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while True:
        try:
            return request()
        except Unavailable:
            if time.monotonic() > until:
                raise
        time.sleep(0.2)


def _await_row(rows: QuerySet[Operation]) -> None:
    until = time.monotonic() + TAKEN_UP_WITHIN_S
    while not rows.exists() and time.monotonic() < until:
        time.sleep(0.001)


def _await_end(installation: Installation, batch: list[Kill]) -> None:
    """Waits until each has ended or needs a decision, then counts what MIOSA did."""
    # A kill of the worker is one for every operation that it was executing.
    last = max(kill.killed_at for kill in batch)
    for kill in batch:
        kill.killed_at = last
    time.sleep(0.3)
    until = time.monotonic() + SETTLED_WITHIN_S
    open_ones = list(batch)
    while open_ones and time.monotonic() < until:
        open_ones = [kill for kill in open_ones if not _has_ended(kill)]
        time.sleep(0.05)
    time.sleep(0.2)
    if open_ones:
        left = Operation.objects.filter(state__in=["accepted", "sent", "unknown"]).values()
        raise RuntimeError(f"not settled after {SETTLED_WITHIN_S:.0f} s: {list(left)}")
    for kill in batch:
        kill.effects = installation.count_changes(kill.deployment_id) - kill.before
        if kill.needs_decision:
            _decide(kill)
    connection.close()


def _decide(kill: Kill) -> None:
    """Decides as a person would who has checked the app, so that its lane is free for the next operation."""
    for operation in Operation.objects.filter(deployment_id=kill.deployment_id, state="unknown"):
        happened = bool(kill.effects)
        reconcile.record_decision(operation, happened=happened, by=OPERATOR, now=timezone.now())


def _has_ended(kill: Kill) -> bool:
    operation = Operation.objects.filter(deployment_id=kill.deployment_id, requested_at__gte=kill.key).first()
    if operation is None:
        # A request that was still queued is handled by the next process.
        return kill.click is None or not kill.click.is_alive()
    kill.error_code = operation.error_code
    kill.state, kill.needs_decision = operation.state, operation.needs_decision
    if operation.state in {"accepted", "sent", "unknown"} and not kill.needs_decision:
        return False
    if operation.state == "succeeded" and operation.switched_at is None and operation.next_read_at is not None:
        # Done, and still to be read back, so that nobody sees what was before.
        return False
    ended = operation.settled_at.timestamp() if operation.settled_at else time.time()
    kill.settled_after_s = max(0.0, ended - kill.killed_at)
    return True
