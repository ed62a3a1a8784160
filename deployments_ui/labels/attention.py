"""Kinds of problems on the home of staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label
from deployments_ui.translation import ngettext
from portal.services.attention.problems import AttentionRow
from portal.services.queries.app_counts import AppCounts
from portal.services.queries.attention_filters import Problem

PROBLEMS: dict[Problem, Label] = {
    Problem.DOMAIN_FAILING: Label("failed", "failed", _("Domain failing")),
    Problem.FAILED: Label("failed", "failed", _("Publish failed")),
    Problem.UNKNOWN: Label("unknown", "unknown", _("Outcome unknown")),
    Problem.STOPPED: Label("waiting", "gone", _("Stopped")),
    Problem.ROLLBACK: Label("waiting", "back", _("On a rollback")),
    Problem.DOMAIN_WAITING: Label("waiting", "created", _("Domain waiting")),
    Problem.STAGED: Label("staged", "staged", _("Staged for over 7 days")),
    Problem.NOT_REFRESHED: Label("unknown", "unknown", _("Not refreshed")),
}


def get_problem_label(problem: Problem) -> Label:
    return PROBLEMS[problem]


def describe_count(problem: Problem, count: int) -> str:
    """What follows a number: "failed publishes"."""
    match problem:
        case Problem.DOMAIN_FAILING:
            return ngettext("domain failing", "domains failing", count)
        case Problem.FAILED:
            return ngettext("failed publish", "failed publishes", count)
        case Problem.UNKNOWN:
            return ngettext("unknown outcome", "unknown outcomes", count)
        case Problem.STOPPED:
            return ngettext("stopped app", "stopped apps", count)
        case Problem.ROLLBACK:
            return ngettext("app on a rollback", "apps on a rollback", count)
        case Problem.DOMAIN_WAITING:
            return ngettext("domain waiting", "domains waiting", count)
        case Problem.STAGED:
            return ngettext("staged for over 7 days", "staged for over 7 days", count)
        case Problem.NOT_REFRESHED:
            return ngettext("app not refreshed", "apps not refreshed", count)


def get_row_id(row: AttentionRow) -> str:
    """Of the thing that a row is about, among those with the same problem."""
    if row.operation:
        return str(row.operation.key)
    return f"{row.deployment_id}-{row.domain.id}" if row.domain else row.deployment_id


def list_app_states(apps: AppCounts) -> list[Label]:
    """The apps of a customer by state: problems first, then what is live."""
    domains = ngettext("%(num)d with a domain problem", "%(num)d with a domain problem", apps.domains)
    on_rollback = ngettext("%(num)d on a rollback", "%(num)d on a rollback", apps.on_rollback)
    found = [
        (apps.failed, "failed", "failed", ngettext("%(num)d failed", "%(num)d failed", apps.failed)),
        (apps.domains, "waiting", "created", domains),
        (apps.stopped, "waiting", "gone", ngettext("%(num)d stopped", "%(num)d stopped", apps.stopped)),
        (apps.on_rollback, "waiting", "back", on_rollback),
        (apps.building, "building", "building", ngettext("%(num)d building", "%(num)d building", apps.building)),
        (apps.staged, "staged", "staged", ngettext("%(num)d staged", "%(num)d staged", apps.staged)),
        (apps.live, "good", "live", ngettext("%(num)d live", "%(num)d live", apps.live)),
        (apps.not_live, "archived", "archived", ngettext("%(num)d not live", "%(num)d not live", apps.not_live)),
    ]
    return [Label(css, shape, text % {"num": count}) for count, css, shape, text in found if count]
