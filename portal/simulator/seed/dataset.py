"""Creates the seeded store: the same for the same seed and number of customers, with times relative to `now`."""

from __future__ import annotations

from datetime import datetime
from random import Random

from portal.simulator.ids import Ids
from portal.simulator.seed.builder import SeedBuilder
from portal.simulator.seed.customers import add_named_customers, add_unassigned_deployment
from portal.simulator.seed.generated import add_generated_customers
from portal.simulator.store import Store

USERS = 4


def create_store(seed: int, customers: int, now: datetime, *, id_form: str) -> Store:
    """The named customers first, then as many generated ones as are still missing."""
    rng = Random(f"customers of {seed}")  # noqa: S311  repeatable, not secret
    store = Store(tenant_id=f"tnt_01{rng.getrandbits(96):024X}", tenant_slug="launchpad", tenant_name="Launchpad Sites")
    store.ids = Ids(rng, form=id_form)
    store.users = [store.ids.new("user") for _ in range(USERS)]
    builder = SeedBuilder(store, rng, now)
    missing = add_named_customers(builder, customers)
    add_generated_customers(builder, missing)
    if customers:
        add_unassigned_deployment(builder)
    return store
