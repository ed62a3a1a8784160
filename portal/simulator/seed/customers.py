"""The dozen named customers of the demo and the tests. Each shows something, which its `scenario` names."""

from __future__ import annotations

from collections.abc import Callable

from portal.simulator.records import Attribution
from portal.simulator.seed.builder import DAY, HOUR, MINUTE, History, SeedBuilder
from portal.simulator.seed.hostile import add_hostile_customer
from portal.simulator.seed.related import add_builds, add_domain, add_env, add_instances


def add_bright_smile(builder: SeedBuilder) -> None:
    customer = builder.add_customer(
        "brightsmile-dental", "Bright Smile Dental", people=("dr-maya-patel", "front-desk", "ana-ruiz")
    )
    builder.add_sandbox(customer, "main-site-redesign", age=2 * DAY, project="main-site")
    builder.add_sandbox(customer, "booking-slots", age=5 * DAY, template="node-22", project="booking")
    builder.add_sandbox(customer, "newsletter-spring", age=30 * HOUR, project="newsletter")
    main = builder.add_deployment(
        customer,
        "Main site",
        History(versions=24, oldest=200 * DAY, newest=3 * HOUR, failed={11: "build:missing_module"}),
        scenario="healthy",
        slug="brightsmile-main-site",
    )
    add_domain(builder, main, "www.brightsmile.example", "active")
    add_domain(builder, main, "brightsmile.example", "active")
    booking = builder.add_deployment(
        customer,
        "Booking",
        History(versions=12, oldest=120 * DAY, newest=40 * MINUTE, staged={12}, failed={7: "health:timeout"}),
        kind="dynamic",
        scenario="staged",
        slug="brightsmile-booking",
    )
    add_domain(builder, booking, "booking.brightsmile.example", "pending")
    add_env(
        builder,
        booking,
        DATABASE_URL="postgres://booking@db/slots",
        SMS_API_KEY="sk-7f2c91d0",
        TIMEZONE="Europe/Madrid",
    )
    add_instances(builder, booking)
    builder.add_deployment(
        customer,
        "Newsletter",
        History(versions=6, oldest=60 * DAY, newest=26 * HOUR, failed={6: "build:typescript"}),
        scenario="last publish failed",
        slug="brightsmile-newsletter",
    )


def add_pawsome(builder: SeedBuilder) -> None:
    customer = builder.add_customer("pawsome-vets", "Pawsome Vets", people=("dr-okafor", "leo-practice-manager"))
    builder.add_sandbox(customer, "vet-site", age=4 * DAY)
    builder.add_sandbox(customer, "appointments-api", age=9 * DAY, template="node-22")
    site = builder.add_deployment(
        customer,
        "Clinic site",
        History(versions=18, oldest=150 * DAY, newest=5 * HOUR, live=16, rolled_back_at=2 * HOUR),
        scenario="on a rollback",
        slug="pawsome-clinic-site",
    )
    add_domain(builder, site, "www.pawsome.example", "active")
    appointments = builder.add_deployment(
        customer,
        "Appointments",
        History(versions=9, oldest=90 * DAY, newest=50 * MINUTE, failed={9: "health:status_500"}),
        kind="dynamic",
        scenario="failed health check",
        slug="pawsome-appointments",
    )
    add_env(builder, appointments, DATABASE_URL="postgres://vets@db/appointments", SESSION_SECRET="9d3e0b77")  # noqa: S106  a sample
    add_instances(builder, appointments, restarts=4)


def add_corner_bakery(builder: SeedBuilder) -> None:
    customer = builder.add_customer("corner-bakery", "Corner Bakery", people=("tom-baker", "agency-lina"))
    builder.add_sandbox(customer, "bakery-shop", age=DAY)
    old = builder.add_sandbox(customer, "bakery-shop-old", age=300 * DAY)
    old.state, old.destroyed_at = "destroyed", builder.ago(150 * DAY)
    failures = {40: "build:out_of_memory", 133: "build:missing_module", 288: "build:typescript"}
    builder.add_deployment(
        customer,
        "Shop",
        History(versions=400, oldest=700 * DAY, newest=25 * MINUTE, failed=failures),
        scenario="long history",
        slug="corner-bakery-shop",
    )


def add_fjord_yoga_and_lotus_spa(builder: SeedBuilder) -> None:
    """Two customers that share one deployment, with versions and domains of both in it."""
    fjord = builder.add_customer("fjord-yoga", "Fjord Yoga", people=("ingrid",))
    lotus = builder.add_customer("lotus-spa", "Lotus Spa", people=("mei-lin", "studio-nord"))
    builder.add_sandbox(fjord, "fjord-campaign", age=8 * DAY)
    builder.add_sandbox(lotus, "lotus-campaign", age=6 * DAY)
    lotus_by = Attribution(workspace="lotus-spa", user="mei-lin", project="wellness")
    campaign = builder.add_deployment(
        fjord,
        "Wellness campaign",
        History(
            versions=14, oldest=70 * DAY, newest=9 * HOUR, attributed=dict.fromkeys((3, 6, 7, 10, 13, 14), lotus_by)
        ),
        scenario="shared by two customers",
        slug="wellness-campaign",
        project="wellness",
    )
    add_domain(builder, campaign, "yoga.fjord.example", "active")
    add_domain(builder, campaign, "spa.lotus.example", "verified", attribution=lotus_by)
    builder.add_deployment(
        lotus,
        "Gift cards",
        History(versions=2, oldest=20 * DAY, newest=19 * DAY),
        scenario="short history",
        slug="lotus-gift-cards",
    )


