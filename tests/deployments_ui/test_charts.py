"""Geometry of charts: percentages across, pixels down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployments_ui import charts
from deployments_ui.charts import Column, Point, Stretch

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=10)


def column(done: int, failed: int = 0) -> Column:
    return Column((("done", done), ("failed", failed)), "a day")


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 2), (1, 2), (3, 4), (5, 6), (7, 10), (11, 20), (61, 100), (101, 200), (412, 600), (99_999, 100_000)],
)
def test_an_axis_of_counts_ends_at_a_round_even_number(highest: int, top: int) -> None:
    assert charts.round_up(highest) == top
    assert top % 2 == 0


@pytest.mark.parametrize(
    ("seconds", "top"),
    [(0.4, 10), (11, 20), (41, 60), (61, 120), (3000, 3600), (100_000, 172_800), (10**8, 2000 * 86400)],
)
def test_an_axis_of_durations_ends_at_a_round_one(seconds: float, top: int) -> None:
    assert charts.round_up_seconds(seconds) == top


def test_bars_share_the_width_and_are_stacked_up_to_the_axis() -> None:
    chart = charts.draw_bars([column(10), column(4, 4), column(0)], ["a", "b", "c"])
    full, mixed, empty = chart.bars
    assert [(part.css, part.y, part.height) for part in full.parts] == [("done", 0, 140)]
    assert [(part.css, part.y, part.height) for part in mixed.parts] == [("done", 84, 56), ("failed", 28, 56)]
    assert empty.parts == ()
    assert [bar.slot_x for bar in chart.bars] == [0, 33.33, 66.67]
    assert [(tick.y, tick.text) for tick in chart.ticks] == [(0, "10"), (70, "5"), (140, "0")]


def test_one_failure_among_very_many_is_visible_and_stays_inside() -> None:
    (bar,) = charts.draw_bars([column(100_000, 1)], []).bars
    done, failed = bar.parts
    assert failed.height == pytest.approx(0) or failed.y >= 0
    (bar,) = charts.draw_bars([column(50_000, 1)], []).bars
    assert bar.parts[1].height == charts.LEAST_HEIGHT
    assert all(part.y >= 0 and part.y + part.height <= charts.PLOT_HEIGHT for part in (done, failed, *bar.parts))


def test_a_sparkline_of_many_days_adds_some_up() -> None:
    bars = charts.draw_sparkline([column(1)] * 90)
    assert len(bars) == 30
    assert {bar.parts[0].height for bar in bars} == {charts.SPARK_HEIGHT}
    assert bars[-1].x + bars[-1].width <= charts.SPARK_WIDTH
    assert charts.draw_sparkline([]) == ()


def test_dots_are_placed_by_time_and_duration() -> None:
    points = [Point(START, 0, "done", ""), Point(END, 60, "failed", "")]
    chart = charts.draw_dots(
        points, start=START, end=END, labels=["a", "b"], ticks=[(60, "1 min"), (30, "30 s"), (0, "0 s")], median=30
    )
    assert [(dot.x, dot.y) for dot in chart.dots] == [(0, 140), (100, 0)]
    assert chart.median_y == 70


def test_a_strip_is_cut_to_its_time_and_names_what_is_wide_enough() -> None:
    strip = charts.draw_strip(
        [
            Stretch(START - timedelta(days=3), START + timedelta(days=5), "before", "#1", ""),
            Stretch(START + timedelta(days=5), START + timedelta(days=5, seconds=1), "left", "#2", ""),
            Stretch(START + timedelta(days=5), END + timedelta(days=1), "live", "#1", ""),
        ],
        start=START,
        end=END,
        labels=[],
    )
    assert [(span.x, span.width, span.text) for span in strip.spans] == [
        (0, 50, "#1"),
        (50, charts.LEAST_SHARE, ""),
        (50, 50, "#1"),
    ]


def test_labels_are_spread_and_stay_inside() -> None:
    assert [(label.x, label.anchor) for label in charts.spread_labels(["a", "b", "c"])] == [
        (0, "start"),
        (50, "middle"),
        (100, "end"),
    ]
    assert [(label.x, label.anchor) for label in charts.spread_labels(["a"])] == [(0, "start")]
