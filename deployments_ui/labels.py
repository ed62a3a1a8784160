"""How states are shown: a CSS class for the colour, a shape of the sprite, and a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from deployments_ui import formats
from portal.permissions import Role
from portal.services.domains.queries import DomainSummary, RequiredRecord, ResolverState, StatusItem
from portal.services.env_vars.pages import Effect, ReviewLine
from portal.services.operations.kinds import get_kind
from portal.services.operations.releases import ReleaseDialog
from portal.services.queries.builds import Build
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import (
    ActivationEntry,
    ActivationKind,
    OperationEntry,
    State,
    VersionEntry,
    VersionSummary,
)
from portal.services.queries.versions import Difference, Moment
from portal.services.runtime import Instance


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

BUILDS: dict[str, Label] = {
    "building": Label("building", "building", _("Building")),
    "cancelled": Label("archived", "gone", _("Cancelled")),
    "failed": Label("failed", "failed", _("Failed")),
    "queued": Label("created", "created", _("Waiting to build")),
    "succeeded": Label("good", "live", _("Built")),
}

INSTANCES: dict[str, Label] = {
    "destroyed": Label("archived", "gone", _("Removed")),
    "error": Label("failed", "failed", _("Failed")),
    "failed": Label("failed", "failed", _("Failed")),
    "healthy": Label("good", "live", _("Healthy")),
    "pending": Label("created", "created", _("Pending")),
    "provisioning": Label("created", "created", _("Pending")),
    "starting": Label("building", "building", _("Starting")),
    "stopped": Label("archived", "archived", _("Stopped")),
    "stopping": Label("building", "building", _("Stopping")),
    "unhealthy": Label("failed", "failed", _("Unhealthy")),
}

BUILD_TRIGGERS: dict[str, Promise] = {
    "manual": _("manually"),
    "scheduled": _("on a schedule"),
    "webhook": _("by a push"),
}

# The facts of a version that a comparison shows.
FACTS: dict[str, Promise] = {
    "artifact": _("Artifact"),
    "command": _("Command"),
    "created_at": _("Created"),
    "entrypoint": _("Entry point"),
    "files": _("Files"),
    "health_path": _("Health check"),
    "image": _("Runtime image"),
    "kind": _("Kind"),
    "port": _("Port"),
    "source": _("Source"),
    "total_bytes": _("Size"),
    "who": _("By"),
}
RUNTIME_FACTS = frozenset({"command", "health_path", "image", "port"})
# Those that the form for a rollback or a promotion shows.
RELEASE_FACTS = RUNTIME_FACTS | {"entrypoint", "files", "kind", "total_bytes"}
MAX_FACT_LENGTH = 40


class Outcome(Enum):
    """What is known of an operation. ACCEPTED: the hosting service accepted it, and its effect does not show yet."""

    ACCEPTED = auto()
    DONE = auto()
    IN_PROGRESS = auto()
    NOT_DONE = auto()
    UNKNOWN = auto()


OUTCOMES: dict[str, Outcome] = {
    "refused": Outcome.NOT_DONE,
    "succeeded": Outcome.DONE,
    "unknown": Outcome.UNKNOWN,
}

KINDS: dict[str, Promise] = {
    "dynamic": _("dynamic"),
    "sandbox_backed": _("sandbox-backed"),
    "static": _("static"),
}

# Of the ownership, DNS and certificate of a domain.
DOMAIN_STATUSES: dict[str, Label] = {
    "failed": Label("failed", "failed", _("failed")),
    "ok": Label("good", "live", _("OK")),
    "unknown": Label("unknown", "unknown", _("unknown")),
    "waiting": Label("waiting", "created", _("waiting")),
}

RECORDS: dict[str, Label] = {
    "": Label("unknown", "unknown", _("Not checked")),
    "missing": Label("waiting", "created", _("Missing")),
    "no_answer": Label("unknown", "unknown", _("Not checked")),
    "propagating": Label("waiting", "created", _("Propagating")),
}

REDIRECT_POLICIES: dict[str, Promise] = {
    "none": _("No redirect"),
    "www_to_apex": _("Redirect www to the name without www"),
    "apex_to_www": _("Redirect the name without www to www"),
}

# Of the lines of a draft.
ENV_VAR_EFFECTS: dict[Effect, Label] = {
    Effect.ADDED: Label("good", "up", _("Added")),
    Effect.CHANGED: Label("good", "ready", _("Changed")),
    Effect.KEPT: Label("archived", "archived", _("Unchanged")),
    Effect.REFUSED: Label("failed", "failed", _("Skipped")),
}

ROLES: dict[str, Promise] = {
    Role.OPERATOR: _("operator"),
    Role.SUPPORT: _("support"),
}


def of_version(found: VersionSummary | VersionEntry, language: str | None = None) -> Label:
    """The state of a version, or of its entry in a timeline. A state we don't know keeps the hosting service's word.

    `language`: a long list looks it up once.
    """
    language = language or get_language()
    if isinstance(found, VersionEntry):
        return _of_state(State.GONE, language) if found.is_gone else of_version(found.version, language)
    label = _of_state(found.state, language)
    if found.state is State.OTHER and found.state_text:
        return Label(label.css, label.shape, found.state_text)
    return label


@lru_cache(maxsize=256)
def _of_state(state: State, language: str | None) -> Label:
    """Translated. `language` only keeps the cached words of two languages apart."""
    label = STATES[state]
    return Label(label.css, label.shape, str(label.word))


def of_activation(entry: ActivationEntry) -> Label:
    return ACTIVATIONS[entry.kind]


def of_operation(operation: OperationEntry | OperationPage) -> Label:
    """The word completes a sentence that begins with the app's name: rolled back, was not published."""
    kind = get_kind(operation.kind)
    match outcome_of(operation):
        case Outcome.DONE:
            return Label("done", kind.icon.value, kind.labels.done)
        case Outcome.ACCEPTED:
            return Label("unknown", "unknown", kind.labels.accepted or kind.labels.in_progress)
        case Outcome.UNKNOWN:
            return Label("unknown", "unknown", kind.labels.unknown)
        case Outcome.NOT_DONE:
            return Label("failed", "failed", kind.labels.not_done)
        case Outcome.IN_PROGRESS:
            return Label("building", "building", kind.labels.in_progress)


