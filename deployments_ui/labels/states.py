"""States of versions, and what happened to them."""

from __future__ import annotations

from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label, open_word
from portal.services.open_words import OTHER
from portal.services.queries.app_health import AppCheck
from portal.services.queries.comparison import LiveChange
from portal.services.queries.deployments import Condition
from portal.services.queries.schemas import State, VersionSummary
from portal.services.queries.timeline_schemas import ActivationEntry, ActivationKind, VersionEntry
from portal.services.queries.versions import Moment

STATES: dict[State, Label] = {
    State.ARCHIVED: Label("archived", "archived", _("Archived")),
    State.BUILDING: Label("building", "building", _("Building")),
    State.CREATED: Label("created", "created", _("Waiting to build")),
    State.FAILED: Label("failed", "failed", _("Failed")),
    State.GONE: Label("gone", "gone", _("Deleted")),
    State.LIVE: Label("live", "live", _("Live")),
    State.OTHER: Label("other", "unknown", _("Other")),
    State.READY: Label("ready", "ready", _("Ready")),
    State.STAGED: Label("staged", "staged", _("Staged")),
    State.UNREADABLE: Label("unreadable", "unknown", _("Unreadable")),
}

ACTIVATIONS: dict[ActivationKind, Label] = {
    ActivationKind.PROMOTED: Label("up", "up", _("promoted")),
    ActivationKind.ROLLED_BACK: Label("back", "back", _("rolled back")),
    ActivationKind.WENT_LIVE: Label("up", "up", _("went live")),
}

# What happened, as a history is filtered by it.
EVENTS: dict[str, Promise] = {
    "domains_changed": _("Domains changed"),
    "env_changed": _("Env vars updated"),
    "failed": _("Failed"),
    "promoted": _("Promoted"),
    "published": _("Published"),
    "redeployed": _("Redeployed"),
    "rolled_back": _("Rolled back"),
    "settings_changed": _("Settings changed"),
    "stopped": _("Stopped"),
    "undone": _("Undone"),
}

# The steps of a version's timeline.
MOMENTS: dict[str, Label] = {
    "archived": Label("archived", "archived", _("Archived")),
    "built": Label("ready", "ready", _("Built and ready")),
    "created": Label("archived", "created", _("Created")),
    "failed": Label("failed", "failed", _("Failed")),
    "gone": Label("gone", "gone", _("Deleted")),
    "replaced": Label("archived", "archived", _("Replaced by another version")),
    "went_live": Label("live", "live", _("Went live")),
}

KINDS: dict[str, Promise] = {
    "dynamic": _("dynamic"),
    OTHER: _("other"),
    "sandbox_backed": _("sandbox-backed"),
    "static": _("static"),
}


CONDITIONS: dict[Condition, Label] = {
    Condition.FAILED_CHECK: Label("failed", "failed", _("failed its check")),
    Condition.GOOD: Label("good", "live", _("good")),
    Condition.ROLLED_BACK: Label("waiting", "back", _("rolled back")),
    Condition.UNKNOWN: Label("unknown", "unknown", _("not checked")),
}


def get_check_label(check: AppCheck) -> Label:
    """With what the check found as a sentence."""
    css, shape = {"bad": ("failed", "failed"), "ok": ("good", "live")}.get(check.verdict, ("unknown", "unknown"))
    return Label(css, shape, check.text)


def get_version_label(found: VersionSummary | VersionEntry, language: str | None = None) -> Label:
    """The state of a version, or of its entry in a timeline. A state we don't know keeps the hosting service's word.

    `language`: a long list looks it up once.
    """
    language = language or get_language()
    if isinstance(found, VersionEntry):
        return _get_state_label(State.GONE, language) if found.is_gone else get_version_label(found.version, language)
    label = _get_state_label(found.state, language)
    if found.state is State.OTHER and found.state_text:
        return Label(label.css, label.shape, str(open_word(found.state_text)))
    return label


@lru_cache(maxsize=256)
def _get_state_label(state: State, language: str | None) -> Label:
    """Translated. `language` only keeps the cached words of two languages apart."""
    label = STATES[state]
    return Label(label.css, label.shape, str(label.word))


def get_activation_label(entry: ActivationEntry | LiveChange) -> Label:
    return ACTIVATIONS[entry.kind]


def get_moment_label(moment: Moment) -> Label:
    return MOMENTS.get(moment.what) or Label("other", "unknown", moment.what)


def kind(name: str, language: str | None = None) -> str:
    return _get_kind(name, language or get_language())


@lru_cache(maxsize=256)
def _get_kind(name: str, language: str | None) -> str:
    """Translated, as `_get_state_label`."""
    return str(KINDS.get(name, name))
