"""Queries that are built once.

For a page that is asked for all day, building a queryset, turning it into SQL and its rows into models costs ten times
what the database takes. A prepared query is built by the ORM the first time, with marks in place of its values; from
then on the marks are filled in and its rows become models as they do when Django unpickles them, without `__init__`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=models.Model)
Value = int | str | Sequence[int] | Sequence[str]
Make = Callable[[tuple[Any, ...]], Any]

_NUMBERS_FROM = -(2**62)


class Prepared(Generic[Row]):
    """`build` takes as many arguments as `fetch` and may only pass them on to filters and the like.

    A list is for `__in`, and never empty. PostgreSQL takes it as one array; for SQLite it is filled up to the next
    power of two, so that few lengths are built.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Row]]) -> None:
        self._build = build
        self._plans: dict[tuple[object, ...], _Plan] = {}

    def fetch(self, *values: Value) -> list[Row]:
        full = [(value,) if isinstance(value, int | str) else _listed(value) for value in values]
        key = (connection.vendor, *map(len, full))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = _plan(self._build, values, full)
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, plan.pick([*itertools.chain.from_iterable(full), *plan.constants]))
            return [plan.make(row) for row in cursor.fetchall()]

    def first(self, *values: Value) -> Row | None:
        found = self.fetch(*values)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """`pick` puts what is filled in, and the query's own constants, into the order of its marks."""

    sql: str
    constants: tuple[Any, ...]
    pick: Callable[[list[Any]], Sequence[Any]]
    make: Make


def _plan(build: Callable[..., models.QuerySet[Any]], values: Sequence[Value], full: Sequence[Sequence[Any]]) -> _Plan:
    numbers = itertools.count()
    marks = [[_mark(next(numbers), each[0] if isinstance(each, list) else each) for each in group] for group in full]
    single = [isinstance(value, int | str) for value in values]
    given = [group[0] if alone else group for group, alone in zip(marks, single, strict=True)]
    compiler = build(*given).query.get_compiler(connection=connection)
    sql, told = compiler.as_sql()
    if compiler.annotation_col_map or not compiler.klass_info:
        raise TypeError("Only plain models can be prepared.")
    _require_plain(compiler)
    known = [*itertools.chain.from_iterable(marks)]
    constants = tuple(each for each in told if each not in known)
    left = itertools.count(len(known))
    order = [known.index(each) if each in known else next(left) for each in told]
    if connection.vendor == "postgresql":
        arrays = {group[0] for group, alone in zip(marks, single, strict=True) if not alone}
        sql = _with_arrays(sql, [each in arrays for each in told])
    return _Plan(
        sql=sql,
        constants=constants,
        pick=lambda filled: [filled[at] for at in order],
        make=_maker(compiler.klass_info, compiler.select),
    )


def _mark(number: int, value: int | str) -> int | str:
    """Stands for a value while the query is built; no constant of a query is like it."""
    return _NUMBERS_FROM + number if isinstance(value, int) else f"\ue0f2{number}"


def _listed(values: Sequence[Any]) -> Sequence[Any]:
    if connection.vendor == "postgresql":
        return [list(values)]
    size = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[0]] * (size - len(values))]


def _with_arrays(sql: str, is_array: Sequence[bool]) -> str:
    """For PostgreSQL a list is one value, whatever its length: fifty marks are slow to fill in and to plan for."""
    parts = re.split(r"(?<!%)%s", sql)
    for at, array in enumerate(is_array):
        if array:
            parts[at] = parts[at].removesuffix("IN (") + "= ANY("
    return "%s".join(parts)


def _require_plain(compiler: Any) -> None:
    """Moments and booleans come from both databases as Python's own (`moments.py`), what else is converted does not."""
    for _converters, column in compiler.get_converters([each[0] for each in compiler.select]).values():
        if column.output_field.get_internal_type() not in {"BooleanField", "DateTimeField"}:
            raise TypeError(f"{column} would have to be converted.")


def _maker(info: dict[str, Any], select: Sequence[Any]) -> Make:
    """Makes a model of a row, and those that were selected with it."""
    model: type[models.Model] = info["model"]
    alias, first, last = connection.alias, info["select_fields"][0], info["select_fields"][-1] + 1
    names = [select[at][0].target.attname for at in range(first, last)]
    key = first + names.index(model._meta.pk.attname)
    related = [
        (_maker(each, select), each["local_setter"], each["remote_setter"])
        for each in info.get("related_klass_infos", ())
    ]

    def make(row: tuple[Any, ...]) -> Any:
        if row[key] is None:
            return None
        made = model.__new__(model)
        state = ModelState()
        state.db, state.adding = alias, False
        made.__dict__.update(zip(names, row[first:last], strict=True), _state=state)
        for make_related, set_here, set_there in related:
            other = make_related(row)
            set_here(made, other)
            if other is not None:
                set_there(other, made)
        return made

    return make
