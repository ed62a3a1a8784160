"""Search in a timeline: one index, a window, a keyset cursor (docs/architecture.md). The only raw SQL over history.

Raw, because its plan matters and is measured: a page walks one index from its cursor and never counts or skips rows, so
row 800,000 costs what the first page costs. A search with conditions looks at the newest 20,000 entries from the
cursor. A cursor is the (at, id) of the last row shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.db import connection

from portal.models import Entry
from portal.models.versions import PreviousVersion, VersionRow
from portal.services.errors import NotFound
from portal.services.queries.schemas import State

PAGE_SIZE = 50
WINDOW = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CODES = {
    State.ARCHIVED: Entry.State.ARCHIVED,
    State.BUILDING: Entry.State.BUILDING,
    State.CREATED: Entry.State.CREATED,
    State.FAILED: Entry.State.FAILED,
    State.OTHER: Entry.State.OTHER,
    State.READY: Entry.State.READY,
    State.UNREADABLE: Entry.State.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions in the codes of the tables. An empty tuple is no condition.

    `text` is a lower-cased substring, also of a deployment's name; `exact` an id or hash; `number` a version's number.
    `holder_id` is the customer whose deployments are meant. `hides_shared`: on shared deployments "staged" finds
    nothing, and an event tells nothing of other customers' versions. `finds_sandboxes`: `exact` may be the sandbox that
    a version was published from, which only staff may know.
    """

    deployments: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    kinds: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    projects: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    number: int | None = None
    exact: str = ""
    text: str = ""
    holder_id: int = 0
    hides_shared: bool = True
    finds_sandboxes: bool = False


class Row(NamedTuple):
    """An entry with the version it is about and the one that was live before. `deployment` is `Deployment.id`."""

    id: int
    at: datetime
    kind: int
    subject: int
    deployment: int
    version: VersionRow | None
    previous: PreviousVersion | None


@dataclass(frozen=True, slots=True)
class Found:
    """`searched_back_to`: the search stopped at its window, and `next_cursor` goes on from there."""

    rows: tuple[Row, ...]
    next_cursor: str
    searched_back_to: datetime | None


