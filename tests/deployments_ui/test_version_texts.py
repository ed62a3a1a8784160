"""What the row of a version says, from its publish to what ended it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments_ui.formats import Clock
from deployments_ui.labels import version_texts
from deployments_ui.labels.version_texts import VersionText
from portal.services.queries.schemas import State, VersionSummary
from portal.services.queries.timeline_schemas import VersionEntry

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
CREATED = NOW - timedelta(hours=40)
VERSION = VersionSummary(
    id="ver_1",
    number=23,
    state=State.ARCHIVED,
    state_text="",
    kind="static",
    created_at=CREATED,
    who="Ana Ruiz",
    role="",
    reason="",
    files=42,
    total_bytes=184_000,
    was_live=True,
    finished_at=CREATED + timedelta(seconds=41),
    live_from=CREATED + timedelta(seconds=50),
    live_until=CREATED + timedelta(hours=32, seconds=50),
)


def describe(*, is_gone: bool = False, **changes: object) -> VersionText:
    version = replace(VERSION, **changes)  # type: ignore[arg-type]  # any field
    entry = VersionEntry(1, CREATED, "dep_1", "Main site", version, "", is_gone)
    return version_texts.describe(entry, NOW, "en")


@pytest.mark.parametrize(
    ("changes", "rest", "built"),
    [
        ({}, "was live 32 h", "built in 41 s"),
        ({"live_until": None}, "was live", "built in 41 s"),
        ({"live_until": CREATED}, "was live", "built in 41 s"),
        ({"finished_at": CREATED - timedelta(seconds=3)}, "was live 32 h", ""),
        ({"state": State.LIVE, "live_until": None}, "39 h", "built in 41 s"),
        ({"state": State.LIVE, "live_from": None, "finished_at": None}, "", ""),
        ({"state": State.STAGED, "was_live": False}, "", "built in 41 s"),
        ({"state": State.READY, "was_live": False}, "· never live", "built in 41 s"),
        ({"state": State.FAILED, "finished_at": CREATED + timedelta(seconds=72)}, "after 1 min 12 s", ""),
        ({"state": State.FAILED, "finished_at": None}, "", ""),
        ({"state": State.BUILDING, "created_at": NOW - timedelta(seconds=12), "finished_at": None}, "12 s", ""),
        ({"is_gone": True}, "", ""),
    ],
)
def test_the_outcome_of_a_version(changes: dict[str, object], rest: str, built: str) -> None:
    text = describe(**changes)  # type: ignore[arg-type]  # of both
    assert (text.rest, text.built) == (rest, built)


def test_the_title_is_what_people_wrote_else_the_cause_of_a_failure_the_sandbox_or_facts() -> None:
    assert describe(note="Spring prices", reason="new prices", sandbox_name="spring").title == "Spring prices"
    assert describe(reason="new prices", sandbox_name="spring").title == "new prices"
    assert describe(reason="new prices").is_quote
    failed: dict[str, Any] = {"failure": "TS2339 in index.tsx", "state": State.FAILED}
    assert describe(**failed, sandbox_name="spring").title == "TS2339 in index.tsx"
    assert describe(**failed, note="Spring").rest == "after 41 s: TS2339 in index.tsx"
    assert describe(sandbox_name="spring").title == "from “spring”"
    assert describe().title == "static · 42 files · 184 KB"


def test_the_day_in_the_margin_is_short_but_clear() -> None:
    with timezone.override("UTC"):
        clock = Clock.of_reader(NOW)
    days = (NOW.date(), datetime(2026, 10, 31).date(), datetime(2025, 5, 3).date())  # noqa: DTZ001  # dates only
    assert [clock.day_label(day) for day in days] == ["Sun 29", "Sat 31 Oct", "3 May 2025"]
    assert clock.day_name(days[0]) == "Today"
