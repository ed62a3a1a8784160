"""Finds rows and paging in the envelopes of miosa-api.md 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

MAX_CURSOR_CHARACTERS = 4096
# Of one page. The portal requests 100; lists without paging are longer (miosa-api.md 3.2).
MAX_ROWS = 10_000

_CURSOR_KEYS = ("next_cursor", "next", "cursor")
_WRAPPERS = ("meta", "pagination", "page", "paging")
_SIZE_KEYS = ("page_size", "per_page")


class Paging(NamedTuple):
    """What an envelope says about further pages. `is_last`: there are none."""

    cursor: str | None = None
    is_last: bool = False
    page: int | None = None
    size: int | None = None
    size_key: str = "page_size"
    total: int | None = None


class Listing(NamedTuple):
    rows: Sequence[object]
    paging: Paging

    def __repr__(self) -> str:
        return f"<Listing of {len(self.rows)} rows, {self.paging}>"


def find_object(document: object, names: Sequence[str]) -> dict[str, Any] | None:
    """A single object: below `data`, below one of `names`, below both, or bare. None if there is none."""
    candidates = _list_candidates(document)
    for candidate in candidates:
        for name in (*names, "item"):
            inner = candidate.get(name)
            if isinstance(inner, dict) and "id" not in candidate:
                return inner
    return candidates[0] if candidates else None


def _list_candidates(document: object) -> list[dict[str, Any]]:
    """The objects that may be, or may contain, what was requested; innermost first."""
    if not isinstance(document, dict):
        return []
    inner = document.get("data")
    if isinstance(inner, dict) and "id" not in document:
        return [inner, document]
    return [document] if inner is None or "id" in document else []


def find_list(document: object, names: Sequence[str]) -> Listing | None:
    """Rows: a bare array, or below `data`, `items` or one of `names`, at the top or in `data`. None if absent."""
    if isinstance(document, list):
        return Listing(document, Paging())
    if not isinstance(document, dict):
        return None
    keys = ("data", "items", *names, "results")
    rows = _find_first_list(document, keys)
    inner = document.get("data")
    if rows is None and isinstance(inner, dict):
        rows = _find_first_list(inner, keys)
    if rows is None:
        return None
    return Listing(rows, _find_paging(document, inner if isinstance(inner, dict) else {}))


def find_map(document: object, names: Sequence[str], key: str) -> Listing | None:
    """Rows that are one object, `{"env": {"NAME": …}}`. Its keys become the rows' `key`."""
    for candidate in _list_candidates(document):
        for name in names:
            inner = candidate.get(name)
            if isinstance(inner, dict):
                found = islice(inner.items(), MAX_ROWS + 1)
                return Listing([{**_to_row(value), key: name} for name, value in found], Paging())
    return None


def _to_row(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _find_first_list(outer: Mapping[str, Any], keys: Sequence[str]) -> list[object] | None:
    for key in keys:
        value = outer.get(key)
        if isinstance(value, list):
            return value
    return None


def _find_paging(document: Mapping[str, Any], inner: Mapping[str, Any]) -> Paging:
    objects = [each for outer in (document, inner) for each in (outer, *_list_wrappers(outer))]
    cursor, is_last = _find_cursor(objects)
    size_key = next((key for key in _SIZE_KEYS if any(_to_count(each.get(key)) for each in objects)), "page_size")
    return Paging(
        cursor=cursor,
        is_last=is_last,
        page=_find_count(objects, "page", "current_page"),
        size=_find_count(objects, size_key) or None,
        size_key=size_key,
        total=_find_count(objects, "total", "total_count"),
    )


def _list_wrappers(outer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [inner for key in _WRAPPERS if isinstance(inner := outer.get(key), dict)]


def _find_cursor(objects: Sequence[Mapping[str, Any]]) -> tuple[str | None, bool]:
    """(the cursor, whether the envelope marks this page as the last one)."""
    if any(each.get("has_more") is False for each in objects):
        return None, True
    for each in objects:
        for key in _CURSOR_KEYS:
            if key in each:
                cursor = _to_cursor(each[key])
                return cursor, cursor is None
    return None, False


def _to_cursor(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value or len(value) > MAX_CURSOR_CHARACTERS:
        return None
    if value.startswith(("http://", "https://", "/", "?")):
        return _find_cursor_in_link(value)
    return value


def _find_cursor_in_link(link: str) -> str | None:
    """A link to the next page is read, never followed: the key goes to its host only."""
    try:
        query = parse_qs(urlsplit(link).query)
    except ValueError:
        return None
    return next((query[key][0] for key in ("cursor", "next_cursor", "after") if key in query), None)


def _find_count(objects: Sequence[Mapping[str, Any]], *keys: str) -> int | None:
    counts = (_to_count(each.get(key)) for each in objects for key in keys)
    return next((count for count in counts if count is not None), None)


def _to_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
