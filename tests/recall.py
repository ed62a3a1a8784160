"""What the portal reads of a freshly seeded simulator, read once by each test process and put back from then on.

The seed is the same each time, but for its moment, a whole second. So all moments move by the seconds between the two.
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

from portal.models import Customer, Membership, User
from tests.simulator_control import SimulatorControl

PEOPLE = (User, Membership)


@dataclass(frozen=True)
class Table:
    model: type[models.Model]
    rows: list[list[Any]]

    def put_back(self, later: timedelta, kept_at: datetime) -> None:
        fields = self.model._meta.concrete_fields
        moments = [number for number, field in enumerate(fields) if isinstance(field, models.DateTimeField)]
        move = mover(later, kept_at)
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
class Memory:
    seeded_at: datetime
    kept_at: datetime
    tables: list[Table]


_memories: dict[tuple[Any, ...], Memory] = {}


def recall(name: str, control: SimulatorControl, read: Callable[[], object]) -> None:
    """Do `read`, which reads what `control` was reset to, or put back what it wrote the first time."""
    begin_at_one()
    cache.clear()
    key = (name, control.seeded_with, tuple(Customer.objects.order_by("pk").values_list("pk", "external_id")))
    memory = _memories.get(key)
    if memory is None:
        read()
        _memories[key] = Memory(
            control.seeded_at, timezone.now(), [table for table in map(table_of, kept_models()) if table.rows]
        )
        return
    with transaction.atomic():
        for table in memory.tables:
            table.model._default_manager.all()._raw_delete(connection.alias)
        for table in memory.tables:
            table.put_back(control.seeded_at - memory.seeded_at, memory.kept_at)
    count_on([table.model for table in memory.tables])


def begin_at_one() -> None:
    """Rows of an empty database get the same keys in each test, so that what was kept fits."""
    if not (User.objects.exists() or Customer.objects.exists()):
        count_on([*kept_models(), *PEOPLE])


def count_on(tables: list[type[models.Model]]) -> None:
    """The next key of each table is the one behind its last."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")  # it counts on from the last row by itself
        if statements := connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute("; ".join(statement.rstrip("; ") for statement in statements))


def kept_models() -> list[type[models.Model]]:
    return [model for model in apps.get_app_config("portal").get_models() if model not in PEOPLE]


def table_of(model: type[models.Model]) -> Table:
    fields = model._meta.concrete_fields
    rows = model._default_manager.order_by("pk").values_list(*(field.attname for field in fields))
    prepared = [
        [
            value if isinstance(value, datetime) else field.get_db_prep_save(value, connection)
            for field, value in zip(fields, row, strict=True)
        ]
        for row in rows
    ]
    return Table(model, prepared)


def mover(later: timedelta, kept_at: datetime) -> Callable[[datetime], Any]:
    """What had been by then has been by now too, though reading took longer than putting back."""
    now = timezone.now()

    @functools.cache
    def move(moment: datetime) -> Any:
        then = moment + later if moment > kept_at else min(moment + later, now)
        return connection.ops.adapt_datetimefield_value(then)

    return move
