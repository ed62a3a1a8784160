"""Thousands of customers with one or two apps each, a few of which need somebody. Made by bulk inserts."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from portal.models import Connection, Customer, CustomerTag, Deployment, Domain, Entry, Freshness, Holding, Version
from portal.models.freshness import SWEEP

BATCH = 2_000
EVERY = 400


def make(customers: int) -> None:
    """One and a half apps for each customer. Of every 400 apps one has each kind of problem."""
    now = timezone.now()
    upstream = Connection.only()
    Freshness.objects.create(scope=SWEEP, read_at=now, rows_read=customers)
    owners = Customer.objects.bulk_create(
        [
            Customer(
                connection=upstream,
                external_id=f"many-{number}",
                slug=f"many-{number}",
                name=f"Customer {number}",
                search=f"customer {number}",
                deployments_count=1 + number % 2,
                last_published_at=now - timedelta(minutes=number),
            )
            for number in range(customers)
        ],
        batch_size=BATCH,
    )
    CustomerTag.objects.bulk_create([CustomerTag(customer=owner, tag="pilot") for owner in owners[::50]])
    numbers = range(customers + customers // 2)
    apps = Deployment.objects.bulk_create(
        [
            Deployment(
                miosa_id=f"dep_many_{number}",
                customer=owners[number % customers],
                name=f"App {number}",
                search=f"app {number}",
                active_version_id=f"ver_many_{number}",
                is_filled=True,
                live_by=f"Person {number % 40}",
                live_since=now - timedelta(hours=number),
                first_seen_at=now,
                domains_read_at=now,
                **{"requested_at": now, **_make_problem(number % EVERY, hours=number)},
            )
            for number in numbers
        ],
        batch_size=BATCH,
    )
    Holding.objects.bulk_create(
        [Holding(customer_id=app.customer_id, deployment=app, owns=True) for app in apps], batch_size=BATCH
    )
    versions = Version.objects.bulk_create(
        [
            Version(
                deployment=app,
                miosa_id=app.active_version_id,
                customer_id=app.customer_id,
                attribution="own",
                number=1,
                state="ready",
                was_live=True,
                created_at=now - timedelta(minutes=number),
                first_seen_at=now,
            )
            for number, app in enumerate(apps)
        ],
        batch_size=BATCH,
    )
    Entry.objects.bulk_create(
        [
            Entry(
                customer_id=app.customer_id,
                at=now - timedelta(minutes=number),
                kind=Entry.Kind.VERSION,
                subject=version.pk,
                deployment=version.deployment_id,
                version=version.pk,
            )
            for number, (version, app) in enumerate(zip(versions, apps, strict=True))
        ],
        batch_size=BATCH,
    )
    for version, app in zip(versions, apps, strict=True):
        app.live_version = app.newest_version = version
    Deployment.objects.bulk_update(apps, ["live_version", "newest_version"], batch_size=200)
    Domain.objects.bulk_create(
        [
            Domain(
                deployment=app,
                miosa_id=f"dom_{app.pk}",
                customer_id=app.customer_id,
                name=f"a{app.pk}.example",
                status="pending" if app.domains_waiting else "active",
            )
            for app in apps
        ],
        batch_size=BATCH,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _make_problem(place: int, *, hours: int) -> dict[str, object]:
    at = timezone.now() - timedelta(days=8, hours=hours)
    problems: dict[int, dict[str, object]] = {
        0: {"failed_at": at},
        1: {"state": "stopped"},
        2: {"on_rollback": True},
        3: {"domains_waiting": 1},
        4: {"staged_since": at},
        5: {"requested_at": at},
    }
    return problems.get(place, {})
