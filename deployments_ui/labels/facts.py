"""Facts of a version, as they are listed and compared."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import formats
from deployments_ui.labels.states import kind
from deployments_ui.translation import gettext
from portal.services.queries.differences import Delta, Difference
from portal.services.queries.schemas import DeploymentSummary, VersionSummary

# The facts of a version that a comparison shows.
FACTS: dict[str, Promise] = {
    "artifact": _("Artifact"),
    "command": _("Command"),
    "commit": _("Commit"),
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

# Of these the difference is a number too.
COUNTED = frozenset({"files", "total_bytes"})


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


def describe_difference(difference: Difference) -> str:
    """+6; +120 KB, +4 %. Empty for what is no number."""
    left, right = difference.left, difference.right
    if difference.name not in COUNTED or not isinstance(left, int) or not isinstance(right, int) or left == right:
        return ""
    if difference.name == "total_bytes":
        share = f", {formats.signed_percent(left, right)}" if left else ""
        return formats.signed_size(right - left) + share
    return formats.signed(right - left)


def describe_delta(delta: Delta) -> str:
    """+6 files · +120 KB · same runtime"""
    if delta.same_artifact:
        return gettext("same artifact")
    changes = []
    if delta.files:
        changes.append(formats.signed_file_count(delta.files))
    elif delta.files == 0:
        changes.append(gettext("same number of files"))
    if delta.total_bytes:
        changes.append(formats.signed_size(delta.total_bytes))
    if changes or not delta.same_runtime:
        changes.append(gettext("same runtime") if delta.same_runtime else gettext("another runtime"))
    return " · ".join(changes)


def describe_staged(deployment: DeploymentSummary) -> str:
    """How the staged version differs from the live one, as far as a list knows it; empty if it does not."""
    live, staged = deployment.live, deployment.staged
    if live is None or staged is None or live.files is None or staged.files is None or live.files == staged.files:
        return ""
    return formats.signed_file_count(staged.files - live.files)


def version_facts(version: VersionSummary, language: str | None = None) -> str:
    """static · 42 files · 184 KB"""
    facts = [kind(version.kind, language)] if version.kind else []
    if version.files is not None:
        facts.append(formats.file_count(version.files, language))
    if version.total_bytes is not None:
        facts.append(formats.size(version.total_bytes))
    return " · ".join(facts)
