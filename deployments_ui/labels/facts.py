"""Facts of a version, as they are listed and compared."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import formats
from deployments_ui.labels.states import kind
from portal.services.queries.schemas import VersionSummary
from portal.services.queries.versions import Difference

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


def version_facts(version: VersionSummary, language: str | None = None) -> str:
    """static · 42 files · 184 KB"""
    facts = [kind(version.kind, language)] if version.kind else []
    if version.files is not None:
        facts.append(formats.file_count(version.files, language))
    if version.total_bytes is not None:
        facts.append(formats.size(version.total_bytes))
    return " · ".join(facts)
