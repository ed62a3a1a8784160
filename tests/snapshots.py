"""The tables after a fetch from a freshly seeded simulator: fetched once per test process, then restored.

Seeds differ only in their time, which is a whole second. So all times are shifted by the difference.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from portal.models import (
    AuditEvent,
    AuditHead,
    Brand,
    BrandHost,
    Customer,
    CustomerTag,
    HandOffIdentity,
    Image,
    Invitation,
    InvitationGrant,
    Mail,
    Membership,
    OwnerPermission,
    SupportTag,
    UsedToken,
    User,
)
from tests.simulator_control import SimulatorControl

# What people add, and no fetch.
OF_PEOPLE = (
    AuditEvent, AuditHead, Brand, BrandHost, CustomerTag, HandOffIdentity, Image, Invitation, InvitationGrant, Mail,
    Membership, OwnerPermission, SupportTag, UsedToken, User,
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    model: type[models.Model]
    rows: list[list[Any]]

    def restore(self, later: timedelta, taken_at: datetime) -> None:
        fields = list_stored_fields(self.model)
        moments = [number for number, field in enumerate(fields) if isinstance(field, models.DateTimeField)]
        move = make_shift(later, taken_at)
        rows = [[*row] for row in self.rows]
        for row in rows:
            for number in moments:
                if row[number] is not None:
                    row[number] = move(row[number])
        columns = ", ".join(f'"{field.column}"' for field in fields)
        table = f'"{self.model._meta.db_table}" ({columns})'
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(fields))
                cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


@dataclass(frozen=True)
class Snapshot:
    seeded_at: datetime
    taken_at: datetime
    tables: list[Table]


_snapshots: dict[tuple[Any, ...], Snapshot] = {}


def restore_or_create(name: str, control: SimulatorControl, read: Callable[[], object]) -> None:
    """Calls `read`, which fetches what `control` was reset to, or restores what it stored the first time."""
    reset_ids()
    cache.clear()
    key = (name, control.seeded_with, tuple(Customer.objects.order_by("pk").values_list("pk", "external_id")))
    snapshot = _snapshots.get(key)
    if snapshot is None:
        read()
        _snapshots[key] = Snapshot(
            control.seeded_at, timezone.now(), [table for table in map(copy_table, list_models()) if table.rows]
        )
        return
    with transaction.atomic():
        for table in snapshot.tables:
            table.model._default_manager.all()._raw_delete(connection.alias)
        for table in snapshot.tables:
            table.restore(control.seeded_at - snapshot.seeded_at, snapshot.taken_at)
    reset_sequences([table.model for table in snapshot.tables])


def reset_ids() -> None:
    """Makes rows of an empty database get the same keys in each test, so that snapshots fit."""
    if not (User.objects.exists() or Customer.objects.exists()):
        reset_sequences([*list_models(), *OF_PEOPLE])


def reset_sequences(tables: list[type[models.Model]]) -> None:
    """Sets the next key of each table to the one after its last row."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")  # it then continues after the last row
        if statements := connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute("; ".join(statement.rstrip("; ") for statement in statements))


def list_models() -> list[type[models.Model]]:
    return [model for model in apps.get_app_config("portal").get_models() if model not in OF_PEOPLE]


def list_stored_fields(model: type[models.Model]) -> list[Any]:
    """Without those that the database computes itself."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def copy_table(model: type[models.Model]) -> Table:
    fields = list_stored_fields(model)
    rows = model._default_manager.order_by("pk").values_list(*(field.attname for field in fields))
    prepared = [
        [
            value if isinstance(value, datetime) else field.get_db_prep_save(value, connection)
            for field, value in zip(fields, row, strict=True)
        ]
        for row in rows
    ]
    return Table(model, prepared)


def make_shift(later: timedelta, taken_at: datetime) -> Callable[[datetime], Any]:
    """Shifts a time. One that was past when the snapshot was taken stays past, although fetching took longer."""
    now = timezone.now()

    @functools.cache
    def move(moment: datetime) -> Any:
        then = moment + later if moment > taken_at else min(moment + later, now)
        return connection.ops.adapt_datetimefield_value(then)

    return move
