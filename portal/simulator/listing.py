"""Filters, order and pages of lists."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from portal.simulator.errors import Refusal
from portal.simulator.knobs import Settings
from portal.simulator.records import Attribution

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
EXTERNAL = {"external_workspace_id": "workspace", "external_user_id": "user", "external_project_id": "project"}


def attributed(by: Attribution, args: Mapping[str, str], settings: Settings) -> bool:
    if settings["attribution_filter"] == "ignored":
        return True
    return all(getattr(by, name) == args[key] for key, name in EXTERNAL.items() if key in args)


def limit_of(args: Mapping[str, str], settings: Settings) -> int:
    raw = args.get("limit")
    if raw is None:
        return DEFAULT_LIMIT
    if settings["limit_param"] == "refused":
        raise Refusal(400, "unknown parameter: limit")
    if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
        raise Refusal(400, "limit must be a positive number")
    if int(raw) > MAX_LIMIT and settings["limit_over"] == "refuse":
        raise Refusal(400, f"limit must be at most {MAX_LIMIT}")
    return min(int(raw), MAX_LIMIT)


def whole_number(args: Mapping[str, str], name: str, default: int, top: int) -> int:
    raw = args.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
        raise Refusal(400, f"{name} must be a positive number")
    return min(int(raw), top)


def cursor_for(kind: str, position: list[Any]) -> str:
    text = json.dumps([kind, position], separators=(",", ":"))
    check = hashlib.blake2s(text.encode(), digest_size=4).hexdigest()
    return base64.urlsafe_b64encode(f"{check}{text}".encode()).decode().rstrip("=")


def position_of(kind: str, cursor: str) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        found, position = json.loads(raw[8:])
    except (binascii.Error, ValueError, TypeError):
        raise Refusal(400, "invalid cursor", code="INVALID_CURSOR") from None
    if found != kind or cursor_for(kind, position) != cursor:
        raise Refusal(400, "invalid cursor", code="INVALID_CURSOR")
    return list(position)


def start_of(kind: str, args: Mapping[str, str], settings: Settings) -> list[Any] | None:
    """Where a page begins, for those who can begin there instead of walking; None: at the top."""
    straight = settings["paging"] == "cursor" and settings["list_order"] == "newest" and settings["envelope"] != "bare"
    cursor = args.get("cursor")
    return position_of(kind, cursor) if straight and cursor else None


class Listing:
    """One page of rows, and what to write beside it."""

    def __init__(self, rows: list[Any], beside: dict[str, Any]) -> None:
        self.rows = rows
        self.beside = beside


def _scrambled(key: list[Any]) -> list[Any]:
    return [hashlib.blake2s(json.dumps(key).encode(), digest_size=8).hexdigest()]


def arrange(
    kind: str,
    newest_first: Iterable[Any],
    *,
    key: Callable[[Any], list[Any]],
    args: Mapping[str, str],
    settings: Settings,
) -> Listing:
    """`key` sorts ascending from oldest to newest and names a row's place in a cursor."""
    paging = str(settings["paging"])
    if paging in ("page", "meta"):
        return _numbered(list(newest_first), key, args, settings)
    unpaged = paging == "none" or settings["envelope"] == "bare"
    limit = limit_of(args, settings)
    order = settings["list_order"]
    place, descending = key, order == "newest"
    rows = newest_first
    if order != "newest":
        place = (lambda row: _scrambled(key(row))) if order == "random" else key
        rows = sorted(newest_first, key=place)
    if unpaged:
        return Listing(list(rows), {})
    if cursor := args.get("cursor"):
        after = position_of(kind, cursor)
        rows = (row for row in rows if (place(row) < after if descending else place(row) > after))
    page = list(islice(rows, limit + 1))
    following = cursor_for(kind, place(page[limit - 1])) if len(page) > limit else None
    if paging == "loop":
        following = cursor or (cursor_for(kind, place(page[-1])) if page else None)
    return Listing(page[:limit], {"cursor" if paging == "next" else "next_cursor": following})


def _numbered(rows: list[Any], key: Callable[[Any], list[Any]], args: Mapping[str, str], settings: Settings) -> Listing:
    """The other style: knows neither `limit` nor `cursor`."""
    if settings["list_order"] == "oldest":
        rows.reverse()
    if settings["list_order"] == "random":
        rows.sort(key=lambda row: _scrambled(key(row)))
    size_name = "page_size" if settings["paging"] == "page" else "per_page"
    size = whole_number(args, size_name, DEFAULT_LIMIT, MAX_LIMIT)
    number = whole_number(args, "page", 1, 1_000_000)
    facts = {"page": number, size_name: size, "total": len(rows)}
    return Listing(rows[(number - 1) * size : number * size], {"page" if size_name == "page_size" else "meta": facts})