@dataclass(slots=True)
class _Sql:
    """Conditions and their values. `needs_rows`: one of them reads columns that the index does not hold."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    needs_rows: bool = False

    def add(self, part: str, *values: Any, needs_rows: bool = False) -> None:
        self.parts.append(part)
        self.values.extend(values)
        self.needs_rows = self.needs_rows or needs_rows

    def joined(self, operator: str = " AND ") -> str:
        return operator.join(self.parts) or "1 = 1"


def search(*, scope: str, customer_id: int | None, deployment_id: int | None, where: Where, cursor: str) -> Found:
    """A page of the timeline of a customer, of a deployment, or of what a customer has on one.

    `scope` names the list that a cursor belongs to. Raises NotFound for a cursor that was changed or is another list's.
    """
    window = _window(customer_id, deployment_id, where, _read_cursor(cursor, scope))
    matching = _matching(where)
    sql = f"{_SELECT} FROM ({_page_sql(window, matching)}) e {_JOINS} ORDER BY e.at DESC, e.id DESC"
    rows = [_row(values) for values in _fetch(sql, [*window.values, *matching.values])]
    if len(rows) > PAGE_SIZE:
        last = rows[PAGE_SIZE - 1]
        return Found(tuple(rows[:PAGE_SIZE]), make_cursor(last.at, last.id, scope), None)
    end = _window_end(window) if matching.parts else None
    if end is None:
        return Found(tuple(rows), "", None)
    return Found(tuple(rows), make_cursor(*end, scope), end[0])


_SELECT = ", ".join(
    (
        "SELECT e.id, e.at, e.kind, e.subject, e.deployment",
        *(f"p.{name}" for name in PreviousVersion._fields),
        *(f"v.{name}" for name in VersionRow._fields),
    )
)
# The first columns of `VersionRow`.
_MOMENTS = 6
# Joined to the rows of one page only, so that the search itself walks nothing but its index. Most rows have no other
# version, and a look-up of NULL reads nothing.
_JOINS = "LEFT JOIN portal_version v ON v.id = e.version LEFT JOIN portal_version p ON p.id = NULLIF(e.other, 0)"
_SHOWN = "id, at, kind, subject, deployment, version, other"
_INDEXED = "id, at, deployment, event, state, version_kind, person, project, kind"
_SEARCHED = f"{_SHOWN}, event, state, version_kind, person, project, number, text"


def _row(values: tuple[Any, ...]) -> Row:
    pk, at, kind, subject, deployment, miosa_id, customer_id, number, *version = values
    previous = PreviousVersion(miosa_id, customer_id, number) if miosa_id else None
    return Row(pk, _as_utc(at), kind, subject, deployment, _version(version), previous)


def _version(values: Sequence[Any]) -> VersionRow | None:
    """None if there is no such version: then all columns are."""
    if values[1] is None:
        return None
    moments = [_as_utc(at) if at else None for at in values[:_MOMENTS]]
    return VersionRow._make([*moments, *values[_MOMENTS:]])


def _page_sql(window: _Sql, matching: _Sql) -> str:
    """Without conditions the page itself; if the index can answer them, rows are fetched only where they match."""
    order = "ORDER BY at DESC, id DESC"
    limit = f"LIMIT {PAGE_SIZE + 1}"
    if not matching.parts:
        return f"SELECT {_SHOWN} FROM portal_entry WHERE {window.joined()} {order} {limit}"
    searched = f"FROM portal_entry WHERE {window.joined()} {order} LIMIT {WINDOW}"
    if matching.needs_rows:
        return f"SELECT {_SHOWN} FROM (SELECT {_SEARCHED} {searched}) e WHERE {matching.joined()} {order} {limit}"
    found = f"SELECT id FROM (SELECT {_INDEXED} {searched}) e WHERE {matching.joined()} {order} {limit}"
    return f"SELECT {_SHOWN} FROM portal_entry WHERE id IN ({found})"


def _window(
    customer_id: int | None, deployment_id: int | None, where: Where, after: tuple[datetime, int] | None
) -> _Sql:
    window = _Sql()
    if customer_id is not None:
        window.add("customer_id = %s", customer_id)
    if deployment_id is not None:
        window.add("deployment = %s", deployment_id)
    if after is not None:
        # As `at < x OR (at = x AND id < y)` it would be as slow as OFFSET; written like this its cost is constant.
        window.add("at <= %s AND (at < %s OR id < %s)", _adapt(after[0]), _adapt(after[0]), after[1])
    if where.until is not None:
        window.add("at < %s", _adapt(where.until))
    if where.since is not None:
        window.add("at >= %s", _adapt(where.since))
    return window


def _matching(where: Where) -> _Sql:
    sql = _Sql()
    for column, codes in (
        ("deployment", where.deployments),
        ("version_kind", where.kinds),
        ("person", where.people),
        ("project", where.projects),
    ):
        if codes:
            sql.add(f"e.{column} IN ({_placeholders(codes)})", *codes)
    if where.events:
        _add_events(sql, where)
    if where.states:
        _add_states(sql, where)
    if where.number is not None:
        sql.add("e.number = %s", where.number, needs_rows=True)
    if where.text:
        _add_text(sql, where)
    return sql


_LIVE = (
    "(e.kind = 1 AND e.subject IN (SELECT d.live_version_id FROM portal_deployment d "
    "JOIN portal_holding h ON h.deployment_id = d.id AND h.customer_id = %s))"
)
# Checked for each ready row of the window alone: a list of all staged versions would take as long as the history is.
_STAGED = (
    "(e.kind = 1 AND e.state = %s AND EXISTS (SELECT 1 FROM portal_version v "
    "JOIN portal_deployment d ON d.id = v.deployment_id LEFT JOIN portal_version l ON l.id = d.live_version_id "
    "WHERE v.id = e.subject AND NOT v.was_live AND v.gone_at IS NULL AND v.number > COALESCE(l.number, -1)"
)
_NAMED = (
    "e.deployment IN (SELECT d.id FROM portal_deployment d "
    "JOIN portal_holding h ON h.deployment_id = d.id AND h.customer_id = %s WHERE d.search LIKE %s ESCAPE '!')"
)
# Checked for each row of the window alone, as above: sandboxes have no index.
_FROM_SANDBOX = (
    "(e.kind = 1 AND EXISTS (SELECT 1 FROM portal_version v WHERE v.id = e.subject AND v.source_sandbox_id = %s))"
)


# Whether a version went live instead of a newer or an older one of another customer is not shown (docs/rules.md, 1).
_MOVES = (int(Entry.Event.ROLLED_BACK), int(Entry.Event.PROMOTED))
_OVER_FOREIGN = (
    "e.id IN (SELECT a.id FROM portal_entry a JOIN portal_deployment d ON d.id = a.deployment AND d.is_shared "
    f"WHERE a.customer_id = %s AND a.kind = {int(Entry.Kind.ACTIVATION)} AND a.event IN {_MOVES} "
    "AND NOT EXISTS (SELECT 1 FROM portal_version p WHERE p.id = a.other AND p.customer_id = a.customer_id))"
)


def _add_events(sql: _Sql, where: Where) -> None:
    either = _Sql()
    either.add(f"e.event IN ({_placeholders(where.events)})", *where.events)
    if where.hides_shared and not set(_MOVES).isdisjoint(where.events):
        either.add(_OVER_FOREIGN, where.holder_id)
    sql.add(f"({either.joined(' OR ')})", *either.values)


def _add_states(sql: _Sql, where: Where) -> None:
    """Live and staged follow from the live pointer, so they are looked up in versions, not in the entry's state."""
    either = _Sql()
    codes = [int(_CODES[state]) for state in where.states if state in _CODES]
    if codes:
        either.add(f"(e.kind = 1 AND e.state IN ({_placeholders(codes)}))", *codes)
    if State.LIVE in where.states:
        either.add(_LIVE, where.holder_id, needs_rows=True)
    if State.STAGED in where.states:
        shared = " AND NOT d.is_shared" if where.hides_shared else ""
        either.add(f"{_STAGED}{shared}))", int(Entry.State.READY), needs_rows=True)
    sql.add(f"({either.joined(' OR ')})", *either.values, needs_rows=either.needs_rows)


