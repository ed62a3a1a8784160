"""The search in a timeline: one index, a window, a keyset (docs/architecture.md). The only raw SQL over history.

A page searches the newest 20,000 entries from its cursor. No OFFSET, no COUNT: a cursor is the (at, id) of the last row
shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.db import connection

from portal.models import Entry
from portal.services.errors import NotFound
from portal.services.queries.schemas import State

PAGE = 50
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
    """Conditions in the codes of the tables. Empty tuples mean no condition; `nothing` means that no row can match.

    `text` is a lower-cased substring, of a deployment's name too; `exact` an id or hash; `number` a version's number.
    `holder` is the customer whose deployments are meant; `hides_shared`: nothing staged is told of shared ones.
    `knows_sandboxes`: `exact` may be the sandbox that a version was published from, which only staff may know.
    """

    deployments: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    kinds: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    projects: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    number: int | None = None
    exact: str = ""
    text: str = ""
    holder: int = 0
    hides_shared: bool = True
    knows_sandboxes: bool = False
    nothing: bool = False


class Row(NamedTuple):
    """An entry as the index knows it; the ids are of our tables."""

    id: int
    at: datetime
    kind: int
    subject: int
    deployment: int
    version: int
    other: int


@dataclass(frozen=True, slots=True)
class Found:
    rows: tuple[Row, ...]
    next_cursor: str
    searched_back_to: datetime | None


@dataclass(slots=True)
class _Sql:
    """`needs_rows`: some condition speaks of what the index does not hold."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    needs_rows: bool = False

    def add(self, part: str, *values: Any, needs_rows: bool = False) -> None:
        self.parts.append(part)
        self.values.extend(values)
        self.needs_rows = self.needs_rows or needs_rows

    def all(self) -> str:
        return " AND ".join(self.parts) or "1 = 1"


def search(*, scope: str, customer_id: int | None, deployment_id: int | None, where: Where, cursor: str) -> Found:
    """A page of the timeline of a customer, of a deployment, or of what a customer has on one.

    `scope` names what the cursor is good for. With a deployment given its own index is walked. Raises NotFound for a
    cursor that was changed or made for something else.
    """
    after = _read_cursor(cursor, scope)
    if where.nothing:
        return Found((), "", None)
    window = _window(customer_id, deployment_id, where, after)
    matching = _matching(where)
    rows = list(map(Row._make, _fetch(_page_sql(window, matching), [*window.values, *matching.values])))
    if len(rows) > PAGE:
        return Found(tuple(rows[:PAGE]), _make_cursor(rows[PAGE - 1].at, rows[PAGE - 1].id, scope), None)
    end = _window_end(window) if matching.parts else None
    if end is None:
        return Found(tuple(rows), "", None)
    return Found(tuple(rows), _make_cursor(end[0], end[1], scope), end[0])


_INDEXED = "id, at, deployment, state, version_kind, person, project, kind"
_WHOLE = "id, at, kind, subject, deployment, version, other, state, version_kind, person, project, number, text"


def _page_sql(window: _Sql, matching: _Sql) -> str:
    """Without conditions the page itself; if the index can answer them, rows are fetched only where they match."""
    columns = "e.id, e.at, e.kind, e.subject, e.deployment, e.version, e.other"
    order = "ORDER BY at DESC, id DESC"
    if not matching.parts:
        return f"SELECT {columns} FROM portal_entry e WHERE {window.all()} {order} LIMIT {PAGE + 1}"  # noqa: S608 - marks only
    searched = f"(SELECT {{}} FROM portal_entry WHERE {window.all()} {order} LIMIT {WINDOW})"  # noqa: S608 - marks only
    if matching.needs_rows:
        return (
            f"SELECT {columns} FROM {searched.format(_WHOLE)} e "  # noqa: S608 - marks only
            f"WHERE {matching.all()} ORDER BY e.at DESC, e.id DESC LIMIT {PAGE + 1}"
        )
    return (
        f"SELECT {columns} FROM (SELECT e.id FROM {searched.format(_INDEXED)} e "  # noqa: S608 - marks only
        f"WHERE {matching.all()} ORDER BY e.at DESC, e.id DESC LIMIT {PAGE + 1}) m "
        "JOIN portal_entry e ON e.id = m.id ORDER BY e.at DESC, e.id DESC"
    )


