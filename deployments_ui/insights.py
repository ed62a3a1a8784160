"""Statistics as charts, with a sentence each and a table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from deployments_ui import charts, figures, formats
from deployments_ui.charts import Bar, BarChart, Column, DotChart, Point, Stretch, Strip
from deployments_ui.translation import gettext as _
from deployments_ui.translation import ngettext
from portal.services.queries.statistics import Day, Numbers
from portal.services.queries.statistics_rows import BuildTime, LivePeriod

DONE, FAILED, LIVE, BEFORE, LEFT = "done", "failed", "live", "before", "left"

UrlOfDay = Callable[[date], str]
UrlOfVersion = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table, with an address if it leads somewhere."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers in one line: the bars of a small chart, none without publishes, and short facts."""

    bars: tuple[Bar, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TabledChart:
    """A chart with the sentence that says what it shows, and the same numbers as the rows of a table."""

    chart: BarChart | DotChart | Strip
    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    # What is left out of it, if anything is.
    note: str = ""


def summarize(numbers: Numbers) -> Summary:
    return Summary(draw_sparkline(numbers.days) if numbers.publishes else (), figures.list_facts(numbers))


def draw_sparkline(days: Sequence[Day]) -> tuple[Bar, ...]:
    return charts.draw_sparkline([_column(day) for day in days])


def describe_days(days: Sequence[Day]) -> str:
    """The sentence of a chart of publishes: how many, how many of them failed, and on which day most."""
    busiest = max(days, key=lambda day: day.publishes)
    values = {
        "counts": figures.count_publishes(days),
        "day": formats.short_date(busiest.day),
        "most": busiest.publishes,
    }
    return _("%(counts)s. Most on %(day)s: %(most)d.") % values


def draw_days(days: Sequence[Day], *, url_of: UrlOfDay | None = None) -> TabledChart:
    """Publishes and failures of each day. The table has the days with a publish, the newest first."""
    return TabledChart(
        charts.draw_bars([_column(day) for day in days], _label_days(days[0].day, days[-1].day)),
        describe_days(days),
        (_("Day"), _("Publishes"), _("Failed")),
        tuple(
            (
                Cell(formats.short_date(day.day), url_of(day.day) if url_of else ""),
                Cell(str(day.publishes)),
                Cell(str(day.failed)),
            )
            for day in reversed(days)
            if day.publishes
        ),
    )


def draw_builds(builds: Sequence[BuildTime], numbers: Numbers, *, url_of: UrlOfVersion) -> TabledChart | None:
    """How long each build took, `builds` being the newest of those counted. None if that is known of none."""
    known = [build for build in builds if build.seconds is not None]
    if not known:
        return None
    start, end = _get_ends(numbers.days)
    longest = max(known, key=lambda build: build.seconds or 0)
    top = charts.round_up_seconds(longest.seconds or 0)
    points = [
        Point(build.at, build.seconds or 0, FAILED if build.is_failed else DONE, _describe_build(build))
        for build in known
    ]
    chart = charts.draw_dots(
        points,
        start=start,
        end=end,
        labels=_label_days(numbers.days[0].day, numbers.days[-1].day),
        ticks=[(value, formats.duration(value)) for value in (top, top // 2, 0)],
        median=numbers.builds.median_s,
    )
    counted, note = numbers.builds.known, ""
    if len(known) < counted:
        note = ngettext("The newest %(drawn)d of %(num)d build.", "The newest %(drawn)d of %(num)d builds.", counted)
        note %= {"drawn": len(known), "num": counted}
    values = {
        "note": note,
        "builds": ngettext("%(num)d build", "%(num)d builds", len(known)) % {"num": len(known)},
        "median": figures.show_median(numbers.builds),
        "longest": formats.duration(longest.seconds or 0),
    }
    return TabledChart(
        chart,
        (
            _("%(note)s Median of all: %(median)s. Longest of these: %(longest)s.") % values
            if note
            else _("%(builds)s, median %(median)s, longest %(longest)s.") % values
        ),
        (_("Version"), _("Started"), _("Duration"), _("Result")),
        tuple(
            (
                Cell(formats.number_or_id(build.number, build.version_id), url_of(build.version_id)),
                Cell(formats.since(build.at)),
                Cell(_("unknown") if build.seconds is None else formats.duration(build.seconds)),
                Cell(_("failed") if build.is_failed else _("built")),
            )
            for build in builds
        ),
        note,
    )


def draw_periods(
    periods: Sequence[LivePeriod], numbers: Numbers, *, url_of: UrlOfVersion, now: datetime
) -> TabledChart | None:
    """What was live when. None if nothing was, as far as is known."""
    if not periods:
        return None
    start, _end = _get_ends(numbers.days)
    longest = max(periods, key=lambda period: (period.end or now) - period.start)
    chart = charts.draw_strip(
        [_stretch(period, now=now) for period in periods],
        start=start,
        end=now,
        labels=_label_days(numbers.days[0].day, numbers.days[-1].day),
    )
    values = {
        "versions": ngettext("%(num)d live period", "%(num)d live periods", len(periods)) % {"num": len(periods)},
        "number": formats.number_or_id(longest.number, longest.version_id),
        "span": _show_length(longest, now=now),
    }
    return TabledChart(
        chart,
        _("%(versions)s. Longest: %(number)s, %(span)s.") % values,
        (_("Version"), _("Live from"), _("Until"), _("For")),
        tuple(
            (
                Cell(formats.number_or_id(period.number, period.version_id), url_of(period.version_id)),
                Cell(_show_start(period)),
                Cell(_show_end(period)),
                Cell(_show_length(period, now=now)),
            )
            for period in reversed(periods)
        ),
    )


def _column(day: Day) -> Column:
    title = _("%(day)s: %(counts)s") % {"day": formats.short_date(day.day), "counts": figures.count_publishes([day])}
    return Column(((DONE, day.publishes - day.failed), (FAILED, day.failed)), title)


def _label_days(first: date, last: date) -> list[str]:
    middle = first + (last - first) / 2
    return [formats.short_date(first), formats.short_date(middle), _("Today")]


def _get_ends(days: Sequence[Day]) -> tuple[datetime, datetime]:
    """From the first midnight to the last one, in the reader's zone."""
    zone = timezone.get_current_timezone()
    first, behind = days[0].day, days[-1].day + timedelta(days=1)
    return datetime.combine(first, time.min, tzinfo=zone), datetime.combine(behind, time.min, tzinfo=zone)


def _describe_build(build: BuildTime) -> str:
    values = {
        "number": formats.number_or_id(build.number, build.version_id),
        "duration": formats.duration(build.seconds or 0),
        "at": formats.since(build.at),
    }
    if build.is_failed:
        return _("%(number)s failed after %(duration)s, %(at)s") % values
    return _("%(number)s built in %(duration)s, %(at)s") % values


def _stretch(period: LivePeriod, *, now: datetime) -> Stretch:
    number = formats.number_or_id(period.number, period.version_id)
    css = LIVE if period.end is None else LEFT if period.was_left else BEFORE
    values = {"number": number, "span": _show_length(period, now=now), "start": _show_start(period)}
    title = _("%(number)s, live for %(span)s, from %(start)s") % values
    if period.was_left:
        title = _("%(title)s, then rolled back") % {"title": title}
    return Stretch(period.start, period.end or now, css, number, title)


def _show_start(period: LivePeriod) -> str:
    at = formats.since(period.start)
    return at if period.is_start_known else _("%(at)s or earlier") % {"at": at}


def _show_end(period: LivePeriod) -> str:
    if period.end is None:
        return _("live now")
    at = formats.since(period.end)
    return _("%(at)s, rolled back") % {"at": at} if period.was_left else at


def _show_length(period: LivePeriod, *, now: datetime) -> str:
    return formats.span(((period.end or now) - period.start).total_seconds())
