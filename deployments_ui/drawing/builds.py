"""How a build and an instance look: a class for the colour, a shape and a word."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.services.queries.builds import Build
from portal.services.runtime import Instance

OPEN = frozenset({"queued", "building"})


@dataclass(frozen=True, slots=True)
class Look:
    name: str
    shape: str
    word: str | Promise


BUILDS: dict[str, Look] = {
    "building": Look("building", "building", _("Building")),
    "cancelled": Look("archived", "gone", _("Cancelled")),
    "failed": Look("failed", "failed", _("Failed")),
    "queued": Look("created", "created", _("Waiting to build")),
    "succeeded": Look("good", "live", _("Built")),
}
INSTANCES: dict[str, Look] = {
    "destroyed": Look("archived", "gone", _("Gone")),
    "error": Look("failed", "failed", _("Broken down")),
    "failed": Look("failed", "failed", _("Broken down")),
    "healthy": Look("good", "live", _("Healthy")),
    "pending": Look("created", "created", _("About to start")),
    "provisioning": Look("created", "created", _("About to start")),
    "starting": Look("building", "building", _("Starting")),
    "stopped": Look("archived", "archived", _("Stopped")),
    "stopping": Look("building", "building", _("Stopping")),
    "unhealthy": Look("failed", "failed", _("Not healthy")),
}
TRIGGERS: dict[str, Promise] = {
    "manual": _("by hand"),
    "scheduled": _("by the clock"),
    "webhook": _("by a push"),
}


def build(found: Build) -> Look:
    return BUILDS.get(found.state) or Look("other", "unknown", found.state or _("Unknown"))


def instance(found: Instance) -> Look:
    return INSTANCES.get(found.state) or Look("other", "unknown", found.state or _("Unknown"))


def trigger(told: str) -> str:
    return str(TRIGGERS.get(told, told))
