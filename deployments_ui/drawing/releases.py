"""What a roll back or a promotion would change, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments_ui import links, sizes, states
from deployments_ui.states import name_of
from deployments_ui.stencil import Stencil
from portal.services.operations.releases import Candidate, ReleaseDialog
from portal.services.queries.schemas import Action, VersionSummary
from portal.services.queries.versions import Difference

NAMES: dict[str, Promise] = {
    "command": gettext_lazy("command"),
    "entrypoint": gettext_lazy("entry point"),
    "health_path": gettext_lazy("health check"),
    "image": gettext_lazy("runtime image"),
    "kind": gettext_lazy("kind"),
    "port": gettext_lazy("port"),
}
RUNTIME = frozenset({"command", "health_path", "image", "port"})
LONGEST = 40


@dataclass(slots=True)
class ActivationKind:
    id: str
    look: str
    url: str
    cause: str
    word: SafeString
    is_blocked: bool


DEED = Stencil("releases/_deed.html", ActivationKind)


def deed(action: Action, *, url: str, word: str, id: str, look: str) -> SafeString:  # as in HTML
    """The button for something that can be done, or that says why it can't be done now."""
    return DEED.draw(
        [ActivationKind(id, look, url, action.cause, conditional_escape(word), is_blocked=bool(action.cause))]
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A version that could be picked instead; without a `cause` it leads to the form for it."""

    number: str
    version: VersionSummary
    is_last_good: bool
    is_picked: bool
    url: str
    cause: str


def url_of(form: ReleaseDialog, version_id: str) -> str:
    address = links.rollback if form.kind.goes_back else links.promotion
    return address(form.customer.slug, form.deployment.id, version_id)


def choices(form: ReleaseDialog) -> list[Choice]:
    return [choice(form, candidate) for candidate in form.candidates]


def choice(form: ReleaseDialog, candidate: Candidate) -> Choice:
    version = candidate.version
    url = url_of(form, version.id)
    return Choice(
        number=name_of(version.number, version.id),
        version=version,
        is_last_good=candidate.is_last_good,
        is_picked=version.id == form.target.id,
        url="" if candidate.cause else url,
        cause=candidate.cause,
    )


def is_last_good(form: ReleaseDialog) -> bool:
    return any(candidate.is_last_good and candidate.version.id == form.target.id for candidate in form.candidates)


def changes(form: ReleaseDialog) -> str:
    """files 42 → 40 · 184 KB → 179 KB · same runtime"""
    if form.live is None:
        return ""
    if form.same_artifact:
        return _("nothing that is served: both have the same artifact")
    told = [told_of(difference) for difference in form.changes]
    lines = [text for text in told if text]
    if not {difference.name for difference in form.changes} & RUNTIME:
        lines.append(_("same runtime"))
    return " · ".join(lines)


def told_of(difference: Difference) -> str:
    left, right = difference.left, difference.right
    if isinstance(left, datetime) or isinstance(right, datetime):
        return ""
    if difference.name == "files" and isinstance(left, int) and isinstance(right, int):
        return _("files %(left)d → %(right)d") % {"left": left, "right": right}
    if difference.name == "total_bytes" and isinstance(left, int) and isinstance(right, int):
        sides = sizes.size(left), sizes.size(right)
        return f"{sides[0]} → {sides[1]}" if sides[0] != sides[1] else ""
    if difference.name not in NAMES:
        return ""
    name = str(NAMES[difference.name])
    if difference.name == "kind":
        left, right = states.kind(str(left)), states.kind(str(right))
    if len(str(left)) > LONGEST or len(str(right)) > LONGEST:
        return _("another %(what)s") % {"what": name}
    return f"{name} {shown(left)} → {shown(right)}"


def shown(value: str | int | None) -> str:
    return str(value) if value not in (None, "") else "—"
