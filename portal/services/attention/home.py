"""The home of staff: what needs somebody, of all customers that they may see, and what happened last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from django.db.models import Case, When

from portal.models import Connection, Operation
from portal.permissions import Permission, Person
from portal.services import authorization
from portal.services.attention import counts, problems
from portal.services.attention.counts import Counts
from portal.services.attention.problems import AttentionRow
from portal.services.errors import NotFound
from portal.services.queries import ages, attention_filters, customer_list, fills, recent, statistics
from portal.services.queries.attention_filters import ABOUT_DEPLOYMENTS, ABOUT_DOMAINS, AttentionFilters, Problem
from portal.services.queries.recent import RecentEvent
from portal.services.queries.schemas import Age, Fill
from portal.services.queries.statistics import Numbers

# Of each kind of problem on the page of all, and of the only one that is chosen.
MOST_OF_EACH = 10
PAGE_SIZE = 50
_ORDER = {problem: place for place, problem in enumerate(Problem)}
# What waits longest comes first; of the other kinds what has just happened.
_OLDEST_FIRST = (Problem.UNKNOWN, Problem.STAGED, Problem.NOT_REFRESHED)


@dataclass(frozen=True, slots=True)
class Home:
    """`counts` are those of the filters without their states. `rows` are the worst first.

    `page` of `pages` is that of the only kind of problem that is chosen; else there is one page, with the first few of
    each kind. `numbers` are those of the last 30 days, without the filters. `tags` are those of the customers that the
    person sees.
    """

    filters: AttentionFilters
    counts: Counts
    rows: tuple[AttentionRow, ...]
    page: int
    pages: int
    recent: tuple[RecentEvent, ...]
    numbers: Numbers
    tags: tuple[str, ...]
    age: Age
    fill: Fill | None

    @property
    def unlisted(self) -> dict[Problem, int]:
        """How many of a kind this page leaves out."""
        shown = [row.problem for row in self.rows] if self.pages == 1 else []
        left_out = {problem: self.counts.problems[problem] - shown.count(problem) for problem in dict.fromkeys(shown)}
        return {problem: count for problem, count in left_out.items() if count > 0}


def get_home(query: Mapping[str, Sequence[str]], *, page: int = 1, by: Person, now: datetime) -> Home:
    """A page beyond the last one is the last, since rows go away. Raises NotFound for people other than staff."""
    authorization.require_platform_permission(Permission.READ_ALL_CUSTOMERS, by=by)
    filters = attention_filters.parse_filters(query)
    connection, counted = counts.count_attention(filters, by=by, now=now)
    pages = _count_pages(filters, counted)
    if page < 1:
        raise NotFound
    page = min(page, pages)
    listed, events = _list_rows(filters, counted, connection, page=page, by=by, now=now)
    tags = customer_list.list_tags(by=by)
    sweep = ages.find_sweep()
    fill = fills.get_fill(sweep, unread=counted.unread, by=by)
    return Home(
        filters=filters,
        counts=counted,
        rows=listed,
        page=page,
        pages=pages,
        recent=events,
        numbers=statistics.get_numbers(by=by, days=statistics.DEFAULT_DAYS, now=now),
        tags=tags,
        age=ages.get_list_age(
            sweep,
            connection,
            generation=_make_generation(counted, listed, events, tags, fill),
            filling=fill is not None,
            changing=False,
            is_first_fill=fill is not None,
            now=now,
        ),
        fill=fill,
    )


def _count_pages(filters: AttentionFilters, counted: Counts) -> int:
    if len(filters.states) != 1:
        return 1
    return max(1, -(-counted.problems[filters.states[0]] // PAGE_SIZE))


def _list_rows(
    filters: AttentionFilters, counted: Counts, connection: Connection, *, page: int, by: Person, now: datetime
) -> tuple[tuple[AttentionRow, ...], tuple[RecentEvent, ...]]:
    """The rows that need somebody, and what happened last: four queries."""
    chosen = [each for each in filters.states or Problem if counted.problems[each]]
    most = PAGE_SIZE if len(filters.states) == 1 else MOST_OF_EACH
    limit = slice((page - 1) * most, page * most)
    undecided, newest = _read_operations(filters, limit if Problem.UNKNOWN in chosen else None, by=by)
    apps, domains = ([each for each in chosen if each in kinds] for kinds in (ABOUT_DEPLOYMENTS, ABOUT_DOMAINS))
    found = [
        *problems.list_deployments(apps, filters, connection, limit=limit, by=by, now=now),
        *problems.list_domains(domains, filters, limit=limit, by=by, now=now),
        *(problems.describe_undecided(each, by=by) for each in undecided),
    ]
    return tuple(sorted(found, key=_get_place)), recent.list_recent(newest, filters, connection, by=by, now=now)


def _read_operations(
    filters: AttentionFilters, limit: slice | None, *, by: Person
) -> tuple[list[Operation], list[Operation]]:
    """Those to be decided, if `limit` says which, and the newest ones. One query."""
    parts = [recent.find_operations(filters, by=by)]
    if limit is not None:
        parts.append(attention_filters.find_undecided(filters, by=by)[limit])
    wanted = [Operation.objects.filter(pk__in=part.values("pk")).values("pk") for part in parts]
    keys = wanted[0].union(*wanted[1:]) if len(wanted) > 1 else wanted[0]
    # The newest ones may hold undecided ones that `limit` leaves out, and the other way round.
    is_wanted = [Case(When(pk__in=each, then=True), default=False) for each in wanted]
    rows = Operation.objects.filter(pk__in=keys).annotate(is_new=is_wanted[0], is_listed=is_wanted[-1])
    operations = list(recent.with_places(rows).order_by("-pk"))
    undecided = [each for each in reversed(operations) if vars(each)["is_listed"]] if limit is not None else []
    return undecided, [each for each in operations if vars(each)["is_new"]]


def _get_place(row: AttentionRow) -> tuple[int, float, str]:
    """Rows of unknown age are last of their kind."""
    age_s = row.at.timestamp() if row.at else 0.0
    return _ORDER[row.problem], age_s if row.problem in _OLDEST_FIRST else -age_s, row.deployment_name


def _make_generation(*shown: object) -> str:
    """Changes with whatever the page shows."""
    return blake2s(repr(shown).encode(), digest_size=8).hexdigest()
