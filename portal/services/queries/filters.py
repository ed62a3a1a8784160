"""What a URL asks of a timeline, cleaned and turned into the codes of the tables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Customer, Deployment, Facet
from portal.permissions import Person
from portal.services import clean_text
from portal.services.queries.schemas import State
from portal.services.queries.timeline_search import Where

# The parameters of a URL, as many values of each as it has.
Query = Mapping[str, list[str]]

_MOST_FACETS = 200
_MOST_CHOSEN = 50
_NUMBER = re.compile(r"#([0-9]{1,9})")
_KEY = re.compile(r"[0-9]{1,18}")
_EXACT = re.compile(r"[0-9A-Za-z_-]{8,128}")
_KINDS = {"static": 1, "dynamic": 2, "sandbox_backed": 3, "other": 0}
_STATES = (
    State.LIVE,
    State.STAGED,
    State.READY,
    State.BUILDING,
    State.CREATED,
    State.FAILED,
    State.ARCHIVED,
    State.OTHER,
    State.UNREADABLE,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for, cleaned. Empty means no filter.

    `deployments` are MIOSA's ids, `people` and `projects` keys of `Choice`.
    """

    deployments: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    kinds: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    text: str = ""

    @property
    def count(self) -> int:
        many = (self.deployments, self.states, self.kinds, self.people, self.projects)
        return sum(bool(chosen) for chosen in many) + bool(self.date_from or self.date_to) + bool(self.text)


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter: `key` goes into the URL, `label` is shown."""

    key: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """The options each filter offers; a list with fewer than two options need not be drawn.

    States' and kinds' labels are their keys.
    """

    deployments: tuple[Choice, ...]
    states: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    people: tuple[Choice, ...]
    projects: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    filters: Filters
    choices: Choices
    where: Where
    notes: tuple[str, ...]


def read(query: Query, *, customer: Customer, deployments: Iterable[Deployment], by: Person) -> Wanted:
    """Check `query` against what this customer has. A value that names nothing is left out, with a note.

    `deployments` are the customer's, those that the query names among them.
    """
    facets = _facets(query, customer)
    apps = {one.miosa_id: one for one in deployments}
    people = {str(facet.pk): facet for facet in facets if facet.field == Facet.Field.PERSON}
    projects = {str(facet.pk): facet for facet in facets if facet.field == Facet.Field.PROJECT}
    notes: list[str] = []
    chosen = Filters(
        deployments=_known(query, "app", apps, _("app"), notes),
        states=tuple(State(key) for key in _known(query, "state", [s.value for s in _STATES], _("state"), notes)),
        kinds=_known(query, "kind", _KINDS, _("kind"), notes),
        people=_known(query, "person", people, _("person"), notes),
        projects=_known(query, "project", projects, _("project"), notes),
        date_from=_date(query, "from", notes),
        date_to=_date(query, "to", notes),
        text=clean_text.line(_first(query, "q"), most=200),
    )
    choices = Choices(
        deployments=tuple(Choice(key, one.name, key in chosen.deployments) for key, one in apps.items()),
        states=tuple(Choice(state.value, state.value, state in chosen.states) for state in _STATES[:7]),
        kinds=tuple(Choice(key, key, key in chosen.kinds) for key in ("static", "dynamic", "sandbox_backed")),
        people=tuple(Choice(key, facet.text, key in chosen.people) for key, facet in people.items()),
        projects=tuple(Choice(key, facet.text, key in chosen.projects) for key, facet in projects.items()),
    )
    where = Where(
        deployments=tuple(apps[key].pk for key in chosen.deployments),
        states=chosen.states,
        kinds=tuple(_KINDS[key] for key in chosen.kinds),
        people=tuple(people[key].pk for key in chosen.people),
        projects=tuple(projects[key].pk for key in chosen.projects),
        since=_midnight(chosen.date_from),
        until=_midnight(chosen.date_to + timedelta(days=1)) if chosen.date_to else None,
        holder_id=customer.pk,
        hides_shared=not by.sees_everyone,
        finds_sandboxes=by.is_staff,
    )
    return Wanted(chosen, choices, _with_text(where, chosen.text), tuple(notes))


def read_deployment_ids(query: Query) -> list[str]:
    """The ids of deployments that a query asks for, whether they exist or not."""
    return [clean_text.storable(value) for value in dict.fromkeys(query.get("app", [])) if value][:_MOST_CHOSEN]


def _facets(query: Query, customer: Customer) -> list[Facet]:
    """People and projects to choose from. Of very many the first, and those that the query names."""
    rows = Facet.objects.filter(customer_id=customer.pk).only("field", "text")
    facets = list(rows.order_by("text")[:_MOST_FACETS])
    if len(facets) == _MOST_FACETS:
        values = [value for key in ("person", "project") for value in query.get(key, [])[:_MOST_CHOSEN]]
        named = {int(value) for value in values if _KEY.fullmatch(value)} - {facet.pk for facet in facets}
        facets += rows.filter(pk__in=named)
    return sorted(facets, key=lambda facet: facet.text)


def _with_text(where: Where, text: str) -> Where:
    """`#46` is a number, a whole id or hash is itself, anything else is a piece of text or of a deployment's name."""
    number = _NUMBER.fullmatch(text)
    if number:
        return replace(where, number=int(number[1]))
    exact = text if _EXACT.fullmatch(text) and any(mark.isdigit() or mark in "_-" for mark in text) else ""
    return replace(where, text=clean_text.search_key(text), exact=exact)


def _known(query: Query, key: str, known: Iterable[str], word: str, notes: list[str]) -> tuple[str, ...]:
    asked = dict.fromkeys(value for value in query.get(key, []) if value)
    if not asked:
        return ()
    allowed = set(known)
    if any(value not in allowed for value in asked):
        notes.append(_("A filter for an unknown %(word)s was left out.") % {"word": word})
    return tuple(value for value in asked if value in allowed)[:_MOST_CHOSEN]


def _date(query: Query, key: str, notes: list[str]) -> date | None:
    value = _first(query, key)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 9000:
        notes.append(_("A date that does not exist was left out."))
        return None
    return day


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


def _first(query: Query, key: str) -> str:
    return (query.get(key) or [""])[0]
