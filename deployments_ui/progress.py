"""How far a change is: its steps, each with its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.services.operations.kinds import get_kind
from portal.services.operations.progress import Progress
from portal.services.queries.operations import OperationPage

ORDER = ("sending", "created", "building", "ready", "live")


@dataclass(frozen=True, slots=True)
class Step:
    """`look` is live (done), building (under way), created (not begun), failed or unknown; `shape` is drawn for it."""

    word: str
    look: str
    at: datetime | None = None
    text: str = ""

    @property
    def shape(self) -> str:
        return self.look


def of_change(found: OperationPage) -> list[Step]:
    """Accepted → switched → checked; what moves no pointer is accepted, then done, and checked if it starts anew."""
    begun = Step(_("Accepted"), "live", found.asked_at)
    if found.state == "decided":
        return [begun, decided(found)]
    if found.state == "unknown":
        return [begun, asked(found)]
    if found.state == "refused":
        return [begun, Step(_("Not done"), "failed", found.settled_at, found.error)]
    if found.is_building:
        return [
            begun,
            Step(_("Built"), "building", None, _("The hosting service is building it.")),
            waiting(_("Checked")),
        ]
    kind = get_kind(found.kind)
    if not kind.moves_pointer:
        return [begun, done(found), *([checked(found, since=found.settled_at)] if kind.is_checked else [])]
    if not found.is_main:
        text = _("Sent to %(environment)s") % {"environment": found.environment}
        return [begun, Step(text, "live", found.settled_at) if found.settled_at else waiting(text)]
    return [begun, switched(found), checked(found, since=found.switched_at)]


def done(found: OperationPage) -> Step:
    if found.state == "succeeded":
        text = _("We had no answer, and saw that it happened.") if found.by_reading else ""
        return Step(_("Done"), "live", found.settled_at, text)
    return Step(_("Done"), "building", None, _("The hosting service is at it."))


def waiting(word: str, text: str = "") -> Step:
    return Step(word, "created", None, text)


def asked(found: OperationPage) -> Step:
    if found.needs_decision:
        return Step(_("Sent"), "unknown", found.sent_at, _("We have not heard back, and can't find out."))
    text = _("Finding out… we have not heard back, and look every second.")
    return Step(_("Sent"), "unknown", found.sent_at, text)


def decided(found: OperationPage) -> Step:
    names = {"name": found.decided_by}
    if found.decision == "happened":
        return Step(_("It happened"), "live", found.settled_at, _("said %(name)s, who looked") % names)
    return Step(_("It did not happen"), "failed", found.settled_at, _("said %(name)s, who looked") % names)


def switched(found: OperationPage) -> Step:
    if found.switched_at or found.is_live:
        text = _("We had no answer, and saw that it happened.") if found.by_reading else ""
        return Step(_("Switched"), "live", found.switched_at, text)
    if found.state == "succeeded":
        text = _("The hosting service said yes; the switch is not to be seen yet.")
        return Step(_("Switched"), "building" if found.is_open else "unknown", None, text)
    return Step(_("Switched"), "building")


def checked(found: OperationPage, *, since: datetime | None) -> Step:
    if since is None:
        return waiting(_("Checked"))
    look = {"ok": "live", "bad": "failed", "unknown": "unknown"}.get(found.verdict, "building")
    text = found.verdict_text or _("Asking the app at its own address…")
    if look == "building" and not found.is_open:
        return Step(_("Checked"), "unknown", found.checked_at, found.verdict_text or _("It was not checked."))
    return Step(_("Checked"), look, found.checked_at, text)


def of_publish(found: OperationPage, published: Progress | None) -> list[Step]:
    """Asked → created → building → ready → live → checked, as far as it goes."""
    step = published.step if published else "sending"
    moments = dict(published.moments) if published else {}
    begun = Step(_("Asked for"), "live", found.asked_at)
    if found.state == "decided":
        return [begun, decided(found)]
    if found.state == "unknown":
        return [begun, asked(found)]
    if found.state == "refused":
        return [begun, Step(_("Not done"), "failed", found.settled_at, found.error)]
    if step == "failed":
        return [
            begun,
            Step(_("Created"), "live", moments.get("created")),
            Step(_("Failed"), "failed", moments.get("failed")),
        ]
    goes_live = published.goes_live if published else True
    words = {"created": _("Created"), "building": _("Building"), "ready": _("Ready")}
    words |= {"live": _("Live")} if goes_live else {}
    at = ORDER.index(step) if step in ORDER else 0
    steps = [begun] + [_of_order(name, word, at, moments.get(name)) for name, word in words.items()]
    return [*steps, checked(found, since=found.switched_at)] if step == "live" else steps


def _of_order(name: str, word: str, reached: int, at: datetime | None) -> Step:
    index = ORDER.index(name)
    if index < reached or (index == reached and name != "building"):
        return Step(word, "live", at)
    is_next = index == reached + 1 and name in {"created", "live"}
    return Step(word, "building", at) if index == reached or is_next else waiting(word)
