"""Plants a believable company of customers: the same for the same seed and number, with times relative to now."""

from __future__ import annotations

from datetime import datetime
from random import Random

from portal.simulator.ids import Ids
from portal.simulator.knobs import Settings
from portal.simulator.seed import company, crowd
from portal.simulator.seed.nursery import Nursery
from portal.simulator.world import World


def plant(*, customers: int, seed: int, now: datetime, settings: Settings) -> World:
    rng = Random(f"customers of {seed}")  # noqa: S311  repeatable, not secret
    world = World(tenant_id=f"tnt_01{rng.getrandbits(96):024X}", tenant_slug="launchpad", tenant_name="Launchpad Sites")
    world.ids = Ids(rng)
    world.ids.form = str(settings["id_form"])
    world.users = [world.ids.new("user") for _ in range(4)]
    nursery = Nursery(world, rng, now)
    crowd.plant(nursery, company.plant(nursery, customers))
    if customers:
        company.unassigned(nursery)
    form = world.ids.form
    world.ids = Ids()
    world.ids.form = form
    return world
