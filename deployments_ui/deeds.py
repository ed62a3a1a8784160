"""The words for each kind of change, in each of its phases."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext as _

from deployments_ui.states import name_of
from portal.services.operations.kinds import get_kind
from portal.services.operations.progress import Progress
from portal.services.queries.operations import OperationPage


class Phase(StrEnum):
    """How an operation stands: under way, accepted and not seen yet, done, refused, not known; or what a person said
    of it.
    """

    ACCEPTED = "accepted"
    DID_NOT = "did_not"
    DONE = "done"
    HAPPENED = "happened"
    OPEN = "open"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def phase_of(state: str, decision: str, *, is_unseen: bool) -> Phase:
    if state == "decided":
        return Phase.HAPPENED if decision == "happened" else Phase.DID_NOT
    if is_unseen:
        return Phase.ACCEPTED
    return {"succeeded": Phase.DONE, "refused": Phase.REFUSED, "unknown": Phase.UNKNOWN}.get(state, Phase.OPEN)


def said_of(kind: str, phase: Phase) -> str:
    """rolled back"""
    labels = get_kind(kind).labels
    if phase is Phase.ACCEPTED:
        return str(labels.accepted or labels.in_progress)
    words = {Phase.DONE: labels.done, Phase.HAPPENED: labels.done, Phase.OPEN: labels.in_progress}
    return str({**words, Phase.UNKNOWN: labels.unknown}.get(phase, labels.not_done))


def shape_of(kind: str, phase: Phase) -> tuple[str, str]:
    """The class of its colour, and its shape."""
    if phase in {Phase.REFUSED, Phase.DID_NOT}:
        return "failed", "failed"
    if phase in {Phase.ACCEPTED, Phase.UNKNOWN}:
        return "unknown", "unknown"
    if phase is Phase.OPEN:
        return "building", "building"
    return "done", get_kind(kind).icon.value


def title_of(found: OperationPage, phase: Phase, published: Progress | None) -> str:
    """What a person came to know, in one line."""
    app = found.deployment_name
    number = name_of(found.number, found.version_id) if found.version_id else ""
    kind = get_kind(found.kind)
    if published is not None and phase is Phase.DONE:
        return _of_publish(app, published)
    if phase is Phase.ACCEPTED and number and found.is_open:
        return _("%(app)s: switching to %(number)s") % {"app": app, "number": number}
    if kind.done_title is not None and phase is Phase.DONE and number:
        if not found.is_main:
            return _("%(app)s %(number)s was sent to %(environment)s") % {
                "app": app,
                "number": number,
                "environment": found.environment,
            }
        return str(kind.done_title) % {"app": app, "number": number}
    if phase is Phase.UNKNOWN:
        words = (
            _("%(app)s: nobody knows yet whether it happened")
            if found.needs_decision
            else _("%(app)s: not heard back yet")
        )
        return words % {"app": app}
    return f"{app} {said_of(found.kind, phase)}"


def _of_publish(app: str, published: Progress) -> str:
    number = name_of(published.version.number, published.version.id) if published.version else ""
    words = {
        "failed": _("%(app)s %(number)s failed"),
        "live": _("%(app)s %(number)s is live"),
        "ready": _("%(app)s %(number)s is going live") if published.goes_live else _("%(app)s %(number)s is staged"),
    }
    text = words.get(published.step) or _("%(app)s %(number)s is on its way")
    return " ".join((text % {"app": app, "number": number}).split())
