"""Finds the rows and the way to the next page in whatever MIOSA wrapped around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

_CURSOR_KEYS = ("next_cursor", "next", "cursor")
_WRAPPERS = ("meta", "pagination", "page", "paging")
_SIZE_KEYS = ("page_size", "per_page")


class Paging(NamedTuple):
    cursor: str | None = None
    last: bool = False  # MIOSA says there is no more
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
    """The one object: below `data`, below its name, below both, or bare."""
    for place in _places(document):
        for name in (*names, "item"):
            inner = place.get(name)
            if isinstance(inner, dict) and "id" not in place:
                return inner
    for place in _places(document):
        return place
    return None


def _places(document: object) -> list[dict[str, Any]]:
    """Where to look, innermost first."""
    if not isinstance(document, dict):
        return []
    inner = document.get("data")
    if isinstance(inner, dict) and "id" not in document:
        return [inner, document]
    return [document] if inner is None or "id" in document else []


def find_list(document: object, names: Sequence[str]) -> Listing | None:
    """The rows: a bare array, or below `data`, `items` or their name, at the top or in `data`. None: nowhere."""
    if isinstance(document, list):
        return Listing(document, Paging())
    if not isinstance(document, dict):
        return None
    keys = ("data", "items", *names, "results")
    rows = _first_list(document, keys)
    inner = document.get("data")
    if rows is None and isinstance(inner, dict):
        rows = _first_list(inner, keys)
    if rows is None:
        return None
    return Listing(rows, _find_paging(document, inner if isinstance(inner, dict) else {}))


def find_map(document: object, names: Sequence[str], key: str) -> Listing | None:
    """Rows that come as one object, `{"env": {"NAME": …}}`."""
    for place in _places(document):
        for name in names:
            inner = place.get(name)
            if isinstance(inner, dict):
                return Listing([{**_as_row(value), key: each} for each, value in inner.items()], Paging())
    return None


def _as_row(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first_list(place: Mapping[str, Any], keys: Sequence[str]) -> list[object] | None:
    for key in keys:
        value = place.get(key)
        if isinstance(value, list):
            return value
    return None


def _find_paging(document: Mapping[str, Any], inner: Mapping[str, Any]) -> Paging:
    places = [place for outer in (document, inner) for place in (outer, *_wrappers(outer))]
    cursor, last = _cursor(places)
    page = _first_count(places, ("page", "current_page"))
    size_key = next((key for key in _SIZE_KEYS if any(_count(place.get(key)) for place in places)), "page_size")
    size = _first_count(places, (size_key,))
    total = _first_count(places, ("total", "total_count"))
    return Paging(cursor, last, page, size or None, size_key, total)


def _wrappers(place: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [inner for key in _WRAPPERS if isinstance(inner := place.get(key), dict)]


def _cursor(places: Sequence[Mapping[str, Any]]) -> tuple[str | None, bool]:
    """The cursor, and whether its absence is said rather than left out."""
    if any(place.get("has_more") is False for place in places):
        return None, True
    for place in places:
        for key in _CURSOR_KEYS:
            if key in place:
                cursor = _as_cursor(place[key])
                return cursor, cursor is None
    return None, False


def _as_cursor(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value or len(value) > 4096:
        return None
    if value.startswith(("http://", "https://", "/", "?")):
        return _cursor_of_link(value)
    return value


def _cursor_of_link(link: str) -> str | None:
    """A link to the next page is never followed, only read."""
    try:
        asked = parse_qs(urlsplit(link).query)
    except ValueError:
        return None
    return next((asked[key][0] for key in ("cursor", "next_cursor", "after") if key in asked), None)


def _first_count(places: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> int | None:
    for place in places:
        for key in keys:
            value = _count(place.get(key))
            if value is not None:
                return value
    return None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
