"""When a step is due: by now, or so far ahead that a clock must have been set back since it was written down."""

from datetime import datetime, timedelta

from django.db.models import Q

# Longer than any pause between two steps.
_FARTHEST = timedelta(minutes=2)


def is_due(at: datetime | None, *, now: datetime) -> bool:
    return at is not None and not now < at <= now + _FARTHEST


def rows(column: str, *, now: datetime) -> Q:
    return Q(**{f"{column}__lte": now}) | Q(**{f"{column}__gt": now + _FARTHEST})
