"""When builds ended and versions were live, as far as MIOSA's rows and the portal's own record tell."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.models import Version
from portal.models.versions import get_build_s
from portal.services.sync.upsert import version_times

CREATED = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
NOW = CREATED + timedelta(days=9)


def after(seconds: float) -> datetime:
    return CREATED + timedelta(seconds=seconds)


def note(*, was_unfinished: bool = False, **columns: object) -> Version:
    version = Version(created_at=CREATED, **columns)
    version_times.note_row(version, was_unfinished=was_unfinished, now=NOW)
    return version


@pytest.mark.parametrize(
    ("columns", "finished_at"),
    [
        ({"state": "ready", "promoted_at": after(38), "updated_at": after(9000)}, after(38)),
        ({"state": "failed", "updated_at": after(12)}, after(12)),
        ({"state": "ready", "updated_at": after(40)}, after(40)),
        ({"state": "ready", "promoted_at": after(86_400), "updated_at": after(86_400)}, None),
        ({"state": "failed", "updated_at": after(86_400)}, None),
        ({"state": "building", "updated_at": after(3)}, None),
        ({"state": "archived", "archived_at": after(60), "updated_at": after(60)}, None),
    ],
)
def test_the_end_of_a_build_is_known_or_left_open(columns: dict[str, Any], finished_at: datetime | None) -> None:
    assert note(**columns).finished_at == finished_at


def test_a_build_that_the_portal_saw_end_ended_when_it_was_read() -> None:
    assert note(state="failed", was_unfinished=True).finished_at == NOW


def test_a_later_row_does_not_move_the_end_of_a_build() -> None:
    version = note(state="ready", promoted_at=after(38))
    version.promoted_at = after(500)
    assert version_times.note_row(version, was_unfinished=False, now=NOW) == ("live_from",)
    assert version.finished_at == after(38)


def test_a_version_was_live_last_from_its_promotion_until_it_was_archived() -> None:
    version = note(state="archived", promoted_at=after(38), archived_at=after(7200))
    assert (version.live_from, version.live_until) == (after(38), after(7200))
    again = note(state="archived", promoted_at=after(9000), archived_at=after(7200))
    assert (again.live_from, again.live_until) == (after(9000), None)


@pytest.mark.parametrize("at", [after(-3), after(90_000)])
def test_no_build_took_less_than_nothing_or_more_than_a_day(at: datetime) -> None:
    """A clock was wrong, or nobody looked for days."""
    row = note(state="ready", promoted_at=at, was_unfinished=True)
    assert get_build_s(CREATED, row.finished_at) is None
    assert get_build_s(CREATED, after(40)) == 40


def test_what_lies_ahead_is_no_time_live() -> None:
    ahead = NOW + timedelta(days=20_000)
    assert note(state="ready", promoted_at=ahead).live_from is None
    row = note(state="archived", promoted_at=after(38), archived_at=ahead)
    assert (row.live_from, row.live_until) == (after(38), None)
