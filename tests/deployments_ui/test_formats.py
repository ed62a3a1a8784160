"""Times, sizes and numbers as a person reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import formats
from deployments_ui.formats import Clock

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 18, 13, 20, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        yield


@pytest.mark.parametrize(
    ("back", "text"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=20), "20 s ago"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(days=60), "19 September"),
        (timedelta(days=400), "14 October 2025"),
        (timedelta(seconds=-40), "just now"),
        (timedelta(minutes=-3), "just now"),
        (timedelta(days=-40), "just now"),
    ],
)
def test_ago(back: timedelta, text: str) -> None:
    assert formats.ago(NOW - back, now=NOW) == text


def test_what_has_happened_is_never_later_than_now() -> None:
    for late in (timedelta(minutes=3), timedelta(hours=30)):
        assert formats.since(NOW + late, now=NOW) == formats.since(NOW, now=NOW) == "14:20"
        assert formats.second(NOW + late, now=NOW) == formats.second(NOW, now=NOW) == "14:20:05"


@pytest.mark.parametrize(
    ("on", "text"),
    [(timedelta(seconds=40), "in 40 s"), (timedelta(minutes=4), "in 4 min"), (timedelta(), "now"), (-HOUR, "now")],
)
def test_ahead(on: timedelta, text: str) -> None:
    assert formats.ahead(NOW + on, now=NOW) == text


@pytest.mark.parametrize(
    ("back", "text"),
    [(timedelta(hours=1), "13:20"), (timedelta(days=2), "Mon 14:20"), (timedelta(days=8), "10 November")],
)
def test_since(back: timedelta, text: str) -> None:
    assert formats.since(NOW - back, now=NOW) == text


def test_seconds_with_the_date_if_it_is_another_day() -> None:
    assert formats.second(NOW, now=NOW) == "14:20:05"
    assert formats.second(NOW - timedelta(days=1), now=NOW) == "17 November 14:20:05"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 18), "Today"),
        (date(2026, 11, 17), "Yesterday"),
        (date(2026, 11, 15), "Sunday 15 November"),
        (date(2025, 11, 18), "Tuesday 18 November 2025"),
    ],
)
def test_day_names(day: date, text: str) -> None:
    assert Clock.of_reader(NOW).day_name(day) == text


def test_entries_are_grouped_by_the_readers_day() -> None:
    @dataclass
    class Entry:
        at: datetime

    late = Entry(datetime(2026, 11, 17, 23, 30, tzinfo=UTC))
    later, earlier = Entry(NOW), Entry(datetime(2026, 11, 17, 22, 30, tzinfo=UTC))
    assert list(Clock.of_reader(NOW).by_day([later, late, earlier])) == [
        (date(2026, 11, 18), [(later.at, later), (late.at, late)]),
        (date(2026, 11, 17), [(earlier.at, earlier)]),
    ]


def test_the_exact_moment() -> None:
    assert formats.exact(NOW) == "Wednesday 18 November 2026, 14:20:05 CET"


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - the strategy adds the zone
def test_iso_is_the_same_moment(at: datetime) -> None:
    assert datetime.fromisoformat(formats.iso(at)) == at.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1800, "1.8 KB"),
        (184_320, "184 KB"),
        (999_600, "1.0 MB"),
        (2_400_000_000, "2.4 GB"),
    ],
)
def test_sizes(amount: int, text: str) -> None:
    assert formats.size(amount) == text
