"""Query parameters: checked before a service is called, and described in the schema from the same declaration."""

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
    """`choices`: all valid values. `is_day`: a date. `many`: may be repeated, and any of the values may match."""

    name: str
    description: str
    choices: tuple[str, ...] = ()
    is_day: bool = False
    many: bool = False
    longest: int = 200

    def find_error(self, values: list[str]) -> str:
        """What is wrong with these values, as a sentence; empty if nothing is."""
        if len(values) > (MOST_VALUES if self.many else 1):
            return _("This parameter was sent too many times.")
        if self.choices and any(value not in self.choices for value in values):
            return _("Choose one of: %(choices)s.") % {"choices": ", ".join(self.choices)}
        if self.is_day and not all(is_day(value) for value in values):
            return _("Enter a date from 1970 on as YYYY-MM-DD.")
        if any(len(value) > self.longest for value in values):
            return _("This is longer than %(count)s characters.") % {"count": self.longest}
        return ""

    def to_openapi(self) -> OpenApiParameter:
        kind: Any = OpenApiTypes.DATE if self.is_day else OpenApiTypes.STR
        if not self.choices and not self.is_day:
            kind = {"type": "string", "maxLength": self.longest}
            if self.many:
                kind = {"type": "array", "items": kind, "maxItems": MOST_VALUES}
        return OpenApiParameter(
            self.name,
            kind,
            description=self.description,
            enum=self.choices or None,
            many=bool(self.many and self.choices),
        )


CURSOR = Parameter("cursor", "Where to continue: from `next` of the page before.", longest=1000)


def is_day(value: str) -> bool:
    """Whether the services accept it as a day."""
    try:
        return bool(_DAY.fullmatch(value)) and 1970 <= date.fromisoformat(value).year <= 9000
    except ValueError:
        return False


def read(data: QueryDict, parameters: tuple[Parameter, ...]) -> Query:
    """The values of these parameters; others are ignored. Raises BadQuery with a sentence for each wrong one."""
    query = {each.name: data.getlist(each.name) for each in parameters if each.name in data}
    found = {each.name: each.find_error(query.get(each.name, [])) for each in parameters}
    if wrong := {name: error for name, error in found.items() if error}:
        raise BadQuery(wrong)
    return query


def require_known(query: Query, understood: Mapping[str, tuple[str, ...]]) -> None:
    """Raises BadQuery for a value that the service ignored: a program would take the result for a filtered one."""
    wrong = {name for name, values in understood.items() if set(query.get(name, [])) - {""} - set(values)}
    if wrong:
        raise BadQuery({name: _("This is not one of the available values.") for name in sorted(wrong)})


def first(query: Query, name: str) -> str:
    return (query.get(name) or [""])[0]
