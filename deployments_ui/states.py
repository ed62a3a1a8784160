"""How a state looks: a shape, a class for its colour, and a word."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.services.queries.schemas import ActivationKind, State


@dataclass(frozen=True, slots=True)
class Look:
    name: str
    shape: str
    word: Promise


LOOKS: dict[State, Look] = {
    State.ARCHIVED: Look("archived", "archived", _("Archived")),
    State.BUILDING: Look("building", "building", _("Building")),
    State.CREATED: Look("created", "created", _("Waiting to build")),
    State.FAILED: Look("failed", "failed", _("Failed")),
    State.GONE: Look("gone", "gone", _("Gone")),
    State.LIVE: Look("live", "live", _("Live")),
    State.OTHER: Look("other", "unknown", _("Unknown")),
    State.READY: Look("ready", "ready", _("Ready")),
    State.STAGED: Look("staged", "staged", _("Staged")),
    State.UNREADABLE: Look("unreadable", "unknown", _("Unreadable")),
}

DEEDS: dict[ActivationKind, Look] = {
    ActivationKind.PROMOTED: Look("up", "up", _("promoted")),
    ActivationKind.ROLLED_BACK: Look("back", "back", _("rolled back")),
    ActivationKind.WENT_LIVE: Look("up", "up", _("went live")),
}

KINDS: dict[str, Promise] = {
    "dynamic": _("dynamic"),
    "sandbox_backed": _("sandbox-backed"),
    "static": _("static"),
}


def name_of(number: int | None, version_id: str) -> str:
    """#46; a version whose number is not known is called by the end of its id."""
    return f"#{number}" if number is not None else f"…{version_id[-6:]}"


def word(state: State, told: str = "") -> str:
    """The word for a state; for one this portal does not know, what the hosting service called it."""
    return told if state is State.OTHER and told else str(LOOKS[state].word)


def kind(name: str) -> str:
    return str(KINDS.get(name, name))
