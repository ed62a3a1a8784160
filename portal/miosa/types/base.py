"""What all types share: rows, pages of rows, rows that can't be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

T = TypeVar("T")

External = str | UnsetType | None  # UNSET: the row has no such key
JSONObject = dict[str, Any]

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]

FIRST_YEAR, LAST_YEAR = 2000, 9000
MAX_DEPTH = 32  # of JSON objects inside a row
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what no database stores


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An object of MIOSA's. Unknown keys are dropped, times are UTC, a missing `external_*` is UNSET.

    `essential` fields must be valid if present; `required` ones must be present.
    """

    essential: ClassVar[frozenset[str]] = frozenset({"id"})
    required: ClassVar[frozenset[str]] = frozenset({"id"})

    @classmethod
    def normalize(cls, row: dict[str, Any]) -> dict[str, Any]:
        """Translates other spellings of keys and values into the ones of this type."""
        if row.get("created_at") is None and row.get("inserted_at") is not None:
            return {**row, "created_at": row["inserted_at"]}
        return row

    def __post_init__(self) -> None:
        if getattr(self, "id", None) in {".", ".."}:
            raise ValueError("an id that would change the path it is part of")
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime) and (value.tzinfo is not UTC or not _is_plausible(value)):
                msgspec.structs.force_setattr(self, name, _utc(value))
            elif isinstance(value, dict) and not _is_shallow(value, MAX_DEPTH):
                msgspec.structs.force_setattr(self, name, {})


def to_id(value: object) -> str | None:
    """`value` if it can be an id (miosa-api.md 2): up to 128 characters that leave a path as it is."""
    if isinstance(value, str) and 0 < len(value) <= 128 and value not in {".", ".."} and not UNSTORABLE.search(value):
        return value
    return None


def _utc(moment: datetime) -> datetime | None:
    """None for a moment that is none: `never` as a zero of some clock, or what no calendar on our pages could show."""
    if not _is_plausible(moment):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_plausible(moment: datetime) -> bool:
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def _is_shallow(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_shallow(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_shallow(item, depth - 1) for item in value)
    return True


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A row that exists and can't be read. Its attribution is UNSET if missing or invalid."""

    id: str | None = None
    deployment_id: str | None = None
    external_workspace_id: External = UNSET
    reason: str = ""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of rows. `next` is opaque and is the `page_token` of the next page.

    `loop`: MIOSA's paging goes in a circle, so reading stopped here, and there may be more rows.
    """

    items: tuple[T, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    next: str | None = None
    total: int | None = None
    loop: bool = False
    request_id: str | None = None
