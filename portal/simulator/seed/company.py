"""The dozen customers that everybody meets, each with something to show."""

from __future__ import annotations

from collections.abc import Callable

from portal.simulator.records import Attribution
from portal.simulator.seed import hostile, trimmings
from portal.simulator.seed.nursery import DAY, HOUR, MINUTE, Customer, Nursery, Past


def bright_smile(n: Nursery) -> None:
    c = n.customer("brightsmile-dental", "Bright Smile Dental", people=("dr-maya-patel", "front-desk", "ana-ruiz"))
    n.sandbox(c, "main-site-redesign", age=2 * DAY, project="main-site")
    n.sandbox(c, "booking-slots", age=5 * DAY, template="node-22", project="booking")
    n.sandbox(c, "newsletter-spring", age=30 * HOUR, project="newsletter")
    main = n.deployment(
        c, "Main site", Past(versions=24, oldest=200 * DAY, newest=3 * HOUR, failed={11: "build:missing_module"}),
        scenario="healthy", slug="brightsmile-main-site",
    )  # fmt: skip
    trimmings.domain(n, main, "www.brightsmile.example", "active")
    trimmings.domain(n, main, "brightsmile.example", "active")
    booking = n.deployment(
        c, "Booking",
        Past(versions=12, oldest=120 * DAY, newest=40 * MINUTE, staged={12}, failed={7: "health:timeout"}),
        kind="dynamic", scenario="staged", slug="brightsmile-booking",
    )  # fmt: skip
    trimmings.domain(n, booking, "booking.brightsmile.example", "pending")
    trimmings.env(
        n, booking, DATABASE_URL="postgres://booking@db/slots", SMS_API_KEY="sk-7f2c91d0", TIMEZONE="Europe/Madrid"
    )
    trimmings.instances(n, booking)
    n.deployment(
        c, "Newsletter", Past(versions=6, oldest=60 * DAY, newest=26 * HOUR, failed={6: "build:typescript"}),
        scenario="last publish failed", slug="brightsmile-newsletter",
    )  # fmt: skip


def pawsome(n: Nursery) -> None:
    c = n.customer("pawsome-vets", "Pawsome Vets", people=("dr-okafor", "leo-practice-manager"))
    n.sandbox(c, "vet-site", age=4 * DAY)
    n.sandbox(c, "appointments-api", age=9 * DAY, template="node-22")
    site = n.deployment(
        c, "Clinic site", Past(versions=18, oldest=150 * DAY, newest=5 * HOUR, live=16, rolled_back_at=2 * HOUR),
        scenario="on a rollback", slug="pawsome-clinic-site",
    )  # fmt: skip
    trimmings.domain(n, site, "www.pawsome.example", "active")
    appointments = n.deployment(
        c, "Appointments", Past(versions=9, oldest=90 * DAY, newest=50 * MINUTE, failed={9: "health:status_500"}),
        kind="dynamic", scenario="failed health check", slug="pawsome-appointments",
    )  # fmt: skip
    trimmings.env(n, appointments, DATABASE_URL="postgres://vets@db/appointments", SESSION_SECRET="9d3e0b77")  # noqa: S106  a sample
    trimmings.instances(n, appointments, restarts=4)


def corner_bakery(n: Nursery) -> None:
    c = n.customer("corner-bakery", "Corner Bakery", people=("tom-baker", "agency-lina"))
    n.sandbox(c, "bakery-shop", age=DAY)
    n.sandbox(c, "bakery-shop-old", age=300 * DAY, state="destroyed")
    failures = {40: "build:out_of_memory", 133: "build:missing_module", 288: "build:typescript"}
    n.deployment(
        c, "Shop", Past(versions=400, oldest=700 * DAY, newest=25 * MINUTE, failed=failures),
        scenario="long history", slug="corner-bakery-shop",
    )  # fmt: skip


def fjord_yoga_and_lotus_spa(n: Nursery) -> None:
    """Two customers: their campaign is one deployment, versions and domains of both in it."""
    fjord = n.customer("fjord-yoga", "Fjord Yoga", people=("ingrid",))
    lotus = n.customer("lotus-spa", "Lotus Spa", people=("mei-lin", "studio-nord"))
    n.sandbox(fjord, "fjord-campaign", age=8 * DAY)
    n.sandbox(lotus, "lotus-campaign", age=6 * DAY)
    lotus_by = Attribution(workspace="lotus-spa", user="mei-lin", project="wellness")
    campaign = n.deployment(
        fjord, "Wellness campaign",
        Past(versions=14, oldest=70 * DAY, newest=9 * HOUR, attributed=dict.fromkeys((3, 6, 7, 10, 13, 14), lotus_by)),
        scenario="shared by two customers", slug="wellness-campaign", project="wellness",
    )  # fmt: skip
    trimmings.domain(n, campaign, "yoga.fjord.example", "active")
    trimmings.domain(n, campaign, "spa.lotus.example", "verified", by=lotus_by)
    n.deployment(
        lotus, "Gift cards", Past(versions=2, oldest=20 * DAY, newest=19 * DAY),
        scenario="short history", slug="lotus-gift-cards",
    )  # fmt: skip


