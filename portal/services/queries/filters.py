"""Filters of a timeline: the query of a URL, checked and turned into the codes of the tables."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Customer, Deployment, Entry, Facet
from portal.permissions import Person, Role
from portal.services import clean_text, open_words
from portal.services.people import staff_names
from portal.services.queries.schemas import State
from portal.services.queries.timeline_search import Where

# The parameters of a URL, as many values of each as it has.
Query = Mapping[str, list[str]]

_MOST_FACETS = 200
_MOST_CHOSEN = 50
_ALL_STAFF = "staff"
_NUMBER = re.compile(r"#([0-9]{1,9})")
_KEY = re.compile(r"[0-9]{1,18}")
_EXACT = re.compile(r"[0-9A-Za-z_-]{8,128}")
_KINDS = {"static": 1, "dynamic": 2, "sandbox_backed": 3, "other": 0}
_EVENTS = {
    "published": Entry.Event.PUBLISHED,
    "failed": Entry.Event.FAILED,
    "rolled_back": Entry.Event.ROLLED_BACK,
    "promoted": Entry.Event.PROMOTED,
    "undone": Entry.Event.UNDONE,
    "redeployed": Entry.Event.REDEPLOYED,
    "stopped": Entry.Event.STOPPED,
    "env_changed": Entry.Event.ENV_CHANGED,
    "domains_changed": Entry.Event.DOMAINS_CHANGED,
    "settings_changed": Entry.Event.SETTINGS_CHANGED,
}
EVENTS = tuple(_EVENTS)
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
# The others are rare: a link may name them, the form does not offer them.
_OFFERED_STATES = 7


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that are set. Empty means no filter.

    `deployments` are MIOSA's ids, `events` are of `EVENTS`, `people` and `projects` keys of `Choice`.
    """

    deployments: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    kinds: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter: `key` goes into the URL, `label` is shown."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of each filter. A list with fewer than two need not be shown.

    Labels of events, states and kinds are keys.
    """

    deployments: tuple[Choice, ...]
    events: tuple[Choice, ...]
    states: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    people: tuple[Choice, ...]
    projects: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A checked query: as filters for the page, as choices to offer, and as conditions for the search.

    `notes` are sentences about values that were ignored.
    """

    filters: Filters
    choices: Choices
    where: Where
    notes: tuple[str, ...]


def parse(query: Query, *, customer: Customer, deployments: Iterable[Deployment], by: Person) -> ParsedQuery:
    """Check `query` against what this customer has. A value that names nothing is ignored, with a note.

    `deployments` are the customer's, those that the query names among them.
    """
    notes: list[str] = []
    apps = {deployment.miosa_id: deployment for deployment in deployments}
    facets = _list_facets(query, customer)
    people, projects = _list_people(facets, by=by), facets[Facet.Field.PROJECT]
    chosen = Filters(
        deployments=_choose(query, "app", apps, _("app"), notes),
        events=_choose(query, "event", _EVENTS, _("event"), notes),
        states=tuple(State(key) for key in _choose(query, "state", _STATES, _("state"), notes)),
        kinds=_choose(query, "kind", _KINDS, _("kind"), notes),
        people=_choose(query, "person", people, _("person"), notes),
        projects=_choose(query, "project", projects, _("project"), notes),
        date_from=_parse_date(query, "from", notes),
        date_to=_parse_date(query, "to", notes),
        text=clean_text.clean_line(get_first(query, "q"), most=200),
    )
    where = Where(
        deployments=tuple(apps[key].pk for key in chosen.deployments),
        events=tuple(int(_EVENTS[key]) for key in chosen.events),
        states=chosen.states,
        kinds=tuple(_KINDS[key] for key in chosen.kinds),
        people=_get_codes(chosen.people, facets),
        projects=tuple(map(int, chosen.projects)),
        since=_get_midnight(chosen.date_from) if chosen.date_from else None,
        until=_get_midnight(chosen.date_to + timedelta(days=1)) if chosen.date_to else None,
        holder_id=customer.pk,
        hides_shared=not by.sees_everyone,
        finds_sandboxes=by.is_staff,
        **(_parse_text(chosen.text) if chosen.text else {}),
    )
    show = partial(open_words.show_text, by=by)
    names = {key: show(app.name) for key, app in apps.items()}
    choices = Choices(
        deployments=tuple(Choice(key, name) for key, name in names.items()),
        events=tuple(Choice(key, key) for key in EVENTS),
        states=tuple(Choice(key, key) for key in _STATES[:_OFFERED_STATES]),
        kinds=tuple(Choice(key, key) for key in ("static", "dynamic", "sandbox_backed")),
        people=tuple(Choice(key, show(text)) for key, text in people.items()),
        projects=tuple(Choice(key, show(text)) for key, text in projects.items()),
    )
    return ParsedQuery(chosen, choices, where, tuple(notes))


