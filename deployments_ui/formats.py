"""Times, sizes and numbers as a person reads them. Jinja filters, and plain functions for Python.

Times are shown in the reader's zone, which `TimeZoneMiddleware` activates. They are put together by hand: Django's
`date` filter would take half of a long page's time.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Protocol, TypeVar

from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language

from deployments_ui.translation import gettext as _
from deployments_ui.translation import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400
SIZE_UNITS = ("KB", "MB", "GB", "TB")
# Two digits, three times as quick as formatting; long lists show four moments a row.
TWO_DIGITS = tuple(f"{n:02d}" for n in range(60))


class Dated(Protocol):
    @property
    def at(self) -> datetime: ...


class Numbered(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int | None: ...


Entry = TypeVar("Entry", bound=Dated)


@dataclass(frozen=True, slots=True)
class Clock:
    """The reader's zone, language and day. A long list looks them up once: that takes ten times as long as a format."""

    zone: tzinfo
    language: str | None
    today: date

    @classmethod
    def of_reader(cls, now: datetime | None = None) -> Clock:
        zone = timezone.get_current_timezone()
        return cls(zone, get_language(), (now or timezone.now()).astimezone(zone).date())

    def by_day(self, entries: Iterable[Entry]) -> Iterator[tuple[date, list[tuple[datetime, Entry]]]]:
        """Entries, newest first, grouped by the reader's day, each with its time in the reader's zone."""
        local = ((entry.at.astimezone(self.zone), entry) for entry in entries)
        for day, group in itertools.groupby(local, key=lambda pair: pair[0].date()):
            yield day, list(group)

    def exact(self, local: datetime) -> str:
        return _exact(local, self.language)

    def hour(self, local: datetime) -> str:
        return _clock(local)

    def day_label(self, day: date) -> str:
        """Sat 28, Sat 31 Oct, 3 May 2025: no longer than it takes to know which day is meant."""
        is_this_year = day.year == self.today.year
        with_month = not is_this_year or day.month != self.today.month
        return _day_label(day, self.language, with_month=with_month, with_year=not is_this_year)

    def day_name(self, day: date) -> str:
        """Today, Yesterday, Tuesday 18 November, Saturday 3 May 2025."""
        days = (self.today - day).days
        if days == 0:
            return _("Today")
        if days == 1:
            return _("Yesterday")
        return _long_day(day, self.language, with_year=day.year != self.today.year)


# --- Moments ---


def iso(at: datetime) -> str:
    """2026-11-18T13:20:05Z, for the `datetime` attribute."""
    utc = at.astimezone(UTC)
    day = f"{utc.year:04d}-{TWO_DIGITS[utc.month]}-{TWO_DIGITS[utc.day]}"
    return f"{day}T{TWO_DIGITS[utc.hour]}:{TWO_DIGITS[utc.minute]}:{TWO_DIGITS[utc.second]}Z"


def exact(at: datetime) -> str:
    """Tuesday 18 November 2026, 14:20:05 CET"""
    return _exact(_local(at), get_language())


def hour(at: datetime) -> str:
    """14:20"""
    return _clock(_local(at))


def second(at: datetime, *, now: datetime | None = None) -> str:
    """14:30:01, with the date if it is not today. Never later than now."""
    at = _past(at, now)
    local = _local(at)
    text = f"{_clock(local)}:{TWO_DIGITS[local.second]}"
    return text if local.date() == _today(now) else f"{date_of(at, now=now)} {text}"


def date_of(at: datetime, *, now: datetime | None = None) -> str:
    """3 May, or 3 May 2025 if it is not this year."""
    day = _local(at).date()
    return _short_day(day, get_language(), with_year=day.year != _today(now).year)


def short_date(day: date) -> str:
    """3 May, or 3 May 2025 if it is not this year."""
    return _short_day(day, get_language(), with_year=day.year != _today(None).year)


def since(at: datetime, *, now: datetime | None = None) -> str:
    """14:20, Tue 14:20 within a week, else the date. Never later than now."""
    clock = Clock.of_reader(now)
    at = _past(at, now)
    local = at.astimezone(clock.zone)
    days = (clock.today - local.date()).days
    if days == 0:
        return _clock(local)
    if 0 < days < 7:
        return f"{WEEKDAYS_ABBR[local.weekday()]} {_clock(local)}"
    return date_of(at, now=now)


def ago(at: datetime, *, now: datetime | None = None) -> str:
    """just now, 20 s ago, 4 min ago, 2 h ago, 9 days ago, then the date.

    What has happened is never ahead: another machine's clock is.
    """
    gap = int(((now or timezone.now()) - at).total_seconds())
    if gap < 5:
        return _("just now")
    return date_of(at, now=now) if gap >= 30 * DAY else _("%(span)s ago") % {"span": span(gap)}


def ahead(at: datetime, *, now: datetime | None = None) -> str:
    """in 20 s, in 4 min; `now` for what is due. For what is planned."""
    gap = int((at - (now or timezone.now())).total_seconds())
    return _("in %(span)s") % {"span": span(gap)} if gap > 0 else _("now")


# --- Durations ---


