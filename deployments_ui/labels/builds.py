"""States of builds and of running instances."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label, open_word
from portal.services.queries.builds import Build
from portal.services.runtime import Instance

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


def get_build_label(build: Build) -> Label:
    return BUILDS.get(build.state) or Label("other", "unknown", open_word(build.state))


def get_instance_label(instance: Instance) -> Label:
    return INSTANCES.get(instance.state) or Label("other", "unknown", open_word(instance.state))


def build_trigger(name: str) -> str:
    return str(BUILD_TRIGGERS.get(name, name))