def read_deployment_ids(query: Query) -> list[str]:
    """The ids of deployments that a query names, whether they exist or not."""
    return [clean_text.make_storable(value) for value in dict.fromkeys(query.get("app", [])) if value][:_MOST_CHOSEN]


def get_first(query: Query, key: str) -> str:
    """The first value of a parameter; empty if there is none."""
    return (query.get(key) or [""])[0]


def _list_people(facets: Mapping[str, dict[str, str]], *, by: Person) -> dict[str, str]:
    """The platform's staff are one choice for those who may not see their names."""
    people, staff = facets[Facet.Field.PERSON], facets[Facet.Field.STAFF]
    if not staff_names.is_hidden(Role.SUPPORT, by=by):
        return people | staff
    return people | ({_ALL_STAFF: staff_names.get_support_name()} if staff else {})


def _get_codes(chosen: Iterable[str], facets: Mapping[str, dict[str, str]]) -> tuple[int, ...]:
    keys = [key for each in chosen for key in (facets[Facet.Field.STAFF] if each == _ALL_STAFF else (each,))]
    return tuple(map(int, keys))


def _list_facets(query: Query, customer: Customer) -> dict[str, dict[str, str]]:
    """The texts of people, staff and projects by their keys. Of very many the first, and those that the query names."""
    rows = Facet.objects.filter(customer_id=customer.pk).values_list("text", "field", "pk")
    found = list(rows.order_by("text")[:_MOST_FACETS])
    if len(found) == _MOST_FACETS:
        values = [value for key in ("person", "project") for value in query.get(key, [])[:_MOST_CHOSEN]]
        named = {int(value) for value in values if _KEY.fullmatch(value)} - {pk for _text, _field, pk in found}
        found += rows.filter(pk__in=named)
    facets: dict[str, dict[str, str]] = {field: {} for field in Facet.Field}
    for text, field, pk in sorted(found):
        facets[field][str(pk)] = text
    return facets


def _parse_text(text: str) -> dict[str, Any]:
    """`#46` is a number, a whole id or hash also matches exactly, anything else is a piece of text."""
    number = _NUMBER.fullmatch(text)
    if number:
        return {"number": int(number[1])}
    is_exact = _EXACT.fullmatch(text) and any(mark.isdigit() or mark in "_-" for mark in text)
    return {"text": clean_text.make_search_key(text), "exact": text if is_exact else ""}


def _choose(query: Query, key: str, known: Container[str], word: str, notes: list[str]) -> tuple[str, ...]:
    values = [value for value in dict.fromkeys(query.get(key, ())) if value]
    chosen = tuple(value for value in values if value in known)
    if len(chosen) < len(values):
        notes.append(_("A filter for an unknown %(word)s was ignored.") % {"word": word})
    return chosen[:_MOST_CHOSEN]


def _parse_date(query: Query, key: str, notes: list[str]) -> date | None:
    value = get_first(query, key)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 9000:
        notes.append(_("A date that does not exist was ignored."))
        return None
    return day


def _get_midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
