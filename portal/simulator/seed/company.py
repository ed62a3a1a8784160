"""The dozen customers that everybody meets, each with something to show."""

from __future__ import annotations

from collections.abc import Callable

from portal.simulator.seed.nursery import DAY, HOUR, MINUTE, Nursery, Past


def bright_smile(n: Nursery) -> None:
    c = n.customer("brightsmile-dental", "Bright Smile Dental", people=("dr-maya-patel", "front-desk", "ana-ruiz"))
    n.sandbox(c, "main-site-redesign", age=2 * DAY, project="main-site")
    n.sandbox(c, "booking-slots", age=5 * DAY, template="node-22", project="booking")
    n.sandbox(c, "newsletter-spring", age=30 * HOUR, project="newsletter")
    n.deployment(
        c, "Main site", Past(versions=24, oldest=200 * DAY, newest=3 * HOUR, failed={11: "build:missing_module"}),
        scenario="healthy", slug="brightsmile-main-site",
    )  # fmt: skip
    n.deployment(
        c, "Booking", Past(versions=12, oldest=120 * DAY, newest=40 * MINUTE, staged={12}, failed={7: "health:timeout"}),
        kind="dynamic", scenario="staged", slug="brightsmile-booking",
    )  # fmt: skip
    n.deployment(
        c, "Newsletter", Past(versions=6, oldest=60 * DAY, newest=26 * HOUR, failed={6: "build:typescript"}),
        scenario="last publish failed", slug="brightsmile-newsletter",
    )  # fmt: skip


def pawsome(n: Nursery) -> None:
    c = n.customer("pawsome-vets", "Pawsome Vets", people=("dr-okafor", "leo-practice-manager"))
    n.sandbox(c, "vet-site", age=4 * DAY)
    n.sandbox(c, "appointments-api", age=9 * DAY, template="node-22")
    n.deployment(
        c, "Clinic site", Past(versions=18, oldest=150 * DAY, newest=5 * HOUR, live=16, rolled_back_at=2 * HOUR),
        scenario="on a rollback", slug="pawsome-clinic-site",
    )  # fmt: skip
    n.deployment(
        c, "Appointments", Past(versions=9, oldest=90 * DAY, newest=50 * MINUTE, failed={9: "health:status_500"}),
        kind="dynamic", scenario="failed health check", slug="pawsome-appointments",
    )  # fmt: skip


def corner_bakery(n: Nursery) -> None:
    c = n.customer("corner-bakery", "Corner Bakery", people=("tom-baker", "agency-lina"))
    n.sandbox(c, "bakery-shop", age=DAY)
    n.sandbox(c, "bakery-shop-old", age=300 * DAY, state="destroyed")
    failures = {40: "build:out_of_memory", 133: "build:missing_module", 288: "build:typescript"}
    n.deployment(
        c, "Shop", Past(versions=400, oldest=700 * DAY, newest=25 * MINUTE, failed=failures),
        scenario="long history", slug="corner-bakery-shop",
    )  # fmt: skip


CUSTOMERS: list[Callable[[Nursery], None]] = [bright_smile, pawsome, corner_bakery]


def unassigned(n: Nursery) -> None:
    c = n.customer(None, "Default workspace")
    n.deployment(c, "Platform status page", Past(versions=3, oldest=80 * DAY, newest=20 * DAY), scenario="unassigned")