def add_quiet_harbor(builder: SeedBuilder) -> None:
    name = (
        "The Worshipful and Ancient Partnership of Quiet Harbor, Lighthouse Keepers’ & Mariners’ Solicitors, Notaries "
        "Public and Commissioners for Oaths (incorporating Blackwater, Featherstonehaugh, Cholmondeley & Sons)"
    )
    customer = builder.add_customer("quiet-harbor-law", name, people=("p-featherstone",), age=12 * DAY)
    builder.add_sandbox(customer, "law-first-draft", age=3 * DAY)


def add_riverside_motors(builder: SeedBuilder) -> None:
    customer = builder.add_customer("riverside-motors", "Riverside Motors", people=("garage", "sam-riley"))
    builder.add_sandbox(customer, "showroom", age=50 * DAY)
    showroom = builder.add_deployment(
        customer,
        "Showroom",
        History(versions=16, oldest=420 * DAY, newest=45 * DAY),
        scenario="artifacts past retention are gone",
        slug="riverside-showroom",
    )
    add_domain(builder, showroom, "riverside-motors.example", "pending")
    add_domain(builder, showroom, "www.riverside-motors.example", "failed")
    add_domain(builder, showroom, "cars.riverside-motors.example", "active")
    add_domain(builder, showroom, "test-drive.riverside-motors.example", "verified")
    parts = builder.add_deployment(
        customer,
        "Parts catalogue",
        History(versions=5, oldest=80 * DAY, newest=33 * DAY),
        scenario="stopped",
        slug="riverside-parts",
    )
    parts.state = "stopped"


def add_northwind_robotics(builder: SeedBuilder) -> None:
    customer = builder.add_customer("northwind-robotics", "Northwind Robotics", people=("ci", "yusuf"))
    builder.add_sandbox(customer, "docs-preview", age=DAY)
    portal = builder.add_deployment(
        customer,
        "Developer portal",
        History(versions=0, oldest=300 * DAY, newest=DAY),
        scenario="repository builds",
        slug="northwind-dev",
        source_type="git",
        repo_url="https://github.com/northwind-robotics/dev-portal",
    )
    add_builds(builder, portal, customer)
    builder.add_deployment(
        customer,
        "Marketing",
        History(versions=31, oldest=310 * DAY, newest=7 * HOUR),
        scenario="healthy",
        slug="northwind-marketing",
    )


def add_jasmine_bakery(builder: SeedBuilder) -> None:
    customer = builder.add_customer("jasmine-bakery", "مخبز الياسمين", people=("ليلى",))
    builder.add_sandbox(customer, "موقع-المخبز", age=2 * DAY)
    builder.add_deployment(
        customer,
        "الموقع الرئيسي",
        History(versions=8, oldest=60 * DAY, newest=20 * HOUR),
        scenario="Arabic",
        slug="jasmine-site",
    )


def add_smile_clinic(builder: SeedBuilder) -> None:
    customer = builder.add_customer("smile-clinic-bkk", "คลินิกทันตกรรมยิ้มสวย", people=("หมอนก",))
    builder.add_sandbox(customer, "คลินิก", age=6 * DAY)
    builder.add_deployment(
        customer,
        "เว็บไซต์คลินิก",
        History(versions=5, oldest=30 * DAY, newest=2 * DAY),
        scenario="Thai",
        slug="smile-clinic",
    )
    long_name = (
        "Seasonal landing page for the twenty-fifth anniversary, second revision after the photographer’s comments " * 2
    )
    builder.add_deployment(
        customer,
        long_name.strip(),
        History(versions=3, oldest=9 * DAY, newest=4 * DAY),
        scenario="very long name",
        slug="smile-anniversary",
    )


def add_taco_loco(builder: SeedBuilder) -> None:
    customer = builder.add_customer("taco-loco", "🌮 Taco Loco 🌶️", people=("chef-🌮",))
    builder.add_sandbox(customer, "menu-🌯", age=DAY)
    builder.add_deployment(
        customer,
        "Menú 🌮🔥",
        History(versions=7, oldest=40 * DAY, newest=11 * HOUR, staged={7}),
        scenario="emoji",
        slug="taco-menu",
    )
    builder.add_deployment(
        customer,
        "Loyalty app",
        History(versions=1, oldest=3 * HOUR, newest=3 * HOUR, failed={1: "health:timeout"}),
        kind="dynamic",
        scenario="never live",
        slug="taco-loyalty",
    )


# Each with the number of customers it adds.
NAMED_CUSTOMERS: tuple[tuple[Callable[[SeedBuilder], None], int], ...] = (
    (add_bright_smile, 1),
    (add_pawsome, 1),
    (add_corner_bakery, 1),
    (add_fjord_yoga_and_lotus_spa, 2),
    (add_quiet_harbor, 1),
    (add_riverside_motors, 1),
    (add_northwind_robotics, 1),
    (add_jasmine_bakery, 1),
    (add_smile_clinic, 1),
    (add_taco_loco, 1),
    (add_hostile_customer, 1),
)


def add_named_customers(builder: SeedBuilder, count: int) -> int:
    """Adds as many as fit into `count`. Returns how many are still missing."""
    for add_customers, size in NAMED_CUSTOMERS:
        if size <= count:
            add_customers(builder)
            count -= size
    return count


def add_unassigned_deployment(builder: SeedBuilder) -> None:
    customer = builder.add_customer(None, "Default workspace")
    builder.add_deployment(
        customer,
        "Platform status page",
        History(versions=3, oldest=80 * DAY, newest=20 * DAY),
        scenario="unassigned",
        attribution=Attribution(),
    )
