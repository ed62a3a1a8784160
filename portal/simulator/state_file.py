"""Keeps the state on disk, so that a demo finds its data again: written as a whole, a moment after a change."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from portal.simulator.dns.records import Record
from portal.simulator.idempotency import IdempotencyStore, StoredAnswer
from portal.simulator.knobs import InvalidSetting, Settings
from portal.simulator.records import Delivery, Deployment, Event, Sandbox, Webhook, Workspace
from portal.simulator.state import Seed, State
from portal.simulator.store import Store

FORMAT = 2
PAUSE_S = 1.0
PAUSES_PER_SAVE = 20  # a large state, which takes long to write, is written rarely


class Header(Struct):
    format: int


class SavedDnsAnswer(Struct):
    name: str
    records: list[Record]
    rcode: str | None
    types: list[str] = []
    ede: int | None = None


class Saved(Struct, kw_only=True):
    format: int
    seed: int
    customers: int
    offset_s: float
    settings: dict[str, str | int | bool]
    tenant: tuple[str, str, str]
    users: list[str]
    workspaces: list[Workspace]
    sandboxes: list[Sandbox]
    deployments: list[Deployment]
    webhooks: list[Webhook]
    deliveries: list[Delivery]
    events: list[Event]
    idempotency: list[StoredAnswer]
    dns: list[SavedDnsAnswer]


def snapshot(state: State) -> Saved:
    store = state.store
    return Saved(
        format=FORMAT,
        seed=state.seed.number,
        customers=state.seed.customers,
        offset_s=state.clock.offset_s,
        settings=state.settings.changed(),
        tenant=(store.tenant_id, store.tenant_slug, store.tenant_name),
        users=store.users,
        workspaces=list(store.workspaces.values()),
        sandboxes=list(store.sandboxes.values()),
        deployments=list(store.deployments.values()),
        webhooks=list(store.webhooks.values()),
        deliveries=list(state.webhooks.deliveries.values()),
        events=store.list_scheduled(),
        idempotency=state.idempotency.list_executed(),
        dns=[
            SavedDnsAnswer(name, list(answer.records), answer.rcode, list(answer.types), answer.ede)
            for name, answer in state.dns.all().items()
        ],
    )


def restore(state: State, saved: Saved) -> None:
    with state.lock:
        state.adopt(restored_store(saved), Settings(saved.settings), Seed(saved.seed, saved.customers))
        state.clock.offset_s = saved.offset_s
        state.webhooks.deliveries = {delivery.id: delivery for delivery in saved.deliveries}
        if saved.webhooks:
            state.webhooks.start()
        for answer in saved.idempotency:
            answer.in_flight = False
        state.idempotency = IdempotencyStore(saved.idempotency)
        for dns_answer in saved.dns:
            records = [record._asdict() for record in dns_answer.records]
            state.dns.set(dns_answer.name, records, dns_answer.rcode, types=dns_answer.types, ede=dns_answer.ede)


def restored_store(saved: Saved) -> Store:
    tenant_id, slug, name = saved.tenant
    store = Store(tenant_id=tenant_id, tenant_slug=slug, tenant_name=name)
    store.users = saved.users
    for workspace in saved.workspaces:
        store.add_workspace(workspace)
    for sandbox in saved.sandboxes:
        store.add_sandbox(sandbox)
    for deployment in saved.deployments:
        store.add_deployment(deployment)
    for webhook in saved.webhooks:
        store.webhooks[webhook.id] = webhook
    for event in saved.events:
        store.schedule(event)
    return store


class StateFile:
    """Reads the file once, then writes it from a thread of its own. Readable by its owner only."""

    def __init__(self, path: str | Path, state: State) -> None:
        self.path = Path(path)
        self.state = state
        self.is_loaded = False
        self._saved_revision: tuple[int, int] | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def load(self, *, seed: int | None, customers: int | None) -> str | None:
        """Restores the file's state, unless another seed is requested. Returns a warning, or None.

        A file that cannot be read is kept beside it, with `.broken` added to its name.
        """
        try:
            content = self.path.read_bytes()
            if msgspec.json.decode(content, type=Header).format != FORMAT:
                return "the state file is of another version; starting anew"
            saved = msgspec.json.decode(content, type=Saved)
            if seed not in (None, saved.seed) or customers not in (None, saved.customers):
                return "the state file holds other seed data; starting anew"
            restore(self.state, saved)
            self.is_loaded = True
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidSetting) as error:
            broken = self.path.with_name(self.path.name + ".broken")
            self.path.replace(broken)
            return f"the state file cannot be read ({error}); kept as {broken.name}, starting anew"
        return None

    def start(self) -> None:
        self.save()
        self._thread = threading.Thread(target=self._run, name="simulator state", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self.save()

    def _run(self) -> None:
        pause = PAUSE_S
        while not self._stopped.wait(pause):
            pause = max(PAUSE_S, PAUSES_PER_SAVE * self.save())

    def save(self) -> float:
        """Returns the seconds it took, 0 if nothing had changed."""
        started = time.monotonic()
        with self.state.lock:
            revision = (self.state.store.revision, self.state.dns.revision)
            if revision == self._saved_revision:
                return 0.0
            content = msgspec.json.encode(snapshot(self.state))
            self._saved_revision = revision
        self._replace(content)
        return time.monotonic() - started

    def _replace(self, content: bytes) -> None:
        """Atomically, so that a killed process leaves a whole file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
