"""What every answer shares: rows, pages of rows, rows nobody can read; what every call tells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

T = TypeVar("T")

External = str | UnsetType | None  # UNSET: the key was left out
Facts = dict[str, Any]

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]

_DEEPEST = 32


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of MIOSA's. Unknown keys are dropped; times are UTC; an `external_*` left out is UNSET.

    `essential` fields must be right if present; `required` ones must be present.
    """

    essential: ClassVar[frozenset[str]] = frozenset({"id"})
    required: ClassVar[frozenset[str]] = frozenset({"id"})

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        """Brings other spellings of a row into ours."""
        if row.get("created_at") is None and row.get("inserted_at") is not None:
            return {**row, "created_at": row["inserted_at"]}
        return row

    def __post_init__(self) -> None:
        if getattr(self, "id", None) in {".", ".."}:
            raise ValueError("an id that would change the path it stands in")
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime) and (value.tzinfo is not UTC or not 1900 <= value.year <= 9000):
                msgspec.structs.force_setattr(self, name, _utc(value))
            elif isinstance(value, dict) and not _shallow(value, _DEEPEST):
                msgspec.structs.force_setattr(self, name, {})


def _utc(moment: datetime) -> datetime | None:
    """None for a moment so far off that no calendar of ours could show it."""
    if not 1900 <= moment.year <= 9000:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shallow(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_shallow(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_shallow(item, depth - 1) for item in value)
    return True


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is there and can't be read. Its attribution is UNSET when absent or illegible."""

    id: str | None = None
    deployment_id: str | None = None
    external_workspace_id: External = UNSET
    reason: str = ""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page. `next` is opaque; hand it back as `page_token`.

    `loop`: MIOSA pages in a circle, so this is where reading stopped, and there may be more.
    """

    items: tuple[T, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    next: str | None = None
    total: int | None = None
    loop: bool = False
    request_id: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Told to the gate before each request; `number` is 2 or 3 for a repeated GET."""

    method: str
    path: str
    number: int = 1
    mutation: bool = False
    request_id: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Told to the observer after each request. `error` is a class name of the error tree."""

    method: str
    path: str
    number: int = 1
    status: int | None = None
    error: str | None = None
    elapsed_ms: float = 0.0
    request_id: str = ""
    upstream_request_id: str | None = None
    retry_after_s: float | None = None
