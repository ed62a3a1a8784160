"""Ordinary customers in any number."""

from __future__ import annotations

from portal.simulator.ids import slugify
from portal.simulator.seed.builder import DAY, HOUR, History, SeedBuilder

PLACES = ("Harbour", "Maple", "Sunrise", "Old Town", "Riverside", "Northgate", "Lakeview", "Cedar", "Summit", "Willow",
          "Bayside", "Meadow", "Copper", "Elm Street", "Granite", "Hillcrest", "Ivy", "Juniper", "Kingfisher",
          "Linden", "Marble Arch", "Nightingale", "Orchard", "Pebble", "Quayside", "Redwood", "Saffron",
          "Thistle", "Upland", "Vine")  # fmt: skip
TRADES = ("Dental", "Vets", "Bakery", "Florist", "Yoga", "Law", "Motors", "Books", "Optics", "Plumbing", "Architects",
          "Coffee", "Cycles", "Pharmacy", "Accountants", "Barbers", "Physio", "Nursery School", "Roofing",
          "Travel")  # fmt: skip
APPS = ("Website", "Shop", "Booking", "Blog", "Landing page")


def add_generated_customers(builder: SeedBuilder, count: int) -> None:
    for index in range(count):
        place, trade = PLACES[index % len(PLACES)], TRADES[(index // len(PLACES)) % len(TRADES)]
        repetition = index // (len(PLACES) * len(TRADES))
        name = f"{place} {trade}" + (f" {repetition + 1}" if repetition else "")
        add_generated_customer(builder, name, index)


def add_generated_customer(builder: SeedBuilder, name: str, index: int) -> None:
    """One to three apps; age, number of versions, kind and failures follow from the index."""
    slug = slugify(name)
    people = (f"{slug}-owner", f"{slug}-desk")
    customer = builder.add_customer(slug, name, people=people, age=(30 + index % 900) * DAY)
    builder.add_sandbox(customer, f"{slug}-site", age=(1 + index % 40) * DAY)
    for number in range(1 + index % 3):
        versions = 2 + (index * 7 + number * 3) % 11
        newest = (2 + builder.rng.random() * 700) * HOUR
        failed = {versions: "build:typescript"} if (index + number) % 23 == 0 else {}
        builder.add_deployment(
            customer,
            APPS[(index + number) % len(APPS)],
            History(versions=versions, oldest=newest + versions * 5 * DAY, newest=newest, failed=failed),
            scenario="last publish failed" if failed else "ordinary",
            slug=f"{slug}-{number + 1}",
            kind="dynamic" if (index + number) % 5 == 2 else "static",
        )