def _add_text(sql: _Sql, where: Where) -> None:
    like = f"%{_escape(where.text)}%"
    either = _Sql()
    either.add("e.text LIKE %s ESCAPE '!'", like)
    either.add(_NAMED, where.holder_id, like)
    if where.exact:
        either.add("(e.kind = 1 AND e.subject IN (SELECT id FROM portal_version WHERE miosa_id = %s))", where.exact)
        either.add("e.version IN (SELECT id FROM portal_version WHERE artifact_sha256 = %s)", where.exact.lower())
        if where.finds_sandboxes:
            either.add(_FROM_SANDBOX, where.exact)
    sql.add(f"({either.joined(' OR ')})", *either.values, needs_rows=True)


def _window_end(window: _Sql) -> tuple[datetime, int] | None:
    """The last row of a full window, or None if the window reached the end of the history."""
    sql = (
        "SELECT at, id FROM (SELECT at, id, ROW_NUMBER() OVER (ORDER BY at DESC, id DESC) AS n "
        f"FROM portal_entry WHERE {window.joined()} ORDER BY at DESC, id DESC LIMIT {WINDOW + 1}) w "
        f"WHERE n >= {WINDOW} ORDER BY n"
    )
    rows = _fetch(sql, window.values)
    if len(rows) < 2:
        return None
    return _as_utc(rows[0][0]), rows[0][1]


def _fetch(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _as_utc(at: datetime) -> datetime:
    """SQLite keeps moments without their zone, which is UTC; the ORM adds it, and so does this."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _adapt(at: datetime) -> datetime:
    """The opposite of `_as_utc`."""
    return at.astimezone(UTC).replace(tzinfo=None) if connection.vendor == "sqlite" else at


def _placeholders(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _escape(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def make_cursor(at: datetime, pk: int, scope: str) -> str:
    micros = round(at.timestamp() * 1_000_000)
    return signing.Signer(salt=f"timeline:{scope}", sep=".").sign(f"{micros}-{pk}")


def _read_cursor(cursor: str, scope: str) -> tuple[datetime, int] | None:
    """Raises NotFound for a cursor that was changed or belongs to another list."""
    if not cursor:
        return None
    try:
        micros, pk = signing.Signer(salt=f"timeline:{scope}", sep=".").unsign(cursor).split("-")
        return _EPOCH + timedelta(microseconds=int(micros)), int(pk)
    except (signing.BadSignature, ValueError, OverflowError):
        raise NotFound from None
