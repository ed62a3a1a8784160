"""What may stand in a query: checked before a service is asked, and written into the schema from the same lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from portal.api.problems import BadQuery

Query = dict[str, list[str]]
MOST_VALUES = 50
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`choices`: all values there are. `is_day`: a date. `many`: may be given several times, meaning any of them."""

    name: str
    says: str
    choices: tuple[str, ...] = ()
    is_day: bool = False
    many: bool = False
    longest: int = 200

    def complaint(self, values: list[str]) -> str:
        """What is wrong with what was given, or nothing."""
        if len(values) > (MOST_VALUES if self.many else 1):
            return _("This was given too often.")
        if self.choices and any(value not in self.choices for value in values):
            return _("Choose one of: %(choices)s.") % {"choices": ", ".join(self.choices)}
        if self.is_day and not all(is_day(value) for value in values):
            return _("Write a day from 1970 on as YYYY-MM-DD.")
        if any(len(value) > self.longest for value in values):
            return _("This is longer than %(count)s characters.") % {"count": self.longest}
        return ""

    def described(self) -> OpenApiParameter:
        kind: Any = OpenApiTypes.DATE if self.is_day else OpenApiTypes.STR
        if not self.choices and not self.is_day:
            kind = {"type": "string", "maxLength": self.longest}
            if self.many:
                kind = {"type": "array", "items": kind, "maxItems": MOST_VALUES}
        return OpenApiParameter(
            self.name, kind, description=self.says, enum=self.choices or None, many=bool(self.many and self.choices)
        )


CURSOR = Parameter("cursor", "Where to go on: taken from `next` of the page before.", longest=1000)


def is_day(value: str) -> bool:
    """Days that the services understand too."""
    try:
        return bool(_DAY.fullmatch(value)) and 1970 <= date.fromisoformat(value).year <= 9000
    except ValueError:
        return False


def read(given: QueryDict, parameters: tuple[Parameter, ...]) -> Query:
    """The values of these parameters; others are not looked at. Raises BadQuery with a sentence for each wrong one."""
    query = {each.name: given.getlist(each.name) for each in parameters if each.name in given}
    complaints = {each.name: each.complaint(query.get(each.name, [])) for each in parameters}
    if wrong := {name: complaint for name, complaint in complaints.items() if complaint}:
        raise BadQuery(wrong)
    return query


def require_known(query: Query, understood: Mapping[str, tuple[str, ...]]) -> None:
    """A program must not take everything for what it filtered: a value the service left out is refused here."""
    wrong = {name for name, values in understood.items() if set(query.get(name, [])) - {""} - set(values)}
    if wrong:
        raise BadQuery({name: _("There is no such choice here.") for name in sorted(wrong)})


def first(query: Query, name: str) -> str:
    return (query.get(name) or [""])[0]
