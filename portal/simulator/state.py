"""Everything that one running simulator holds, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from portal.simulator.access import ApiKey, RateLimiter
from portal.simulator.canaries import Canaries
from portal.simulator.clock import Clock
from portal.simulator.defaults import SEED_CUSTOMERS, SEED_NUMBER
from portal.simulator.dns.records import DnsRecords
from portal.simulator.faults import Faults
from portal.simulator.idempotency import IdempotencyStore
from portal.simulator.ids import Ids
from portal.simulator.knobs import Settings
from portal.simulator.lifecycle import Lifecycle
from portal.simulator.request_log import RequestLog
from portal.simulator.seed.dataset import create_store
from portal.simulator.seed.dns_answers import set_dns_answers
from portal.simulator.store import Store
from portal.simulator.webhook_delivery import WebhookSender


class Seed(NamedTuple):
    """The same seed always creates the same customers, with times relative to now."""

    number: int = SEED_NUMBER
    customers: int = SEED_CUSTOMERS


class State:
    """Hold `lock` to read or change the stores."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.canaries = Canaries()
        self.request_log = RequestLog()
        self.faults = Faults()
        self.dns = DnsRecords()
        self.webhooks = WebhookSender(self.lock, self.catch_up)
        self.reset(Seed(customers=0))

    @property
    def store(self) -> Store:
        """The store of the tenant that has the customers."""
        return self.lifecycle.store

    def reset(self, seed: Seed, settings: Mapping[str, object] | None = None) -> datetime:
        """Starts again with seed data. Returns the moment that all seeded times are relative to."""
        new_settings = Settings(settings)
        with self.lock:
            self.clock.offset_s = 0.0
            self.canaries.clear()
            self.request_log.clear()
            self.faults.clear()
            self.dns.clear()
            self.webhooks.deliveries.clear()
            now = self.clock.now().replace(microsecond=0)
            store = create_store(seed.number, seed.customers, now, id_form=str(new_settings["id_form"]))
            set_dns_answers(store, self.dns)
            self.adopt(store, new_settings, seed)
            return now

    def adopt(self, store: Store, settings: Settings, seed: Seed) -> None:
        """Makes a store, newly seeded or read from a file, the current one."""
        with self.lock:
            self.seed = seed
            self.settings = settings
            self.idempotency = IdempotencyStore()
            self.rate_limiter = RateLimiter()
            other = Store(tenant_id="tnt_01OTHERTENANT0000000000000", tenant_slug="other", tenant_name="Other")
            self.lifecycle = Lifecycle(store, settings, self.webhooks)
            self.other_lifecycle = Lifecycle(other, settings, self.webhooks)
            self.webhooks.webhooks = store.webhooks
            self.webhooks.settings = settings
            store.ids = Ids(form=str(settings["id_form"]))
            store.revision += 1

    def change_settings(self, values: Mapping[str, object]) -> None:
        """Raises InvalidSetting."""
        with self.lock:
            self.settings.change(values)
            self.store.ids.form = str(self.settings["id_form"])

    def lifecycle_of(self, key: ApiKey) -> Lifecycle:
        return self.other_lifecycle if key.is_other_tenant else self.lifecycle

    def catch_up(self) -> None:
        """Applies every state change that is due."""
        with self.lock:
            for lifecycle in (self.lifecycle, self.other_lifecycle):
                lifecycle.catch_up(self.clock.now())

    def advance(self, seconds: float) -> datetime:
        """Moves simulated time forward and applies what is due by then. Returns the new time."""
        with self.lock:
            now = self.clock.advance(seconds)
            self.store.revision += 1
            self.catch_up()
        return now
