"""Geometry of charts, for the macros in `templates/components/charts.html`. Pure functions; texts come from the caller.

Across, everything is a percentage of the chart's width, and down it is pixels: so a chart fills its column on each
screen, while its text, outlines and dots keep their size. No element needs a style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

PLOT_HEIGHT = 140
SPARK_WIDTH, SPARK_HEIGHT = 80, 20
# Something that is not zero is seen, and so is a moment.
LEAST_HEIGHT, LEAST_SHARE = 3.0, 0.4
# A number fits into a bar of the strip on a phone.
LABELLED_SHARE = 12.0
DAY_S = 86_400
# Tops of axes whose half is a round number too.
ROUND_COUNTS = (2, 4, 6, 10)
ROUND_SECONDS = (
    *(10, 20, 60, 120, 240, 600, 1200, 3600, 2 * 3600, 4 * 3600, 12 * 3600, DAY_S),
    *(2 * DAY_S, 10 * DAY_S, 20 * DAY_S, 100 * DAY_S),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: `css` is its class without `is-`; y and height in pixels."""

    css: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """x and width in percent; those of the slot are the whole column, which shows `title` on hover."""

    x: float
    width: float
    slot_x: float
    slot_width: float
    parts: tuple[Part, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """Below the chart, x in percent. `anchor` is start, middle or end."""

    x: float
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its text, y in pixels."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class BarChart:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """x in percent, y in pixels."""

    x: float
    y: float
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class DotChart:
    """`median_y` is where the line of the median is, None without one."""

    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    median_y: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """x and width in percent. `text` is empty where it would not fit."""

    x: float
    width: float
    css: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    spans: tuple[Span, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """What a bar shows: the amounts of its parts from the bottom up, each with its class."""

    amounts: tuple[tuple[str, int], ...]
    title: str

    @property
    def total(self) -> int:
        return sum(amount for _css, amount in self.amounts)


@dataclass(frozen=True, slots=True)
class Point:
    """A duration at a moment."""

    at: datetime
    seconds: float
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that lasted from `start` to `end`."""

    start: datetime
    end: datetime
    css: str
    text: str
    title: str


def draw_bars(columns: Sequence[Column], labels: Sequence[str]) -> BarChart:
    """One bar for each column, with few `labels` spread evenly below them."""
    top = round_up(max((column.total for column in columns), default=0))
    slot = 100 / max(1, len(columns))
    bars = [
        Bar(
            x=_tidy(number * slot + slot * 0.12),
            width=_tidy(slot * 0.76),
            slot_x=_tidy(number * slot),
            slot_width=_tidy(slot),
            parts=_stack(column.amounts, top=top, height=PLOT_HEIGHT),
            title=column.title,
        )
        for number, column in enumerate(columns)
    ]
    ticks = [_tick(value, str(value), top=top) for value in (top, top // 2, 0)]
    return BarChart(tuple(bars), tuple(ticks), spread_labels(labels))


def draw_sparkline(columns: Sequence[Column], *, most_bars: int = 30) -> tuple[Bar, ...]:
    """A small chart for a list, in pixels: 80 × 20. Of more columns some are added up, so that bars stay visible."""
    size = -(-len(columns) // most_bars) if columns else 1
    joined = [_add_up(columns[start : start + size]) for start in range(0, len(columns), size)]
    top = max((column.total for column in joined), default=0) or 1
    slot = SPARK_WIDTH / max(1, len(joined))
    return tuple(
        Bar(
            x=_tidy(number * slot),
            width=_tidy(slot * 0.75),
            slot_x=_tidy(number * slot),
            slot_width=_tidy(slot),
            parts=_stack(column.amounts, top=top, height=SPARK_HEIGHT),
            title="",
        )
        for number, column in enumerate(joined)
    )


def draw_dots(
    points: Sequence[Point],
    *,
    start: datetime,
    end: datetime,
    labels: Sequence[str],
    ticks: Sequence[tuple[int, str]],
    median: float | None,
) -> DotChart:
    """Durations as dots over time. `ticks` are the seconds that the axis names with their texts, the top first."""
    top = ticks[0][0]
    return DotChart(
        dots=tuple(
            Dot(_place(point.at, start, end), _get_y(point.seconds, top=top), point.css, point.title)
            for point in points
        ),
        ticks=tuple(_tick(value, text, top=top) for value, text in ticks),
        labels=spread_labels(labels),
        median_y=None if median is None else _get_y(median, top=top),
    )


def draw_strip(stretches: Sequence[Stretch], *, start: datetime, end: datetime, labels: Sequence[str]) -> Strip:
    """What followed what, cut to the time from `start` to `end`."""
    spans = []
    for each in stretches:
        x, until = _place(max(each.start, start), start, end), _place(min(each.end, end), start, end)
        width = _tidy(max(LEAST_SHARE, until - x))
        spans.append(Span(x, width, each.css, each.text if width >= LABELLED_SHARE else "", each.title))
    return Strip(tuple(spans), spread_labels(labels))


def spread_labels(texts: Sequence[str]) -> tuple[Label, ...]:
    """Evenly over the width; the first and the last stay inside. A single one is at the start."""
    last = len(texts) - 1
    anchors = ["start", *["middle"] * (last - 1), "end"] if last > 0 else ["start"] * len(texts)
    return tuple(
        Label(_tidy(number * 100 / last) if last > 0 else 0.0, anchor, text)
        for number, (anchor, text) in enumerate(zip(anchors, texts, strict=True))
    )


def round_up(highest: int) -> int:
    """The top of an axis of counts: a round even number of at least 2, so that its half is a whole one."""
    power = 1
    while highest > ROUND_COUNTS[-1] * power:
        power *= 10
    return next(each * power for each in ROUND_COUNTS if each * power >= highest)


def round_up_seconds(highest: float) -> int:
    """The top of an axis of durations, whose half is round too."""
    found = next((top for top in ROUND_SECONDS if top >= highest), None)
    return found if found is not None else DAY_S * round_up(int(highest // DAY_S) + 1)


def _stack(amounts: Sequence[tuple[str, int]], *, top: int, height: int) -> tuple[Part, ...]:
    """From the bottom up. What is not zero is at least visible, and nothing leaves the chart."""
    shown = [(css, max(LEAST_HEIGHT, amount / top * height)) for css, amount in amounts if amount > 0]
    scale = min(1.0, height / sum(tall for _css, tall in shown)) if shown else 1.0
    parts, y = [], float(height)
    for css, tall in shown:
        y -= tall * scale
        parts.append(Part(css, _tidy(max(0.0, y)), _tidy(tall * scale)))
    return tuple(parts)


def _add_up(columns: Sequence[Column]) -> Column:
    by_css: dict[str, int] = {}
    for column in columns:
        for css, amount in column.amounts:
            by_css[css] = by_css.get(css, 0) + amount
    return Column(tuple(by_css.items()), "")


def _tick(value: int, text: str, *, top: int) -> Tick:
    return Tick(_get_y(value, top=top), text)


def _get_y(value: float, *, top: float) -> float:
    return _tidy(PLOT_HEIGHT * (1 - min(1.0, value / top)))


def _place(at: datetime, start: datetime, end: datetime) -> float:
    """In percent of the time from `start` to `end`."""
    share = (at - start) / (end - start)
    return _tidy(100 * min(1.0, max(0.0, share)))


def _tidy(value: float) -> float:
    """Short in a page, and exact enough for every screen."""
    return round(value, 2)
