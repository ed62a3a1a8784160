"""Made-up statistics for the style guide: thirty days of one app."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from deployments_ui import figures, insights
from portal.services.queries.statistics import Day, Durations, Numbers
from portal.services.queries.statistics_rows import BuildTime, LivePeriod

DAYS = 30
# Publishes and failures of each day.
COUNTS = [(day * 7 % 11, 1 if day % 9 == 4 else 0) for day in range(DAYS)]


def charts(now: datetime) -> dict[str, Any]:
    """The figures and drawings that a page of insights has."""
    found = numbers(now)
    return {
        "figures": figures.list_figures(found),
        "per_day": insights.draw_days(found.days),
        "live_periods": insights.draw_periods(periods(now), found, url_of=lambda _version_id: "/styleguide/", now=now),
        "build_times": insights.draw_builds(builds(now), found, url_of=lambda _version_id: "/styleguide/"),
        "summary": insights.summarize(found),
    }


def numbers(now: datetime) -> Numbers:
    today = timezone.localdate(now)
    days = (
        Day(today - timedelta(days=DAYS - 1 - number), publishes + failed, failed)
        for number, (publishes, failed) in enumerate(COUNTS)
    )
    return Numbers(
        days=tuple(days),
        unfinished=0,
        rolled_back=1,
        builds=Durations(41.0, known=20, unknown=2),
        restores=Durations(240.0, known=1, unknown=0),
    )


def builds(now: datetime) -> tuple[BuildTime, ...]:
    return tuple(
        BuildTime(
            f"ver_{number}", 46 - number, now - timedelta(days=number, hours=3), 30.0 + number * 13 % 47, number == 7
        )
        for number in range(20)
    )


def periods(now: datetime) -> tuple[LivePeriod, ...]:
    at = [now - timedelta(days=days) for days in (40, 12, 11, 3)]
    return (
        LivePeriod("ver_44", 44, at[0], at[1], is_start_known=False, was_left=False),
        LivePeriod("ver_45", 45, at[1], at[2], is_start_known=True, was_left=True),
        LivePeriod("ver_44", 44, at[2], at[3], is_start_known=True, was_left=False),
        LivePeriod("ver_46", 46, at[3], None, is_start_known=True, was_left=False),
    )
