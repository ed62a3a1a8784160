"""Reads page after page, by cursor or by number (miosa-api.md 3.2), and stops where paging goes in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from portal.miosa.envelope import Listing
from portal.miosa.types.base import Page, Unreadable

T = TypeVar("T")

MAX_PAGES = 10_000
_COMPARED_PAGES = 8


class PageToken(NamedTuple):
    """Where the next page begins. `limit` stays that of the first page, or rows would be skipped."""

    limit: int | None = None
    cursor: str | None = None
    page: int | None = None
    size: int | None = None
    size_key: str = "page_size"

    def encode(self) -> str:
        limit = "" if self.limit is None else str(self.limit)
        if self.page is None:
            return f"c:{limit}:{self.cursor}"
        return f"p:{limit}:{self.page}:{self.size or ''}:{self.size_key}"

    @classmethod
    def decode(cls, text: str) -> PageToken:
        """Raises ValueError for text that is not from `encode`."""
        style, _, rest = text.partition(":")
        limit, _, value = rest.partition(":")
        try:
            kept = int(limit) if limit else None
            if style == "c" and value:
                return cls(limit=kept, cursor=value)
            if style == "p":
                page, size, key = value.split(":")
                return cls(kept, None, int(page), int(size) if size else None, key)
        except ValueError:
            pass
        raise ValueError("not a page token")

    def query(self) -> dict[str, str | int]:
        query: dict[str, str | int] = {}
        if self.limit is not None:
            query["limit"] = self.limit
        if self.cursor is not None:
            query["cursor"] = self.cursor
        if self.page is not None:
            query["page"] = self.page
            if self.size:
                query[self.size_key] = self.size
        return query


def find_next_token(current: PageToken, listing: Listing) -> PageToken | None:
    """The token of the page after `listing`: by cursor if there is one, else by number if rows are left."""
    rows, paging = len(listing.rows), listing.paging
    if paging.cursor:
        return PageToken(limit=current.limit, cursor=paging.cursor)
    if not rows or paging.is_last or current.cursor is not None or (paging.page is None and paging.total is None):
        return None
    number = current.page or paging.page or 1
    size = paging.size or current.size or rows
    has_more = number * size < paging.total if paging.total is not None else paging.size is not None and rows >= size
    return PageToken(current.limit, None, number + 1, size, paging.size_key) if has_more else None


def iter_pages(read: Callable[[str | None], Page[T]], key: Callable[[T], str]) -> Iterator[Page[T]]:
    """All pages. Rows of the previous pages, which appear again when rows are added meanwhile, are left out.

    Reading stops, and the last page has `loop` set, when a token is repeated or a page has nothing new.
    """
    tokens: set[str] = set()
    recent: deque[frozenset[str]] = deque(maxlen=_COMPARED_PAGES)
    first: frozenset[str] = frozenset()
    token: str | None = None
    for _ in range(MAX_PAGES):
        page = read(token)
        ids = frozenset(map(key, page.items)) | frozenset(row.id for row in page.unreadable if row.id)
        seen = first.union(*recent)
        new = ids - seen
        has_anonymous = any(row.id is None for row in page.unreadable)
        is_circle = page.next is not None and (page.next in tokens or not (new or has_anonymous))
        is_repetition = bool(recent) and bool(ids) and not new and not has_anonymous
        page = _without(page, seen, key) if seen else page
        if is_circle or is_repetition:
            yield msgspec.structs.replace(page, next=None, loop=True)
            return
        yield page
        if page.next is None:
            return
        token = page.next
        tokens.add(token)
        first = first or ids
        recent.append(ids)
    yield Page(loop=True)


def _without(page: Page[T], seen: frozenset[str], key: Callable[[T], str]) -> Page[T]:
    items: Sequence[T] = [item for item in page.items if key(item) not in seen]
    unreadable: Sequence[Unreadable] = [row for row in page.unreadable if row.id is None or row.id not in seen]
    return msgspec.structs.replace(page, items=tuple(items), unreadable=tuple(unreadable))
