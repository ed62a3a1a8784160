"""A customer with very many stored rows, made by bulk inserts: what the timeline's search is measured on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Facet, Freshness, Holding, Version
from portal.services.sync.upsert import customer_rows

BATCH = 5_000
APPS, PEOPLE, PROJECTS = 40, 25, 12
STATES = ("archived", "ready", "failed", "building", "created", "haunted")
KINDS = ("static", "dynamic", "sandbox_backed", "")
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)

# Every filter with the values that are worth combining.
AXES: dict[str, list[list[str]]] = {
    "app": [[], ["one"], ["rare"], ["three"]],
    "event": [[], ["failed"], ["published", "rolled_back"]],
    "state": [[], ["live"], ["staged"], ["failed", "building"]],
    "kind": [[], ["static"], ["other"], ["dynamic", "sandbox_backed"]],
    "person": [[], ["one"]],
    "project": [[], ["one"]],
    "dates": [[], ["window"]],
    "q": [[], ["person-7"], ["nowhere to be found"], ["#77"], ["ver_crowd_777"], ["site number 1"], ["s"], ["%_!"]],
}


def make(rows: int, *, slug: str = "crowded", seed: int = 1) -> Customer:
    """A customer with `rows` versions, and as many entries, over 40 deployments."""
    dice = random.Random(seed)  # noqa: S311 - no secrets, only rows
    customer = customer_rows.ensure_customer(slug)
    now = timezone.now()
    Freshness.objects.create(scope=f"customer:{customer.pk}", customer=customer, read_at=now)
    apps = [_deployment(customer, number, now) for number in range(APPS)]
    people = [_facet(customer, Facet.Field.PERSON, f"person-{number}") for number in range(PEOPLE)]
    projects = [_facet(customer, Facet.Field.PROJECT, f"project-{number}") for number in range(PROJECTS)]
    first = (Version.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    _insert(customer, list(_make_rows(rows, first, dice, (apps, people, projects))))
    for app in apps:
        live = Version.objects.filter(deployment=app, state="ready").order_by("-number").first()
        Deployment.objects.filter(pk=app.pk).update(
            live_version=live, newest_version=live, active_version_id=live.miosa_id if live else ""
        )
    analyse()
    return customer


def make_more(customer: Customer, rows: int) -> None:
    """So many newer rows on top."""
    dice = random.Random(2)  # noqa: S311 - no secrets, only rows
    apps = list(Deployment.objects.filter(customer=customer).order_by("pk"))
    people, projects = (
        list(Facet.objects.filter(customer=customer, field=field).order_by("pk"))
        for field in (Facet.Field.PERSON, Facet.Field.PROJECT)
    )
    first = Version.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    made = _make_rows(rows, first, dice, (apps, people, projects))
    _insert(customer, [replace(one, number=one.number + 100_000, at=one.at + timedelta(days=30)) for one in made])


def forget(customer: Customer) -> None:
    Deployment.objects.filter(customer=customer).update(live_version=None, newest_version=None, staged_version=None)
    for table in ("portal_entry", "portal_version"):
        with connection.cursor() as db:
            db.execute(f"DELETE FROM {table} WHERE customer_id = %s", [customer.pk])  # noqa: S608 - our names
    Deployment.objects.filter(customer=customer).delete()
    Freshness.objects.all().delete()
    customer.delete()


@dataclass(frozen=True)
class Made:
    """A version and its entry, in what differs from row to row."""

    pk: int
    number: int
    app: Deployment
    person: Facet
    project: Facet
    state: str
    kind: str
    at: datetime


def _make_rows(
    count: int, first: int, dice: random.Random, things: tuple[list[Any], list[Any], list[Any]]
) -> Iterator[Made]:
    apps, people, projects = things
    numbers = dict.fromkeys((app.pk for app in apps), 0)
    states, kinds = (80, 12, 5, 1, 1, 1), (60, 30, 9, 1)
    for index in range(count):
        app = apps[min(int(dice.expovariate(0.15)), len(apps) - 1)]
        numbers[app.pk] += 1
        yield Made(
            first + index,
            numbers[app.pk],
            app,
            dice.choice(people),
            dice.choice(projects),
            dice.choices(STATES, states)[0],
            dice.choices(KINDS, kinds)[0],
            NEWEST - timedelta(minutes=5 * (count - index)),
        )


def _deployment(customer: Customer, number: int, now: datetime) -> Deployment:
    name = f"Site number {number}"
    app = Deployment.objects.create(
        miosa_id=f"dep_crowd_{customer.pk}_{number}",
        customer=customer,
        external_id=customer.external_id,
        name=name,
        search=name.lower(),
        is_filled=True,
        first_seen_at=now,
        requested_at=now,
        created_at=now,
    )
    Holding.objects.create(customer=customer, deployment=app, owns=True)
    Freshness.objects.create(scope=f"versions:{app.pk}", read_at=now, is_complete=True)
    Freshness.objects.create(scope=f"deployment:{app.pk}", read_at=now)
    return app


def _facet(customer: Customer, field: Facet.Field, text: str) -> Facet:
    return Facet.objects.create(customer=customer, field=field, text=text)


def _version(row: Made) -> dict[str, Any]:
    return {
        "id": row.pk,
        "deployment_id": row.app.pk,
        "miosa_id": f"ver_crowd_{row.pk}",
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "external_user_id": row.person.text,
        "external_project_id": row.project.text,
        "artifact_sha256": f"{row.pk:064x}",
        "was_live": row.state == "archived",
        "created_at": connection.ops.adapt_datetimefield_value(row.at),
    }


def _entry(row: Made) -> dict[str, Any]:
    text = f"{row.person.text} {row.project.text} npm run start --job {row.pk:08d} --port {3000 + row.pk % 1000}"
    return {
        "at": connection.ops.adapt_datetimefield_value(row.at),
        "subject": row.pk,
        "deployment": row.app.pk,
        "version": row.pk,
        "state": int(getattr(Entry.State, row.state.upper(), Entry.State.OTHER)),
        "version_kind": int(getattr(Entry.VersionKind, row.kind.upper(), Entry.VersionKind.OTHER)),
        "person": row.person.pk,
        "project": row.project.pk,
        "number": row.number,
        "text": text,
    }


def insert(like: models.Model, rows: Iterable[dict[str, Any]], *, with_ids: bool = False) -> None:
    """Far faster than `bulk_create`: `like` is made ready for the database once, rows differ in a few columns."""
    fields = [field for field in like._meta.concrete_fields if with_ids or not field.primary_key]
    usual = {field.column: field.get_db_prep_save(getattr(like, field.attname), connection) for field in fields}
    columns = ", ".join(f'"{column}"' for column in usual)
    table = like._meta.db_table
    source = iter(rows)
    with transaction.atomic(), connection.cursor() as db:
        while batch := [tuple((usual | row).values()) for row in islice(source, BATCH)]:
            if connection.vendor == "postgresql":
                with db.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for values in batch:
                        copy.write_row(values)
            else:
                marks = ", ".join(["%s"] * len(fields))
                db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)  # noqa: S608 - our names
        if connection.vendor == "postgresql" and with_ids:
            db.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}")  # noqa: S608 - as above


def _insert(customer: Customer, made: list[Made]) -> None:
    version = Version(customer_id=customer.pk, attribution="own", first_seen_at=timezone.now(), deployment_id=0)
    insert(version, map(_version, made), with_ids=True)
    insert(
        Entry(customer_id=customer.pk, kind=Entry.Kind.VERSION, at=NEWEST, subject=0, deployment=0), map(_entry, made)
    )


def analyse() -> None:
    """What the database otherwise does automatically after a while."""
    vacuum = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as db:
        db.execute("VACUUM ANALYZE" if vacuum else "ANALYZE")


def list_combinations() -> list[dict[str, list[str]]]:
    names = list(AXES)
    return [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*AXES.values())]


def make_query(chosen: dict[str, list[str]], customer: Customer) -> dict[str, list[str]]:
    apps = list(Deployment.objects.filter(customer=customer).order_by("pk").values_list("miosa_id", flat=True))
    named = {"one": apps[:1], "rare": apps[-1:], "three": apps[3:6]}
    facets = {
        field: str(Facet.objects.filter(customer=customer, field=field).order_by("pk").values_list("pk", flat=True)[3])
        for field in ("person", "project")
    }
    query = {"state": chosen["state"], "kind": chosen["kind"], "q": chosen["q"]}
    query["app"] = named[chosen["app"][0]] if chosen["app"] else []
    for field, key in facets.items():
        query[field] = [key] if chosen[field] else []
    if chosen["dates"]:
        query |= {"from": ["2026-01-01"], "to": ["2026-06-30"]}
    return query
