"""How far an operation is: its steps, each with its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.services.operations.kinds import get_kind
from portal.services.operations.progress import Progress
from portal.services.queries.operations import OperationPage

PUBLISH_STEPS = ("sending", "created", "building", "ready", "live")
VERDICTS = {"bad": "failed", "ok": "live", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Step:
    """`state` is the CSS class and the shape: live (done), building, created (not begun), failed or unknown."""

    word: str
    state: str
    at: datetime | None = None
    text: str = ""


def list_steps(operation: OperationPage, progress: Progress | None = None) -> list[Step]:
    """`progress` is that of a publish."""
    requested = Step(_("Requested"), "live", operation.requested_at)
    if operation.state == "decided":
        return [requested, _decided(operation)]
    if operation.state == "unknown":
        return [requested, _unanswered(operation)]
    if operation.state == "refused":
        return [requested, Step(_("Not done"), "failed", operation.settled_at, operation.error)]
    if progress is not None:
        return [requested, *_list_publish_steps(operation, progress)]
    if operation.is_building:
        text = _("The hosting service is building it.")
        return [requested, Step(_("Built"), "building", text=text), Step(_("Checked"), "created")]
    kind = get_kind(operation.kind)
    if not kind.moves_pointer:
        checked = [_checked(operation, since=operation.settled_at)] if kind.is_checked else []
        return [requested, _done(operation), *checked]
    if not operation.is_main:
        word = _("Sent to %(environment)s") % {"environment": operation.environment}
        return [requested, Step(word, "live" if operation.settled_at else "created", operation.settled_at)]
    return [requested, _switched(operation), _checked(operation, since=operation.switched_at)]


def _decided(operation: OperationPage) -> Step:
    text = _("as reported by %(name)s") % {"name": operation.decided_by}
    if operation.decision == "happened":
        return Step(_("It happened"), "live", operation.settled_at, text)
    return Step(_("It did not happen"), "failed", operation.settled_at, text)


def _unanswered(operation: OperationPage) -> Step:
    text = _("No answer yet. We check every second whether it happened.")
    if operation.needs_decision:
        text = _("We got no answer, and can't find out whether it happened.")
    return Step(_("Sent"), "unknown", operation.sent_at, text)


def _done(operation: OperationPage) -> Step:
    if operation.state == "succeeded":
        return Step(_("Done"), "live", operation.settled_at, _how_detected(operation))
    return Step(_("Done"), "building", text=_("The hosting service is working on it."))


def _switched(operation: OperationPage) -> Step:
    if operation.switched_at or operation.is_live:
        return Step(_("Switched"), "live", operation.switched_at, _how_detected(operation))
    if operation.state == "succeeded":
        text = _("The hosting service accepted it, but still shows the previous version as live.")
        return Step(_("Switched"), "building" if operation.is_open else "unknown", text=text)
    return Step(_("Switched"), "building")


def _how_detected(operation: OperationPage) -> str:
    return _("We got no answer, then checked: it happened.") if operation.by_reading else ""


def _checked(operation: OperationPage, *, since: datetime | None) -> Step:
    if since is None:
        return Step(_("Checked"), "created")
    state, text = VERDICTS.get(operation.verdict, "building"), operation.verdict_text
    if state == "building" and not operation.is_open:
        return Step(_("Checked"), "unknown", operation.checked_at, text or _("The app was not checked."))
    return Step(_("Checked"), state, operation.checked_at, text or _("Requesting the app's address…"))


def _list_publish_steps(operation: OperationPage, progress: Progress) -> list[Step]:
    moments = dict(progress.moments)
    if progress.step == "failed":
        return [
            Step(_("Created"), "live", moments.get("created")),
            Step(_("Failed"), "failed", moments.get("failed")),
        ]
    words = {"created": _("Created"), "building": _("Building"), "ready": _("Ready")}
    if progress.goes_live:
        words["live"] = _("Live")
    reached = PUBLISH_STEPS.index(progress.step) if progress.step in PUBLISH_STEPS else 0
    steps = []
    for name, word in words.items():
        state = _state_of(name, reached)
        steps.append(Step(word, state, None if state == "created" else moments.get(name)))
    return [*steps, _checked(operation, since=operation.switched_at)] if progress.step == "live" else steps


def _state_of(name: str, reached: int) -> str:
    """Creating and going live begin with the step before them; building ends with the next one."""
    index = PUBLISH_STEPS.index(name)
    if index < reached or (index == reached and name != "building"):
        return "live"
    is_next = index == reached + 1 and name in {"created", "live"}
    return "building" if index == reached or is_next else "created"
