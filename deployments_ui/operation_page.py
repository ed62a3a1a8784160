"""What an operation's page shows. In a dialog it takes the place of the form that requested the operation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from deployments_ui import formats, links, log_window
from deployments_ui.labels.operations import Outcome, get_operation_label, get_outcome
from portal.services.operations.kinds import get_kind
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.progress import Progress

PUBLISH_STEPS = ("sending", "created", "building", "ready", "live")
# Until then some visitors may still be served what was live before (contract 11.3).
_EDGES_EXPIRE = timedelta(minutes=1)
VERDICTS = {"bad": "failed", "ok": "live", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class Step:
    """`state` is the CSS class and the shape: live (done), building, created (not begun), failed or unknown."""

    word: str
    state: str
    at: datetime | None = None
    text: str = ""


def context_of(operation: OperationPage, progress: Progress | None = None) -> dict[str, Any]:
    """`progress` is that of a publish. `generation` changes with what the page shows, so that polling can tell."""
    steps = list_steps(operation, progress)
    generation = generation_of(operation, progress)
    url = links.operation(operation.key)
    return {
        "operation": operation,
        "progress": progress,
        "title": title_of(operation, progress),
        "steps": steps,
        "announcement": announcement(steps),
        "focus": "",
        "is_done": get_outcome(operation) is Outcome.DONE,
        "is_open": operation.is_open or (progress is not None and (not progress.is_done or progress.is_log_pending)),
        "log": log_window.get_excerpt(progress.log) if progress else None,
        "generation": generation,
        "url": url,
        "poll_url": f"{url}?seen={generation}",
        "result_url": result_url(operation),
        "retry_url": retry_url(operation),
        "again_url": again_url(operation, progress) if progress else "",
    }


def title_of(operation: OperationPage, progress: Progress | None = None) -> str:
    """Main site is back on #45"""
    kind, outcome, app = get_kind(operation.kind), get_outcome(operation), operation.deployment_name
    if outcome is Outcome.UNKNOWN:
        text = _("%(app)s: outcome unknown") if operation.needs_decision else _("%(app)s: waiting for an answer")
        return text % {"app": app}
    is_confirmed = outcome is Outcome.DONE and operation.state == "succeeded"
    if is_confirmed and progress is not None:
        return title_of_publish(app, progress)
    number = formats.number_or_id(operation.number, operation.version_id) if operation.version_id else ""
    names = {"app": app, "number": number, "environment": operation.environment}
    if number and outcome is Outcome.ACCEPTED and operation.is_open:
        return _("%(app)s: switching to %(number)s") % names
    if number and is_confirmed and kind.done_title is not None:
        title = str(kind.done_title) if operation.is_main else _("%(app)s %(number)s was sent to %(environment)s")
        return title % names
    return f"{app} {get_operation_label(operation).word}"


def title_of_publish(app: str, progress: Progress) -> str:
    """Main site #47 is live; until its number is known, without it."""
    titles = {
        "failed": _("%(app)s %(number)s failed"),
        "live": _("%(app)s %(number)s is live"),
        "ready": _("%(app)s %(number)s is going live") if progress.goes_live else _("%(app)s %(number)s is staged"),
    }
    title = titles.get(progress.step) or _("%(app)s %(number)s is being published")
    number = formats.version_number(progress.version) if progress.version else ""
    return " ".join((title % {"app": app, "number": number}).split())


def announcement(steps: list[Step]) -> str:
    """The step reached, for screen readers."""
    reached = [step for step in steps if step.state != "created"]
    return " ".join(filter(None, (reached[-1].word, reached[-1].text))) if reached else ""


def generation_of(operation: OperationPage, progress: Progress | None) -> str:
    shown: list[object] = [operation.state, operation.switched_at, operation.checked_at, operation.verdict]
    shown += [operation.verdict_text, operation.needs_decision, operation.is_open, operation.decision, operation.error]
    if progress is not None:
        shown += [progress.step, progress.moments, progress.is_done, progress.failure]
        shown += [progress.log.checksum] if progress.log else []
    return hashlib.blake2s(repr(shown).encode(), digest_size=8).hexdigest()


# --- How far it is: its steps, each with its time ---


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
    text = _("reported by %(name)s") % {"name": operation.decided_by}
    if operation.decision == "happened":
        return Step(_("It happened"), "live", operation.settled_at, text)
    return Step(_("It did not happen"), "failed", operation.settled_at, text)


def _unanswered(operation: OperationPage) -> Step:
    text = _("No answer yet. We keep checking whether it happened.")
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
    if operation.verdict == "ok" and timezone.now() - since < _EDGES_EXPIRE:
        text = f"{text} {_('It can take up to a minute until every visitor sees the change.')}"
    return Step(_("Checked"), state, operation.checked_at, text or _("Checking the app's address…"))


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


# --- Where to go from here ---


def again_url(operation: OperationPage, progress: Progress) -> str:
    """The form that publishes it once more, filled in as before; empty unless it failed."""
    if progress.step != "failed" or not progress.may_publish:
        return ""
    slug, is_new = operation.customer_slug, not operation.deployment_is_here
    form_url = links.first_publication(slug) if is_new else links.publication(slug, operation.deployment_id)
    return links.with_query(form_url, [("again", str(operation.key))])


def result_url(operation: OperationPage) -> str:
    """The page that shows what was changed; the customer's where the app is not listed."""
    if not operation.deployment_is_here:
        return links.customer(operation.customer_slug)
    route = get_kind(operation.kind).result_route
    return links.by_name(route, operation.customer_slug, operation.deployment_id)


def retry_url(operation: OperationPage) -> str:
    """The same form again, for what was not done; empty if there is none."""
    kind = get_kind(operation.kind)
    is_not_done = get_outcome(operation) is Outcome.NOT_DONE
    if is_not_done and operation.undo_of:
        return links.undo(operation.undo_of)
    if not is_not_done or not operation.deployment_is_here or not kind.form_route:
        return ""
    if not kind.moves_pointer:
        return links.by_name(kind.form_route, operation.customer_slug, operation.deployment_id)
    if not operation.version_id:
        return ""
    return links.by_name(kind.form_route, operation.customer_slug, operation.deployment_id, operation.version_id)