def span(seconds: float) -> str:
    """How long, in one unit: 20 s, 4 min, 2 h, 9 days."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return _("%(n)d s") % {"n": whole}
    if whole < HOUR:
        return _("%(n)d min") % {"n": whole // MINUTE}
    if whole < 2 * DAY:
        return _("%(n)d h") % {"n": whole // HOUR}
    return ngettext("%(n)d day", "%(n)d days", whole // DAY) % {"n": whole // DAY}


def duration(seconds: float) -> str:
    """How long something took, to the second below an hour: 41 s, 4 min, 4 min 10 s, 2 h, 9 days."""
    whole = max(0, round(seconds))
    if not MINUTE < whole < HOUR or whole % MINUTE == 0:
        return span(whole)
    return _("%(min)d min %(s)d s") % {"min": whole // MINUTE, "s": whole % MINUTE}


def span_between(start: datetime | None, end: datetime | None = None) -> str:
    """How long from one moment to another; None is now."""
    now = timezone.now()
    return span(((end or now) - (start or now)).total_seconds())


# --- Names ---


def initials(name: str) -> str:
    """One or two letters to recognise a name by: MS for "Main site"."""
    words = [word for word in (re.sub(r"[\W_]+", "", part) for part in name.split()) if word]
    return "".join(word[0] for word in words[:2]).upper()[:2] or name.strip()[:1]


def hue(key: str) -> int:
    """One of the stylesheet's twelve hues, always the same for one key."""
    return zlib.crc32(key.encode()) % 12


# --- Sizes and numbers ---


def size(amount: int) -> str:
    """184 bytes, 1.8 KB, 184 KB, 2.4 GB; a KB has 1,000 bytes."""
    if amount < 1000:
        return ngettext("%(n)d byte", "%(n)d bytes", amount) % {"n": amount}
    value, steps = amount / 1000, 0
    while value >= 999.5 and steps < len(SIZE_UNITS) - 1:
        value, steps = value / 1000, steps + 1
    return f"{value:.1f} {SIZE_UNITS[steps]}" if value < 9.95 else f"{value:.0f} {SIZE_UNITS[steps]}"


def signed_size(amount: int) -> str:
    """+120 KB, −1.8 MB"""
    return f"{_sign(amount)}{size(abs(amount))}"


def signed(number: int) -> str:
    """+6, −3, 0. With a minus sign, which is as wide as a plus."""
    return f"{_sign(number)}{abs(number)}"


def signed_percent(before: int, after: int) -> str:
    """+4 %, −12 %; +0.3 % for little."""
    share = 100 * (after - before) / before
    text = f"{abs(share):.0f}" if abs(share) >= 9.95 else f"{abs(share):.1f}".removesuffix(".0")
    return _("%(number)s %%") % {"number": f"{_sign(after - before)}{text}"}


def _sign(number: int) -> str:
    return "+" if number > 0 else "\N{MINUS SIGN}" if number < 0 else ""


def file_count(count: int, language: str | None = None) -> str:
    return ngettext("%(n)d file", "%(n)d files", count, language) % {"n": count}


def signed_file_count(count: int) -> str:
    """+6 files, −1 file"""
    text = ngettext("%(n)s file", "%(n)s files", abs(count))
    return text % {"n": signed(count)}


def version_number(version: Numbered) -> str:
    return number_or_id(version.number, version.id)


def number_or_id(number: int | None, version_id: str) -> str:
    """#46; a version without a known number is named by the end of its id."""
    return f"#{number}" if number is not None else f"…{version_id[-6:]}"


def shorten_id(text: str) -> str:
    """The end of a long id, which is the part that tells two apart."""
    return text if len(text) <= 14 else f"…{text[-6:]}"


def _past(at: datetime, now: datetime | None) -> datetime:
    return min(at, now or timezone.now())


def _local(at: datetime) -> datetime:
    return at.astimezone(timezone.get_current_timezone())


def _today(now: datetime | None) -> date:
    return _local(now or timezone.now()).date()


def _clock(local: datetime) -> str:
    return f"{TWO_DIGITS[local.hour]}:{TWO_DIGITS[local.minute]}"


def _exact(local: datetime, language: str | None) -> str:
    day = _long_day(local.date(), language, with_year=True)
    return f"{day}, {_clock(local)}:{TWO_DIGITS[local.second]} {local.tzname()}"


# `language` below only keeps the cached texts of two languages apart.


@lru_cache(maxsize=2048)
def _long_day(day: date, language: str | None, *, with_year: bool) -> str:
    names = {"weekday": str(WEEKDAYS[day.weekday()]), "day": day.day, "month": str(MONTHS[day.month]), "year": day.year}
    if with_year:
        return _("%(weekday)s %(day)d %(month)s %(year)d") % names
    return _("%(weekday)s %(day)d %(month)s") % names


@lru_cache(maxsize=2048)
def _short_day(day: date, language: str | None, *, with_year: bool) -> str:
    names = {"day": day.day, "month": str(MONTHS[day.month]), "year": day.year}
    return (_("%(day)d %(month)s %(year)d") if with_year else _("%(day)d %(month)s")) % names


@lru_cache(maxsize=2048)
def _day_label(day: date, language: str | None, *, with_month: bool, with_year: bool) -> str:
    month = str(MONTHS_3[day.month]).capitalize()
    names = {"weekday": str(WEEKDAYS_ABBR[day.weekday()]), "day": day.day, "month": month, "year": day.year}
    if with_year:
        return _("%(day)d %(month)s %(year)d") % names
    return (_("%(weekday)s %(day)d %(month)s") if with_month else _("%(weekday)s %(day)d")) % names
