"""Times as a person reads them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import sizes, times
from deployments_ui.times import Clock

NOW = datetime(2026, 11, 18, 13, 20, 5, tzinfo=UTC)
CLOCK = Clock(NOW, ZoneInfo("Europe/Berlin"))


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
        (timedelta(seconds=-40), "in 40 s"),
    ],
)
def test_how_long_ago(back: timedelta, text: str) -> None:
    assert CLOCK.ago(NOW - back) == text


@pytest.mark.parametrize(
    ("back", "text"),
    [(timedelta(hours=1), "13:20"), (timedelta(days=2), "Mon 14:20"), (timedelta(days=8), "10 November")],
)
def test_since_when(back: timedelta, text: str) -> None:
    assert CLOCK.since(NOW - back) == text


def test_days_are_the_readers() -> None:
    late = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    assert CLOCK.day(CLOCK.local(late).date()) == "Today"
    assert Clock(NOW, UTC).day(late.date()) == "Yesterday"
    assert CLOCK.day(CLOCK.local(NOW - timedelta(days=3)).date()) == "Sunday 15 November"
    assert CLOCK.day(CLOCK.local(NOW - timedelta(days=365)).date()) == "Tuesday 18 November 2025"


def test_the_exact_moment() -> None:
    assert CLOCK.exact(NOW) == "Wednesday 18 November 2026, 14:20:05 CET"


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - the strategy adds the zone
def test_a_moment_written_for_machines_is_that_moment(at: datetime) -> None:
    assert datetime.fromisoformat(times.iso(at)) == at.astimezone(UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1800, "1.8 KB"),
        (184_320, "184 KB"),
        (999_600, "1.0 MB"),
        (2_400_000_000, "2.4 GB"),
    ],
)
def test_sizes(amount: int, text: str) -> None:
    assert sizes.size(amount) == text
