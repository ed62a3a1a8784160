"""Ordinary customers by the thousand."""

from __future__ import annotations

from portal.simulator.seed.nursery import DAY, HOUR, Nursery, Past, slug_of

PLACES = ("Harbour", "Maple", "Sunrise", "Old Town", "Riverside", "Northgate", "Lakeview", "Cedar", "Summit", "Willow",
          "Bayside", "Meadow", "Copper", "Elm Street", "Granite", "Hillcrest", "Ivy", "Juniper", "Kingfisher",
          "Linden", "Marble Arch", "Nightingale", "Orchard", "Pebble", "Quayside", "Redwood", "Saffron",
          "Thistle", "Upland", "Vine")  # fmt: skip
TRADES = ("Dental", "Vets", "Bakery", "Florist", "Yoga", "Law", "Motors", "Books", "Optics", "Plumbing", "Architects",
          "Coffee", "Cycles", "Pharmacy", "Accountants", "Barbers", "Physio", "Nursery School", "Roofing",
          "Travel")  # fmt: skip
APPS = ("Website", "Shop", "Booking", "Blog", "Landing page")


def plant(n: Nursery, count: int) -> None:
    for index in range(count):
        place, trade = PLACES[index % len(PLACES)], TRADES[(index // len(PLACES)) % len(TRADES)]
        turn = index // (len(PLACES) * len(TRADES))
        name = f"{place} {trade}" + (f" {turn + 1}" if turn else "")
        _customer(n, name, index)


def _customer(n: Nursery, name: str, index: int) -> None:
    slug = slug_of(name)
    c = n.customer(slug, name, people=(f"{slug}-owner", f"{slug}-desk"), age=(30 + index % 900) * DAY)
    n.sandbox(c, f"{slug}-site", age=(1 + index % 40) * DAY)
    for number in range(1 + index % 3):
        versions = 2 + (index * 7 + number * 3) % 11
        newest = (2 + n.rng.random() * 700) * HOUR
        failed = {versions: "build:typescript"} if (index + number) % 23 == 0 else {}
        n.deployment(
            c, APPS[(index + number) % len(APPS)],
            Past(versions=versions, oldest=newest + versions * 5 * DAY, newest=newest, failed=failed),
            kind="dynamic" if (index + number) % 5 == 2 else "static",
            scenario="last publish failed" if failed else "ordinary", slug=f"{slug}-{number + 1}",
        )  # fmt: skip