def _window(
    customer_id: int | None, deployment_id: int | None, where: Where, after: tuple[datetime, int] | None
) -> _Sql:
    window = _Sql()
    if customer_id is not None:
        window.add("customer_id = %s", customer_id)
    if deployment_id is not None:
        window.add("deployment = %s", deployment_id)
    if after is not None:
        # The OR-form of a keyset is as slow as OFFSET; this one is constant.
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
            sql.add(f"e.{column} IN ({_marks(codes)})", *codes)
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
# Asked for each ready row of the window alone: a list of all that is staged would take as long as the history is.
_STAGED = (
    "(e.kind = 1 AND e.state = %s AND EXISTS (SELECT 1 FROM portal_version v "
    "JOIN portal_deployment d ON d.id = v.deployment_id LEFT JOIN portal_version l ON l.id = d.live_version_id "
    "WHERE v.id = e.subject AND NOT v.was_live AND v.gone_at IS NULL AND v.number > COALESCE(l.number, -1)"
)
_NAMED = (
    "e.deployment IN (SELECT d.id FROM portal_deployment d "
    "JOIN portal_holding h ON h.deployment_id = d.id AND h.customer_id = %s WHERE d.search LIKE %s ESCAPE '!')"
)
# Asked for each row of the window alone, as above: sandboxes have no index.
_FROM_SANDBOX = (
    "(e.kind = 1 AND EXISTS (SELECT 1 FROM portal_version v WHERE v.id = e.subject AND v.source_sandbox_id = %s))"
)


def _add_states(sql: _Sql, where: Where) -> None:
    """Live and staged are words for where the pointer stands: asked of versions, not of the entry's state."""
    either = _Sql()
    codes = [int(_CODES[state]) for state in where.states if state in _CODES]
    if codes:
        either.add(f"(e.kind = 1 AND e.state IN ({_marks(codes)}))", *codes)
    if State.LIVE in where.states:
        either.add(_LIVE, where.holder, needs_rows=True)
    if State.STAGED in where.states:
        shared = " AND NOT d.is_shared" if where.hides_shared else ""
        either.add(f"{_STAGED}{shared}))", int(Entry.State.READY), needs_rows=True)
    sql.add(f"({' OR '.join(either.parts)})", *either.values, needs_rows=either.needs_rows)


def _add_text(sql: _Sql, where: Where) -> None:
    like = f"%{_escape(where.text)}%"
    either = _Sql()
    either.add("e.text LIKE %s ESCAPE '!'", like)
    either.add(_NAMED, where.holder, like)
    if where.exact:
        either.add("(e.kind = 1 AND e.subject IN (SELECT id FROM portal_version WHERE miosa_id = %s))", where.exact)
        either.add("e.version IN (SELECT id FROM portal_version WHERE artifact_sha256 = %s)", where.exact.lower())
        if where.knows_sandboxes:
            either.add(_FROM_SANDBOX, where.exact)
    sql.add(f"({' OR '.join(either.parts)})", *either.values, needs_rows=True)


def _window_end(window: _Sql) -> tuple[datetime, int] | None:
    """The last row of a full window, or None if the window reached the end of the history."""
    sql = (
        "SELECT at, id FROM (SELECT at, id, ROW_NUMBER() OVER (ORDER BY at DESC, id DESC) AS n "  # noqa: S608 - marks only
        f"FROM portal_entry WHERE {window.all()} ORDER BY at DESC, id DESC LIMIT {WINDOW + 1}) w "
        f"WHERE n >= {WINDOW} ORDER BY n"
    )
    rows = _fetch(sql, window.values)
    return (rows[0][0], rows[0][1]) if len(rows) > 1 else None


def _fetch(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as db:
        db.execute(sql, values)
        return list(db.fetchall())


def _adapt(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _escape(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _make_cursor(at: datetime, pk: int, scope: str) -> str:
    micros = round(at.timestamp() * 1_000_000)
    return signing.Signer(salt=f"timeline:{scope}", sep=".").sign(f"{micros}-{pk}")


def _read_cursor(cursor: str, scope: str) -> tuple[datetime, int] | None:
    """Raises NotFound for a cursor that was changed or made for something else."""
    if not cursor:
        return None
    try:
        micros, pk = signing.Signer(salt=f"timeline:{scope}", sep=".").unsign(cursor).split("-")
        return _EPOCH + timedelta(microseconds=int(micros)), int(pk)
    except (signing.BadSignature, ValueError, OverflowError):
        raise NotFound from None