def outcome_of(operation: OperationEntry | OperationPage) -> Outcome:
    if operation.state == "decided":
        return Outcome.DONE if operation.decision == "happened" else Outcome.NOT_DONE
    if operation.is_unseen:
        return Outcome.ACCEPTED
    return OUTCOMES.get(operation.state, Outcome.IN_PROGRESS)


def of_moment(moment: Moment) -> Label:
    return MOMENTS.get(moment.what) or Label("other", "unknown", moment.what)


def of_build(build: Build) -> Label:
    return BUILDS.get(build.state) or Label("other", "unknown", build.state or _("Unknown"))


def of_instance(instance: Instance) -> Label:
    return INSTANCES.get(instance.state) or Label("other", "unknown", instance.state or _("Unknown"))


def build_trigger(name: str) -> str:
    return str(BUILD_TRIGGERS.get(name, name))


def fact(difference: Difference) -> str:
    return str(FACTS.get(difference.name, difference.name))


def fact_value(value: str | int | datetime | None, name: str) -> str:
    """One side of a difference; empty if it is not known."""
    if isinstance(value, datetime):
        return formats.exact(value)
    if name == "total_bytes" and isinstance(value, int):
        return formats.size(value)
    if name == "kind" and value:
        return kind(str(value))
    return "" if value is None else str(value)


def of_domain(domain: DomainSummary) -> list[tuple[Promise, StatusItem, Label]]:
    items = [(_("Ownership"), domain.ownership), (_("DNS"), domain.dns), (_("Certificate"), domain.certificate)]
    return [(name, item, DOMAIN_STATUSES[item.state]) for name, item in items]


def of_review_line(line: ReviewLine) -> Label:
    return ENV_VAR_EFFECTS[line.effect]


def of_record(record: RequiredRecord) -> Label:
    if record.is_correct:
        return Label("good", "live", _("Correct"))
    return RECORDS.get(record.finding) or Label("failed", "failed", _("Wrong"))


def of_resolver(resolver: ResolverState) -> Label:
    if resolver.is_correct is None:
        return Label("unknown", "unknown", _("no answer"))
    return Label("good", "live", _("yes")) if resolver.is_correct else Label("waiting", "created", _("not yet"))


def domain_cause(domain: DomainSummary) -> str:
    """Why a domain does not work, of what has to be done first; empty if it works."""
    if domain.dns.state != "ok":
        # Ownership and certificate wait for it.
        return domain.dns.cause
    others = sorted((domain.ownership, domain.certificate), key=lambda item: item.state != "failed")
    return next((item.cause for item in others if item.state != "ok"), "")


def redirect_policy(name: str) -> str:
    return str(REDIRECT_POLICIES.get(name or "none", name))


def version_facts(version: VersionSummary, sandbox: str, language: str | None) -> str:
    """static · 42 files · 184 KB · from …a1b2c3"""
    return _version_facts(version.kind, version.files, version.total_bytes, sandbox, language)


@lru_cache(maxsize=2048)
def _version_facts(
    kind_name: str, files: int | None, total_bytes: int | None, sandbox: str, language: str | None
) -> str:
    """`language` only keeps the cached texts of two languages apart."""
    facts = [kind(kind_name)] if kind_name else []
    if files is not None:
        facts.append(formats.file_count(files))
    if total_bytes is not None:
        facts.append(formats.size(total_bytes))
    if sandbox:
        facts.append(gettext("from %(sandbox)s") % {"sandbox": formats.shorten_id(sandbox)})
    return " · ".join(facts)


def release_changes(page: ReleaseDialog) -> str:
    """Files 42 → 40 · Size 184 KB → 179 KB · same runtime"""
    if page.same_artifact:
        return gettext("Nothing that visitors see: both versions have the same artifact.")
    texts = [_change(each) for each in page.changes if each.name in RELEASE_FACTS]
    if not any(each.name in RUNTIME_FACTS for each in page.changes):
        texts.append(gettext("same runtime"))
    return " · ".join(filter(None, texts))


def _change(difference: Difference) -> str:
    """Empty where both sides read the same."""
    left = fact_value(difference.left, difference.name) or "—"
    right = fact_value(difference.right, difference.name) or "—"
    if len(left) > MAX_FACT_LENGTH or len(right) > MAX_FACT_LENGTH:
        return gettext("%(fact)s differs") % {"fact": fact(difference)}
    return f"{fact(difference)} {left} → {right}" if left != right else ""


def kind(name: str) -> str:
    return str(KINDS.get(name, name))


def with_role(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name
