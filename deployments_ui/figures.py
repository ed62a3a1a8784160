"""Statistics in words and numbers: the figures of a page of insights, and short facts for a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployments_ui import formats
from deployments_ui.translation import gettext as _
from deployments_ui.translation import ngettext
from portal.services.queries.statistics import Day, Durations, Numbers


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: str
    details: str = ""


def list_figures(numbers: Numbers, *, is_cut: bool = False) -> list[Figure]:
    """`is_cut`: it is not shown when versions went live."""
    figures = [
        Figure(_("Publishes"), str(numbers.publishes), _show_frequency(numbers)),
        Figure(_("Median build"), show_median(numbers.builds), _show_basis(numbers.builds)),
    ]
    if is_cut:
        return figures
    return [
        figures[0],
        Figure(_("Change failure rate"), show_rate(numbers.failure_rate), _count_rolled_back(numbers)),
        figures[1],
        Figure(_("Time to restore"), show_median(numbers.restores), _show_restores(numbers.restores)),
    ]


def show_rate(rate: float | None) -> str:
    """3.1%; a dash if nothing was finished."""
    return "–" if rate is None else _("%(percent)s%%") % {"percent": _shorten(rate * 100)}


def count_publishes(days: Sequence[Day]) -> str:
    """7 publishes, 1 failed"""
    publishes, failed = sum(day.publishes for day in days), sum(day.failed for day in days)
    return _join(_count_publishes(publishes), _count_failed(failed) if failed else "")


def show_median(found: Durations) -> str:
    return "–" if found.median_s is None else formats.duration(found.median_s)


def list_facts(numbers: Numbers) -> tuple[str, ...]:
    """412 publishes, 3.1% failed, median build 41 s, restored in 4 min: what is known of it."""
    if not numbers.publishes:
        return (_("no publishes"),)
    facts = [_count_publishes(numbers.publishes)]
    if numbers.failed and numbers.finished:
        facts.append(_("%(percent)s failed") % {"percent": show_rate(numbers.failed / numbers.finished)})
    if numbers.builds.median_s is not None:
        facts.append(_("median build %(duration)s") % {"duration": formats.duration(numbers.builds.median_s)})
    if numbers.restores.median_s is not None:
        facts.append(_("restored in %(duration)s") % {"duration": formats.duration(numbers.restores.median_s)})
    return tuple(facts)


def _shorten(number: float) -> str:
    """3.1, and 3 instead of 3.0."""
    return f"{number:.1f}".removesuffix(".0")


def _show_frequency(numbers: Numbers) -> str:
    """What is still being built, else how many a week."""
    if numbers.unfinished:
        text = ngettext("%(num)d being built", "%(num)d being built", numbers.unfinished)
        return text % {"num": numbers.unfinished}
    return _("%(number)s per week") % {"number": _shorten(numbers.publishes * 7 / len(numbers.days))}


def _count_publishes(count: int) -> str:
    return ngettext("%(num)d publish", "%(num)d publishes", count) % {"num": count}


def _show_basis(found: Durations) -> str:
    """How many builds a median is of, and how many are unknown."""
    known = ngettext("%(num)d build", "%(num)d builds", found.known) % {"num": found.known}
    return _join(known, _count_unknown(found))


def _show_restores(found: Durations) -> str:
    count = found.known + found.unknown
    rollbacks = ngettext("%(num)d rollback", "%(num)d rollbacks", count) % {"num": count}
    return _join(rollbacks, _count_unknown(found))


def _count_rolled_back(numbers: Numbers) -> str:
    rolled_back = ngettext("%(num)d rolled back", "%(num)d rolled back", numbers.rolled_back)
    return _join(_count_failed(numbers.failed), rolled_back % {"num": numbers.rolled_back})


def _count_failed(count: int) -> str:
    return ngettext("%(num)d failed", "%(num)d failed", count) % {"num": count}


def _count_unknown(found: Durations) -> str:
    if not found.unknown:
        return ""
    return ngettext("%(num)d unknown", "%(num)d unknown", found.unknown) % {"num": found.unknown}


def _join(*texts: str) -> str:
    return ", ".join(filter(None, texts))
