"""The words for each kind of change, in each of its phases."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments_ui.states import name_of
from portal.services.operations.kinds import Kind
from portal.services.operations.publishing import Progress
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


# What stands behind the app's name in a line: done, under way, not known, not done.
Said = tuple[Promise, Promise, Promise, Promise]

SAID: dict[Kind, Said] = {
    Kind.ADD_DOMAIN: (
        gettext_lazy("got a domain"),
        gettext_lazy("is getting a domain"),
        gettext_lazy("perhaps got a domain; we are finding out"),
        gettext_lazy("did not get the domain"),
    ),
    Kind.CREATE: (
        gettext_lazy("created"),
        gettext_lazy("is being created"),
        gettext_lazy("perhaps created; we are finding out"),
        gettext_lazy("was not created"),
    ),
    Kind.DELETE: (
        gettext_lazy("deleted"),
        gettext_lazy("is being deleted"),
        gettext_lazy("perhaps deleted; we are finding out"),
        gettext_lazy("was not deleted"),
    ),
    Kind.DELETE_ENV: (
        gettext_lazy("lost an env var"),
        gettext_lazy("is losing an env var"),
        gettext_lazy("perhaps lost an env var; we are finding out"),
        gettext_lazy("did not lose the env var"),
    ),
    Kind.DETACH_DOMAIN: (
        gettext_lazy("lost a domain"),
        gettext_lazy("is losing a domain"),
        gettext_lazy("perhaps lost a domain; we are finding out"),
        gettext_lazy("did not lose the domain"),
    ),
    Kind.PROMOTE: (
        gettext_lazy("promoted"),
        gettext_lazy("is being promoted"),
        gettext_lazy("perhaps promoted; we are finding out"),
        gettext_lazy("was not promoted"),
    ),
    Kind.PUBLISH: (
        gettext_lazy("published"),
        gettext_lazy("is being published"),
        gettext_lazy("perhaps published; we are finding out"),
        gettext_lazy("was not published"),
    ),
    Kind.REDEPLOY: (
        gettext_lazy("deployed again"),
        gettext_lazy("is being deployed again"),
        gettext_lazy("perhaps deployed again; we are finding out"),
        gettext_lazy("was not deployed again"),
    ),
    Kind.REDIRECT_DOMAIN: (
        gettext_lazy("redirects a domain another way"),
        gettext_lazy("is about to redirect a domain another way"),
        gettext_lazy("perhaps redirects a domain another way; we are finding out"),
        gettext_lazy("redirects its domain as before"),
    ),
    Kind.RENAME: (
        gettext_lazy("renamed"),
        gettext_lazy("is being renamed"),
        gettext_lazy("perhaps renamed; we are finding out"),
        gettext_lazy("was not renamed"),
    ),
    Kind.ROLL_BACK: (
        gettext_lazy("rolled back"),
        gettext_lazy("is being rolled back"),
        gettext_lazy("perhaps rolled back; we are finding out"),
        gettext_lazy("was not rolled back"),
    ),
    Kind.SET_ENV: (
        gettext_lazy("got env vars"),
        gettext_lazy("is getting env vars"),
        gettext_lazy("perhaps got env vars; we are finding out"),
        gettext_lazy("did not get the env vars"),
    ),
    Kind.STOP: (
        gettext_lazy("stopped"),
        gettext_lazy("is being stopped"),
        gettext_lazy("perhaps stopped; we are finding out"),
        gettext_lazy("was not stopped"),
    ),
    Kind.VERIFY_DOMAIN: (
        gettext_lazy("had a domain checked"),
        gettext_lazy("is having a domain checked"),
        gettext_lazy("perhaps had a domain checked; we are finding out"),
        gettext_lazy("had a domain checked, which did not pass"),
    ),
}
OTHER: Said = (
    gettext_lazy("changed"),
    gettext_lazy("is being changed"),
    gettext_lazy("perhaps changed; we are finding out"),
    gettext_lazy("was not changed"),
)
UNSEEN: dict[Kind, Promise] = {
    Kind.REDEPLOY: gettext_lazy("is being built again"),
    Kind.PROMOTE: gettext_lazy("promotion accepted, not seen yet"),
    Kind.ROLL_BACK: gettext_lazy("rollback accepted, not seen yet"),
}
UP = frozenset({Kind.CREATE, Kind.PROMOTE, Kind.PUBLISH})
BACK = frozenset({Kind.ROLL_BACK})
_COLUMN = {Phase.DONE: 0, Phase.HAPPENED: 0, Phase.OPEN: 1, Phase.ACCEPTED: 1, Phase.UNKNOWN: 2}
_NOT_DONE = 3


def said_of(kind: Kind, phase: Phase) -> str:
    """rolled back"""
    if phase is Phase.ACCEPTED and kind in UNSEEN:
        return str(UNSEEN[kind])
    return str(SAID.get(kind, OTHER)[_COLUMN.get(phase, _NOT_DONE)])


def shape_of(kind: Kind, phase: Phase) -> tuple[str, str]:
    """The class of its colour, and its shape."""
    if phase in {Phase.REFUSED, Phase.DID_NOT}:
        return "failed", "failed"
    if phase in {Phase.ACCEPTED, Phase.UNKNOWN}:
        return "unknown", "unknown"
    if phase is Phase.OPEN:
        return "building", "building"
    if kind in BACK:
        return "done", "back"
    return "done", "up" if kind in UP else "ready"


def title_of(found: OperationPage, phase: Phase, published: Progress | None) -> str:
    """What a person came to know, in one line."""
    app = found.deployment_name
    number = name_of(found.number, found.version_id) if found.version_id else ""
    if found.kind is Kind.PUBLISH and published is not None and phase is Phase.DONE:
        return _of_publish(app, published)
    if phase is Phase.ACCEPTED and number and found.is_open:
        return _("%(app)s: switching to %(number)s") % {"app": app, "number": number}
    if found.kind in {Kind.ROLL_BACK, Kind.PROMOTE} and phase is Phase.DONE and number:
        if not found.is_main:
            return _("%(app)s %(number)s was sent to %(environment)s") % {
                "app": app,
                "number": number,
                "environment": found.environment,
            }
        if found.kind is Kind.ROLL_BACK:
            return _("%(app)s is back on %(number)s") % {"app": app, "number": number}
        return _("%(app)s is now on %(number)s") % {"app": app, "number": number}
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
