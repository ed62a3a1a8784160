"""The world on disk, so that a demo finds its data again: written whole and atomically, a moment after a change."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from portal.simulator.dnsbook import Record
from portal.simulator.idempotency import Idempotency, Kept
from portal.simulator.knobs import BadSetting, Settings
from portal.simulator.records import Delivery, Deployment, Event, Sandbox, Webhook, Workspace
from portal.simulator.world import World

if TYPE_CHECKING:
    from portal.simulator.platform import Platform

FORMAT = 1
PAUSE_S = 1.0


class SavedAnswer(Struct):
    name: str
    records: list[Record]
    rcode: str | None


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
    idempotency: list[Kept]
    dns: list[SavedAnswer]


def snapshot(platform: Platform) -> Saved:
    world = platform.world
    return Saved(
        format=FORMAT,
        seed=platform.seed_number,
        customers=platform.customers,
        offset_s=platform.clock.offset_s,
        settings=platform.settings.changed(),
        tenant=(world.tenant_id, world.tenant_slug, world.tenant_name),
        users=world.users,
        workspaces=list(world.workspaces.values()),
        sandboxes=list(world.sandboxes.values()),
        deployments=list(world.deployments.values()),
        webhooks=list(world.webhooks.values()),
        deliveries=list(platform.hooks.deliveries.values()),
        events=world.scheduled(),
        idempotency=platform.idempotency.all(),
        dns=[SavedAnswer(name, list(a.records), a.rcode) for name, a in platform.dns.all().items()],
    )


def restore(platform: Platform, saved: Saved) -> None:
    tenant_id, slug, name = saved.tenant
    world = World(tenant_id=tenant_id, tenant_slug=slug, tenant_name=name)
    world.users = saved.users
    for workspace in saved.workspaces:
        world.add_workspace(workspace)
    for sandbox in saved.sandboxes:
        world.add_sandbox(sandbox)
    for deployment in saved.deployments:
        world.add_deployment(deployment)
    for webhook in saved.webhooks:
        world.webhooks[webhook.id] = webhook
    for event in saved.events:
        world.schedule(event)
    settings = Settings(saved.settings)
    world.ids.form = str(settings["id_form"])
    with platform.lock:
        platform.adopt(world, settings, customers=saved.customers, seed_number=saved.seed)
        platform.clock.offset_s = saved.offset_s
        platform.hooks.deliveries = {delivery.id: delivery for delivery in saved.deliveries}
        if saved.webhooks:
            platform.hooks.start()
        for entry in saved.idempotency:
            entry.under_way = False
        platform.idempotency = Idempotency(saved.idempotency)
        for answer in saved.dns:
            platform.dns.set(answer.name, [record._asdict() for record in answer.records], answer.rcode)


class StateFile:
    def __init__(self, path: str | Path, platform: Platform) -> None:
        self.path = Path(path)
        self.platform = platform
        self._written: tuple[int, int] | None = None
        self.loaded = False
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def load(self, *, seed: int | None, customers: int | None) -> str | None:
        """Takes over what the file holds, unless another world is asked for. The answer is a word of warning."""
        try:
            saved = msgspec.json.decode(self.path.read_bytes(), type=Saved)
            if saved.format != FORMAT:
                return "the state file is of another version; starting anew"
            if seed not in (None, saved.seed) or customers not in (None, saved.customers):
                return "the state file holds another world; starting anew"
            restore(self.platform, saved)
            self.loaded = True
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, BadSetting) as error:
            broken = self.path.with_name(self.path.name + ".broken")
            self.path.replace(broken)
            return f"the state file cannot be read ({error}); kept as {broken.name}, starting anew"
        return None

    def start(self) -> None:
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
            pause = max(PAUSE_S, 20 * self.save())  # a large world is written seldom

    def save(self) -> float:
        """Seconds it took; 0 when nothing had changed."""
        started = time.monotonic()
        with self.platform.lock:
            revision = (self.platform.world.revision, self.platform.dns.revision)
            if revision == self._written:
                return 0.0
            text = msgspec.json.encode(snapshot(self.platform))
            self._written = revision
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        return time.monotonic() - started
