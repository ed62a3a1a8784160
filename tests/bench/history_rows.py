"""Inserts a stored history of any size, with one statement for each table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

from portal.models import Connection, Customer, Deployment, Entry, Facet, Freshness, Holding, Version
from portal.services.sync.upsert import customer_rows

APPS = 3
PEOPLE = 8


def insert_history(slug: str, versions: int, *, apps: int = APPS) -> Customer:
    """A customer with so many versions over its apps, one a minute, the newest first in the timeline."""
    customer = customer_rows.ensure_customer(slug)
    now = timezone.now()
    deployments = [
        Deployment.objects.create(
            miosa_id=f"dep_{slug}_{number}",
            customer=customer,
            external_id=slug,
            name=f"App {number}",
            state="running",
            public_url=f"https://app-{number}.example/",
            active_version_id=f"ver_{slug}_{versions - number}",
            is_filled=True,
            created_at=now,
            first_seen_at=now,
            requested_at=now,
        )
        for number in range(apps)
    ]
    Holding.objects.bulk_create(
        [Holding(customer=customer, deployment=deployment, owns=True) for deployment in deployments]
    )
    people = [Facet.objects.create(customer=customer, field="person", text=f"person-{n}").pk for n in range(PEOPLE)]
    first = deployments[0].pk
    moment = _moment(versions)
    _insert(
        Version,
        versions,
        {
            "deployment_id": f"{first} + (i % {apps})",
            "miosa_id": f"'ver_{slug}_' || i",
            "customer_id": str(customer.pk),
            "attribution": "'own'",
            "number": f"i / {apps} + 1",
            "kind": "CASE WHEN i % 3 = 0 THEN 'dynamic' ELSE 'static' END",
            "state": "CASE WHEN i % 17 = 0 THEN 'failed' WHEN i % 5 = 0 THEN 'ready' ELSE 'archived' END",
            "is_readable": _true(),
            "was_live": _true(),
            "external_user_id": f"'person-' || (i % {PEOPLE})",
            "source_sandbox_id": "'sbx_' || (i % 1000)",
            "files": "i % 400",
            "total_bytes": "CAST(i AS bigint) * 7919 % 9000000",
            "created_at": moment,
            "first_seen_at": moment,
        },
    )
    low = Version.objects.filter(customer=customer).order_by("pk").values_list("pk", flat=True)[0]
    _insert(
        Entry,
        versions,
        {
            "customer_id": str(customer.pk),
            "at": moment,
            "kind": "1",
            "subject": f"{low - 1} + i",
            "version": f"{low - 1} + i",
            "deployment": f"{first} + (i % {apps})",
            "state": "CASE WHEN i % 17 = 0 THEN 4 WHEN i % 5 = 0 THEN 3 ELSE 5 END",
            "version_kind": "CASE WHEN i % 3 = 0 THEN 2 ELSE 1 END",
            "person": f"{people[0]} + (i % {PEOPLE})",
            "number": f"i / {apps} + 1",
            "text": f"'person-' || (i % {PEOPLE}) || ' sbx_' || (i % 1000)",
        },
    )
    for deployment in deployments:
        live = Version.objects.filter(deployment=deployment).order_by("-number").first()
        deployment.live_version, deployment.newest_version = live, live
        deployment.active_version_id = live.miosa_id if live else ""
        deployment.live_since = now
        deployment.save()
    later = now + timedelta(days=1)
    Freshness.objects.update_or_create(
        scope=f"customer:{customer.pk}", defaults={"customer": customer, "read_at": later, "is_complete": True}
    )
    Customer.objects.filter(pk=customer.pk).update(deployments_count=apps, last_published_at=now)
    Connection.objects.filter(pk=1).update(last_ok_at=later)
    _analyze()
    return customer


def _insert(model: type[models.Model], count: int, columns: dict[str, str]) -> None:
    """INSERT … SELECT over the numbers 1 to `count`; columns that are not given get their plain default."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        names.append(f'"{field.column}"')
        values.append(columns.get(str(field.column)) or _default(field))
    sql = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "  # noqa: S608  # names and numbers of our own
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) SELECT {", ".join(values)} FROM n'
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _default(field: Any) -> str:
    if field.null:
        return "NULL"
    default = field.get_default()
    if isinstance(default, bool):
        return _true() if default else ("FALSE" if connection.vendor == "postgresql" else "0")
    if isinstance(default, int):
        return str(default)
    return "''" if not default else f"'{default}'"


def _true() -> str:
    return "TRUE" if connection.vendor == "postgresql" else "1"


def _moment(count: int) -> str:
    """A minute for each, the last one an hour ago."""
    if connection.vendor == "postgresql":
        return f"date_trunc('minute', now()) - interval '60 minutes' - ({count} - i) * interval '1 minute'"
    return f"strftime('%Y-%m-%d %H:%M:00', 'now', '-60 minutes', (i - {count}) || ' minutes')"


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
