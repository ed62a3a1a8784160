"""From bytes of JSON to rows, tolerantly: a broken field costs that field, or its row, and never another row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from portal.miosa.types.base import UNSTORABLE, Row, Unreadable, to_id

R = TypeVar("R", bound=Row)

# Of one body, counted by brackets, which a log has too. 8 MB can hold 2.5 million objects, which take 250 MB.
MAX_OBJECTS = 1_000_000

# An escaped NUL or half of a surrogate pair. Whole pairs match too, and cost a search that finds nothing.
_MAY_BE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89abAB])")


class BadJsonError(ValueError):
    """Not JSON, or more of it than we read. The message says where, and quotes nothing."""


class Document(NamedTuple):
    value: Any
    needs_cleaning: bool  # may contain characters that no database stores

    def __repr__(self) -> str:
        return f"<Document of a {type(self.value).__name__}>"


def load(body: bytes) -> Document:
    """Raises BadJsonError."""
    if body.count(b"{") + body.count(b"[") > MAX_OBJECTS:
        raise BadJsonError(f"more than {MAX_OBJECTS} objects and arrays")
    try:
        return Document(msgspec.json.decode(body), needs_cleaning=_MAY_BE_UNSTORABLE.search(body) is not None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Document(_load_leniently(body), needs_cleaning=True)


def _load_leniently(body: bytes) -> object:
    """Accepts half surrogates, bytes that are not UTF-8, NaN and raw control characters."""
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError:
        reason = "nested too deeply"
    except ValueError as error:
        reason = f"not JSON at character {error.pos}" if isinstance(error, json.JSONDecodeError) else "not JSON"
    raise BadJsonError(reason)


def _finite(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") else None


def clean(value: object) -> Any:
    """`value` with a replacement character for each NUL and half surrogate in its strings."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
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
def _list_fields(kind: type[Row]) -> tuple[_Field, ...]:
    fields = msgspec.structs.fields(kind)
    return tuple(_Field(field.name, field.type, field.name in kind.essential) for field in fields)


def read_row(
    value: object, kind: type[R], *, needs_cleaning: bool = False, defaults: Mapping[str, str] | None = None
) -> R:
    """Raises ValueError, with a message that contains names and types, never values.

    `defaults`: for keys that the row leaves out, such as the deployment in the path of a version.
    """
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {type(value).__name__}")
    row: dict[str, Any] = _clean_row(value) if needs_cleaning else value
    row = kind.normalize(row)
    for name, default in (defaults or {}).items():
        if row.get(name) is None:
            row = {**row, name: default}
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError:
        return _read_valid_fields(row, kind)


def _clean_row(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if (name == "id" or name.endswith("_id")) and isinstance(value, str) and UNSTORABLE.search(value):
            raise ValueError(f"{clean(name)} contains characters that no id has")
    cleaned: dict[str, Any] = clean(row)
    return cleaned


def _read_valid_fields(row: Mapping[str, Any], kind: type[R]) -> R:
    """Field by field: an essential one must be valid, any other keeps its default when it is not."""
    valid: dict[str, Any] = {}
    for field in _list_fields(kind):
        if field.name not in row or (row[field.name] is None and not field.essential):
            continue
        try:
            valid[field.name] = msgspec.convert(row[field.name], field.type, strict=field.essential)
        except (msgspec.ValidationError, OverflowError) as error:
            if field.essential:
                raise ValueError(f"{field.name}: {error}") from None
    missing = [field.name for field in _list_fields(kind) if field.name not in valid and field.name in kind.required]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    try:
        return msgspec.convert(valid, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def read_rows(
    values: Sequence[object],
    kind: type[R],
    *,
    needs_cleaning: bool = False,
    defaults: Mapping[str, str] | None = None,
) -> tuple[tuple[R, ...], tuple[Unreadable, ...]]:
    """Every value becomes a row or an Unreadable."""
    rows: list[R] = []
    unreadable: list[Unreadable] = []
    for value in values:
        try:
            rows.append(read_row(value, kind, needs_cleaning=needs_cleaning, defaults=defaults))
        except (ValueError, RecursionError) as error:
            unreadable.append(_describe_unreadable(value, str(error), defaults or {}))
    return tuple(rows), tuple(unreadable)


def _describe_unreadable(value: object, reason: str, defaults: Mapping[str, str]) -> Unreadable:
    row = value if isinstance(value, dict) else {}
    external = row.get("external_workspace_id", UNSET)
    return Unreadable(
        id=to_id(row.get("id")),
        deployment_id=to_id(row.get("deployment_id")) or defaults.get("deployment_id"),
        external_workspace_id=None if external is None else _to_external_id(external),
        reason=reason,
    )


def _to_external_id(value: object) -> str | UnsetType:
    return value if isinstance(value, str) and not UNSTORABLE.search(value) else UNSET
