"""How states are shown: a CSS class for the colour, a shape of the sprite, and a word."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from deployments_ui import deeds, formats
from portal.permissions import Role
from portal.services.queries.schemas import (
    ActivationEntry,
    ActivationKind,
    OperationEntry,
    State,
    VersionEntry,
    VersionSummary,
)


@dataclass(frozen=True, slots=True)
class Label:
    """`css` is the class without its `is-`; `shape` the symbol in `components/sprite.html` without its `s-`."""

    css: str
    shape: str
    word: str | Promise


STATES: dict[State, Label] = {
    State.ARCHIVED: Label("archived", "archived", _("Archived")),
    State.BUILDING: Label("building", "building", _("Building")),
    State.CREATED: Label("created", "created", _("Waiting to build")),
    State.FAILED: Label("failed", "failed", _("Failed")),
    State.GONE: Label("gone", "gone", _("Deleted")),
    State.LIVE: Label("live", "live", _("Live")),
    State.OTHER: Label("other", "unknown", _("Unknown")),
    State.READY: Label("ready", "ready", _("Ready")),
    State.STAGED: Label("staged", "staged", _("Staged")),
    State.UNREADABLE: Label("unreadable", "unknown", _("Unreadable")),
}

ACTIVATIONS: dict[ActivationKind, Label] = {
    ActivationKind.PROMOTED: Label("up", "up", _("promoted")),
    ActivationKind.ROLLED_BACK: Label("back", "back", _("rolled back")),
    ActivationKind.WENT_LIVE: Label("up", "up", _("went live")),
}

KINDS: dict[str, Promise] = {
    "dynamic": _("dynamic"),
    "sandbox_backed": _("sandbox-backed"),
    "static": _("static"),
}

ROLES: dict[str, Promise] = {
    Role.OPERATOR: _("operator"),
    Role.SUPPORT: _("support"),
}


def of_version(found: VersionSummary | VersionEntry) -> Label:
    """The state of a version, or of its entry in a timeline. A state we don't know keeps the hosting service's word."""
    if isinstance(found, VersionEntry):
        return STATES[State.GONE] if found.is_gone else of_version(found.version)
    label = STATES[found.state]
    if found.state is State.OTHER and found.state_text:
        return Label(label.css, label.shape, found.state_text)
    return label


def of_activation(entry: ActivationEntry) -> Label:
    return ACTIVATIONS[entry.deed]


def of_operation(entry: OperationEntry) -> Label:
    phase = deeds.phase_of(entry.state, entry.decision, is_unseen=entry.is_unseen)
    return Label(*deeds.shape_of(entry.kind, phase), deeds.said_of(entry.kind, phase))


def version_facts(version: VersionSummary, sandbox: str = "") -> str:
    """static · 42 files · 184 KB · from …a1b2c3"""
    facts = [kind(version.kind)] if version.kind else []
    if version.files is not None:
        facts.append(formats.file_count(version.files))
    if version.total_bytes is not None:
        facts.append(formats.size(version.total_bytes))
    if sandbox:
        facts.append(gettext("from %(sandbox)s") % {"sandbox": formats.shorten_id(sandbox)})
    return " · ".join(facts)


def kind(name: str) -> str:
    return str(KINDS.get(name, name))


def with_role(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name
