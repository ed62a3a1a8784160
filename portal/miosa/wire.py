"""Bytes of JSON into rows, one by one: what is broken in one row costs that row, or that field, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from portal.miosa.types.base import Row, Unreadable

R = TypeVar("R", bound=Row)

# An escaped NUL or half of a surrogate pair; whole pairs match too, and cost a walk that finds nothing.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89abAB])")
_UNFIT = re.compile("[\x00\ud800-\udfff]")


class BadJsonError(ValueError):
    """No JSON at all. The text says where, never what."""


class Document(NamedTuple):
    value: Any
    suspect: bool  # may hold strings that no database would take

    def __repr__(self) -> str:
        return f"<Document of a {type(self.value).__name__}>"


def load(body: bytes) -> Document:
    try:
        return Document(msgspec.json.decode(body), suspect=_SUSPECT.search(body) is not None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Document(_load_leniently(body), suspect=True)


def _load_leniently(body: bytes) -> object:
    """What a stricter reader refuses: half surrogates, bytes that are no UTF-8, NaN, raw control characters."""
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = f"no JSON at character {error.pos}" if isinstance(error, json.JSONDecodeError) else "no JSON"
    raise BadJsonError(reason)


def _finite(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") else None


def clean(value: object) -> Any:
    """The same value, its strings free of NUL and half surrogates."""
    if isinstance(value, str):
        return _UNFIT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


class _Field(NamedTuple):
    name: str
    type: Any
    essential: bool


@lru_cache(maxsize=64)
def _fields_of(kind: type[Row]) -> tuple[_Field, ...]:
    fields = msgspec.structs.fields(kind)
    return tuple(_Field(field.name, field.type, field.name in kind.essential) for field in fields)


def read_row(value: object, kind: type[R], *, suspect: bool = False, fill: Mapping[str, str] | None = None) -> R:
    """One row, or ValueError with a text that holds names and types, never values.

    `fill` gives what the place already tells (a version's deployment) where the row leaves it out.
    """
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {type(value).__name__}")
    row: dict[str, Any] = _checked(value) if suspect else value
    row = kind.shape(row)
    for name, known in (fill or {}).items():
        if row.get(name) is None:
            row = {**row, name: known}
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError:
        return _salvage(row, kind)


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if (name == "id" or name.endswith("_id")) and isinstance(value, str) and _UNFIT.search(value):
            raise ValueError(f"{clean(name)} holds characters that no id has")
    cleaned: dict[str, Any] = clean(row)
    return cleaned


def _salvage(row: Mapping[str, Any], kind: type[R]) -> R:
    """Field by field: an essential one must be right, any other is left at its default when it is not."""
    known: dict[str, Any] = {}
    for field in _fields_of(kind):
        if field.name not in row or (row[field.name] is None and not field.essential):
            continue
        try:
            known[field.name] = msgspec.convert(row[field.name], field.type, strict=field.essential)
        except (msgspec.ValidationError, OverflowError) as error:
            if field.essential:
                raise ValueError(f"{field.name}: {error}") from None
    missing = [field.name for field in _fields_of(kind) if field.name not in known and field.name in kind.required]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def read_rows(
    values: Sequence[object],
    kind: type[R],
    *,
    suspect: bool = False,
    fill: Mapping[str, str] | None = None,
) -> tuple[tuple[R, ...], tuple[Unreadable, ...]]:
    rows: list[R] = []
    broken: list[Unreadable] = []
    for value in values:
        try:
            rows.append(read_row(value, kind, suspect=suspect, fill=fill))
        except (ValueError, RecursionError) as error:
            broken.append(_unreadable(value, str(error), fill or {}))
    return tuple(rows), tuple(broken)


def _unreadable(value: object, reason: str, fill: Mapping[str, str]) -> Unreadable:
    row = value if isinstance(value, dict) else {}
    external = row.get("external_workspace_id", UNSET)
    return Unreadable(
        id=legible(row.get("id")),
        deployment_id=legible(row.get("deployment_id")) or fill.get("deployment_id"),
        external_workspace_id=external if external is None else _legible_or_unset(external),
        reason=reason,
    )


def _legible_or_unset(value: object) -> str | UnsetType:
    return value if isinstance(value, str) and not _UNFIT.search(value) else UNSET


def legible(value: object) -> str | None:
    """An id, if this is one."""
    if isinstance(value, str) and 0 < len(value) <= 128 and value not in {".", ".."} and not _UNFIT.search(value):
        return value
    return None
