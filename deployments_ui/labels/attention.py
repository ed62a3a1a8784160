"""Kinds of trouble on the home of staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label
from deployments_ui.translation import ngettext
from portal.services.attention.troubles import AttentionRow
from portal.services.queries.app_counts import AppCounts
from portal.services.queries.attention_filters import Trouble

TROUBLES: dict[Trouble, Label] = {
    Trouble.DOMAIN_FAILING: Label("failed", "failed", _("Domain failing")),
    Trouble.FAILED: Label("failed", "failed", _("Publish failed")),
    Trouble.UNKNOWN: Label("unknown", "unknown", _("Outcome unknown")),
    Trouble.STOPPED: Label("waiting", "gone", _("Stopped")),
    Trouble.ROLLBACK: Label("waiting", "back", _("On a rollback")),
    Trouble.DOMAIN_WAITING: Label("waiting", "created", _("Domain waiting")),
    Trouble.STAGED: Label("staged", "staged", _("Staged for over 7 days")),
    Trouble.NOT_REFRESHED: Label("unknown", "unknown", _("Not refreshed")),
}


def get_trouble_label(trouble: Trouble) -> Label:
    return TROUBLES[trouble]


def describe_count(trouble: Trouble, count: int) -> str:
    """What follows a number: "failed publishes"."""
    match trouble:
        case Trouble.DOMAIN_FAILING:
            return ngettext("domain failing", "domains failing", count)
        case Trouble.FAILED:
            return ngettext("failed publish", "failed publishes", count)
        case Trouble.UNKNOWN:
            return ngettext("unknown outcome", "unknown outcomes", count)
        case Trouble.STOPPED:
            return ngettext("stopped app", "stopped apps", count)
        case Trouble.ROLLBACK:
            return ngettext("app on a rollback", "apps on a rollback", count)
        case Trouble.DOMAIN_WAITING:
            return ngettext("domain waiting", "domains waiting", count)
        case Trouble.STAGED:
            return ngettext("staged for over 7 days", "staged for over 7 days", count)
        case Trouble.NOT_REFRESHED:
            return ngettext("app not refreshed", "apps not refreshed", count)


def get_row_id(row: AttentionRow) -> str:
    """Of the thing that a row is about, among those with the same trouble."""
    if row.operation:
        return str(row.operation.key)
    return f"{row.deployment_id}-{row.domain.id}" if row.domain else row.deployment_id


def list_app_states(apps: AppCounts) -> list[Label]:
    """The apps of a customer by state: trouble first, then what is live."""
    found = [
        (apps.failed, "failed", "failed", _("%(n)d failed")),
        (apps.domains, "waiting", "created", _("%(n)d with a domain problem")),
        (apps.stopped, "waiting", "gone", _("%(n)d stopped")),
        (apps.on_rollback, "waiting", "back", _("%(n)d on a rollback")),
        (apps.building, "building", "building", _("%(n)d building")),
        (apps.staged, "staged", "staged", _("%(n)d staged")),
        (apps.live, "good", "live", _("%(n)d live")),
        (apps.not_live, "archived", "archived", _("%(n)d not live")),
    ]
    return [Label(css, shape, str(word) % {"n": count}) for count, css, shape, word in found if count]
