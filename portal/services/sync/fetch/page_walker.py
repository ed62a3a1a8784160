"""How far down a list of versions has to be read. Decides only; sends and stores nothing.

A list with the newest first needs reading only down to what is known. Reading may end anywhere (budget, outage, a
killed process); then there is a gap, and the bookmark says where to go on and below which number nothing is known:

    newest  page  page │ gap │ known  known  version 1
                       └ bookmark
"""

from collections.abc import Set
from dataclasses import dataclass, field

from portal import miosa

_MOST_COLLECTED = 20_000


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where the next page is, and the lowest number read above it (None if the list has no such order)."""

    token: str
    below: int | None

    def write(self) -> str:
        return f"{'' if self.below is None else self.below}|{self.token}"

    @classmethod
    def read(cls, text: str) -> "Bookmark | None":
        number, mark, token = text.partition("|")
        return cls(token, int(number) if number.isdigit() else None) if mark and token else None


@dataclass(slots=True)
class PageWalker:
    """`has_gap`: what is known has a gap below the newest. `has_bottom`: version 1 is known.

    Afterwards, if `lowest` is not None, every version of that number or a higher one was on the pages and is in `seen`.
    """

    has_gap: bool
    has_bottom: bool
    bookmark: Bookmark | None = None
    is_done: bool = False
    lowest: int | None = None
    seen: set[str] = field(default_factory=set)
    _earlier: Bookmark | None = field(init=False, default=None)
    _had_bottom: bool = field(init=False, default=False)
    _stops_at_any: bool = field(init=False, default=False)
    _stops_below: int | None = field(init=False, default=None)
    _next: str | None = field(init=False, default=None)
    _second: str | None = field(init=False, default=None)
    _tokens: set[str] = field(init=False, default_factory=set)
    _page_before: frozenset[str] = field(init=False, default=frozenset())
    _number: int | None = field(init=False, default=None)
    _descends: bool = field(init=False, default=True)
    _is_whole: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        self._earlier = self.bookmark if self.has_gap else None
        self._had_bottom = self.has_bottom
        # Only what was read without a gap before lets reading stop at the first known version.
        self._stops_at_any = not self.has_gap

    def add(self, page: miosa.Page[miosa.Version], known: Set[str]) -> None:
        """A page just read, and which of its rows were known before."""
        loops = self._loops(page)
        self._collect(page)
        self._second = self._second or page.next
        if page.next is None or loops:
            # A loop leads nowhere further down, so this is the end as far as can be read.
            self._end(lowest=-1, is_whole=self._is_whole and not loops)
            self.has_bottom = True
        elif self._descends and self._reaches_known(page, known):
            self._end(lowest=self._number, is_whole=self._is_whole)
            self.has_bottom = self._had_bottom
        elif self._earlier is not None and (known or not self._descends):
            self._continue_at(self._earlier)
        else:
            # A bookmark holds one gap only: if reading ends here, the next run goes down to version 1.
            self.has_gap, self.has_bottom = True, self.has_bottom and self._earlier is None
            self.bookmark = Bookmark(page.next, self._number if self._descends else None)
            self._next = page.next

    def next_token(self) -> str | None:
        """Where the next page is; None if no other is needed."""
        if self._next is not None:
            self._tokens.add(self._next)
        return self._next

    def restart(self) -> bool:
        """MIOSA does not accept the bookmark any more: go on below the first page, down to version 1.

        False if that was tried already.
        """
        if self._second is None or self._second in self._tokens:
            return False
        self._next, self._stops_below, self.has_bottom, self._had_bottom = self._second, None, False, False
        return True

    def _reaches_known(self, page: miosa.Page[miosa.Version], known: Set[str]) -> bool:
        if self._stops_at_any:
            return bool(known)
        edge = self._stops_below
        return edge is not None and any(row.version_number < edge for row in page.items if row.id in known)

    def _continue_at(self, earlier: Bookmark) -> None:
        """Everything down to an earlier run's bookmark is known."""
        self.has_gap, self.has_bottom, self.bookmark = True, self._had_bottom, earlier
        self._stops_below = earlier.below if self._had_bottom else None
        self._next, self._earlier, self._is_whole = earlier.token, None, False
        # Where pages are numbered, rows that came meanwhile push those just read onto the pages that follow.
        self.seen, self._page_before, self._tokens = set(), frozenset(), set()

    def _end(self, *, lowest: int | None, is_whole: bool) -> None:
        self.is_done, self.has_gap, self.bookmark, self._next = True, False, None, None
        self.lowest = lowest if is_whole else None

    def _loops(self, page: miosa.Page[miosa.Version]) -> bool:
        ids = frozenset(row.id for row in page.items)
        again = bool(ids) and (ids <= self._page_before or ids <= self.seen)
        self._page_before = ids
        return page.next is not None and (page.next in self._tokens or again)

    def _collect(self, page: miosa.Page[miosa.Version]) -> None:
        for row in page.items:
            self._descends = self._descends and (self._number is None or row.version_number < self._number)
            self._number = row.version_number
        broken = [row.id for row in page.unreadable]
        if None in broken or len(self.seen) > _MOST_COLLECTED:
            self._is_whole = False
        else:
            self.seen |= {row.id for row in page.items} | {miosa_id for miosa_id in broken if miosa_id}
