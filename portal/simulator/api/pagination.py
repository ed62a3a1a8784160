"""Order and pages of lists (sections 3.2 and 3.3): by cursor, or by page number."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from portal.simulator.errors import ApiError
from portal.simulator.knobs import Settings

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 1_000_000

Position = list[Any]  # sorts ascending from oldest to newest; a cursor holds one
SortKey = Callable[[Any], Position]


class Page(NamedTuple):
    """`beside`: what is written next to the rows."""

    records: list[Any]
    beside: dict[str, Any]


def creation_key(record: Any) -> Position:
    return [record.created_at.timestamp(), record.id]


def random_key(position: Position) -> Position:
    """An arbitrary order that stays the same from page to page."""
    return [hashlib.blake2s(json.dumps(position).encode(), digest_size=8).hexdigest()]


class Pagination:
    """Pages one list. A cursor of another noun's list is refused."""

    def __init__(self, noun: str, sort_key: SortKey, args: Mapping[str, str], settings: Settings) -> None:
        self.noun = noun
        self.sort_key = sort_key
        self.args = args
        self.settings = settings

    def start(self) -> Position | None:
        """Where the requested page begins, for callers that can begin there in an index; None: at the newest."""
        is_indexable = (
            self.settings["paging"] == "cursor"
            and self.settings["list_order"] == "newest"
            and self.settings["envelope"] != "bare"
        )
        cursor = self.args.get("cursor")
        return decode_cursor(self.noun, cursor) if is_indexable and cursor else None

    def page(self, newest_first: Iterable[Any]) -> Page:
        """`newest_first` may already begin at `start`."""
        paging = self.settings["paging"]
        if paging in ("page", "meta"):
            return self._numbered_page(list(newest_first))
        limit = self._limit()
        records, position_of = self._ordered(newest_first)
        if paging == "none" or self.settings["envelope"] == "bare":
            return Page(list(records), {})
        cursor = self.args.get("cursor")
        if cursor:
            after = decode_cursor(self.noun, cursor)
            is_descending = self.settings["list_order"] == "newest"
            records = (
                record
                for record in records
                if (position_of(record) < after if is_descending else position_of(record) > after)
            )
        found = list(islice(records, limit + 1))
        following = encode_cursor(self.noun, position_of(found[limit - 1])) if len(found) > limit else None
        if paging == "loop":
            following = cursor or (encode_cursor(self.noun, position_of(found[-1])) if found else None)
        return Page(found[:limit], {"cursor" if paging == "next" else "next_cursor": following})

    def _ordered(self, newest_first: Iterable[Any]) -> tuple[Iterable[Any], SortKey]:
        order = self.settings["list_order"]
        if order == "newest":
            return newest_first, self.sort_key
        position_of = self.sort_key
        if order == "random":
            position_of = self._random_position
        return sorted(newest_first, key=position_of), position_of

    def _random_position(self, record: Any) -> Position:
        return random_key(self.sort_key(record))

    def _limit(self) -> int:
        raw = self.args.get("limit")
        if raw is None:
            return DEFAULT_LIMIT
        if self.settings["limit_param"] == "refused":
            raise ApiError(400, "unknown parameter: limit")
        limit = positive_number(self.args, "limit", default=DEFAULT_LIMIT, maximum=None)
        if limit > MAX_LIMIT and self.settings["limit_over"] == "refuse":
            raise ApiError(400, f"limit must be at most {MAX_LIMIT}")
        return min(limit, MAX_LIMIT)

    def _numbered_page(self, records: list[Any]) -> Page:
        """The other style, which knows neither `limit` nor `cursor`."""
        if self.settings["list_order"] == "oldest":
            records.reverse()
        if self.settings["list_order"] == "random":
            records.sort(key=self._random_position)
        is_page_style = self.settings["paging"] == "page"
        size_name = "page_size" if is_page_style else "per_page"
        size = positive_number(self.args, size_name, default=DEFAULT_LIMIT, maximum=MAX_LIMIT)
        number = positive_number(self.args, "page", default=1, maximum=MAX_PAGE)
        facts = {"page": number, size_name: size, "total": len(records)}
        return Page(records[(number - 1) * size : number * size], {"page" if is_page_style else "meta": facts})


def positive_number(args: Mapping[str, str], name: str, *, default: int, maximum: int | None) -> int:
    """Larger numbers count as the maximum. Raises ApiError 400."""
    raw = args.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
        raise ApiError(400, f"{name} must be a positive number")
    return int(raw) if maximum is None else min(int(raw), maximum)


def encode_cursor(noun: str, position: Position) -> str:
    text = json.dumps([noun, position], separators=(",", ":"))
    checksum = hashlib.blake2s(text.encode(), digest_size=4).hexdigest()
    return base64.urlsafe_b64encode(f"{checksum}{text}".encode()).decode().rstrip("=")


def decode_cursor(noun: str, cursor: str) -> Position:
    """Raises ApiError 400 for a cursor that `encode_cursor` has not made for this noun."""
    refusal = ApiError(400, "invalid cursor", code="INVALID_CURSOR")
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found, position = json.loads(raw[8:])
    except (binascii.Error, ValueError, TypeError):
        raise refusal from None
    if found != noun or encode_cursor(noun, position) != cursor:
        raise refusal
    return list(position)