def quiet_harbor(n: Nursery) -> None:
    name = (
        "The Worshipful and Ancient Partnership of Quiet Harbor, Lighthouse Keepers’ & Mariners’ Solicitors, Notaries "
        "Public and Commissioners for Oaths (incorporating Blackwater, Featherstonehaugh, Cholmondeley & Sons)"
    )
    c = n.customer("quiet-harbor-law", name, people=("p-featherstone",), age=12 * DAY)
    n.sandbox(c, "law-first-draft", age=3 * DAY)


def riverside_motors(n: Nursery) -> None:
    c = n.customer("riverside-motors", "Riverside Motors", people=("garage", "sam-riley"))
    n.sandbox(c, "showroom", age=50 * DAY)
    showroom = n.deployment(
        c, "Showroom", Past(versions=16, oldest=420 * DAY, newest=45 * DAY),
        scenario="artifacts past retention are gone", slug="riverside-showroom",
    )  # fmt: skip
    trimmings.domain(n, showroom, "riverside-motors.example", "pending")
    trimmings.domain(n, showroom, "www.riverside-motors.example", "failed")
    trimmings.domain(n, showroom, "cars.riverside-motors.example", "active")
    trimmings.domain(n, showroom, "test-drive.riverside-motors.example", "verified")
    parts = n.deployment(
        c,
        "Parts catalogue",
        Past(versions=5, oldest=80 * DAY, newest=33 * DAY),
        scenario="stopped",
        slug="riverside-parts",
    )
    parts.state = "stopped"


def northwind_robotics(n: Nursery) -> None:
    c = n.customer("northwind-robotics", "Northwind Robotics", people=("ci", "yusuf"))
    n.sandbox(c, "docs-preview", age=DAY)
    portal = n.deployment(
        c, "Developer portal", Past(versions=0, oldest=300 * DAY, newest=DAY), scenario="repository builds",
        slug="northwind-dev", source_type="git", repo_url="https://github.com/northwind-robotics/dev-portal",
    )  # fmt: skip
    trimmings.builds(n, portal, c)
    n.deployment(
        c,
        "Marketing",
        Past(versions=31, oldest=310 * DAY, newest=7 * HOUR),
        scenario="healthy",
        slug="northwind-marketing",
    )


def jasmine_bakery(n: Nursery) -> None:
    c = n.customer("jasmine-bakery", "مخبز الياسمين", people=("ليلى",))
    n.sandbox(c, "موقع-المخبز", age=2 * DAY)
    n.deployment(
        c, "الموقع الرئيسي", Past(versions=8, oldest=60 * DAY, newest=20 * HOUR), scenario="Arabic", slug="jasmine-site"
    )


def smile_clinic(n: Nursery) -> None:
    c = n.customer("smile-clinic-bkk", "คลินิกทันตกรรมยิ้มสวย", people=("หมอนก",))
    n.sandbox(c, "คลินิก", age=6 * DAY)
    n.deployment(
        c, "เว็บไซต์คลินิก", Past(versions=5, oldest=30 * DAY, newest=2 * DAY), scenario="Thai", slug="smile-clinic"
    )
    long_name = (
        "Seasonal landing page for the twenty-fifth anniversary, second revision after the photographer’s comments " * 2
    )
    n.deployment(
        c,
        long_name.strip(),
        Past(versions=3, oldest=9 * DAY, newest=4 * DAY),
        scenario="very long name",
        slug="smile-anniversary",
    )


def taco_loco(n: Nursery) -> None:
    c = n.customer("taco-loco", "🌮 Taco Loco 🌶️", people=("chef-🌮",))
    n.sandbox(c, "menu-🌯", age=DAY)
    n.deployment(
        c,
        "Menú 🌮🔥",
        Past(versions=7, oldest=40 * DAY, newest=11 * HOUR, staged={7}),
        scenario="emoji",
        slug="taco-menu",
    )
    n.deployment(
        c, "Loyalty app", Past(versions=1, oldest=3 * HOUR, newest=3 * HOUR, failed={1: "health:timeout"}),
        kind="dynamic", scenario="never live", slug="taco-loyalty",
    )  # fmt: skip


# What each plants, and how many customers that is.
CUSTOMERS: list[tuple[Callable[[Nursery], object], int]] = [
    (bright_smile, 1),
    (pawsome, 1),
    (corner_bakery, 1),
    (fjord_yoga_and_lotus_spa, 2),
    (quiet_harbor, 1),
    (riverside_motors, 1),
    (northwind_robotics, 1),
    (jasmine_bakery, 1),
    (smile_clinic, 1),
    (taco_loco, 1),
    (hostile.plant, 1),
]


def plant(n: Nursery, customers: int) -> int:
    """How many of the wanted customers are still missing afterwards."""
    for plant_customers, count in CUSTOMERS:
        if count <= customers:
            plant_customers(n)
            customers -= count
    return customers


def unassigned(n: Nursery) -> None:
    c: Customer = n.customer(None, "Default workspace")
    n.deployment(
        c, "Platform status page", Past(versions=3, oldest=80 * DAY, newest=20 * DAY), scenario="unassigned",
        by=Attribution(),
    )  # fmt: skip
