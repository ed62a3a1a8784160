"""Builds of the repository flow (contract 8.4), asked for when somebody looks and remembered for a short while."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from portal import miosa
from portal.access import Person
from portal.models import Customer, Deployment
from portal.services import upstream
from portal.services.budget import Purpose

_REPOSITORY = frozenset({"repo", "git", "forge"})
_FRESH_S = 60


@dataclass(frozen=True, slots=True)
class Build:
    """`error` is for staff alone: it is the hosting service's own text."""

    id: str
    state: str
    commit: str
    message: str
    trigger: str
    started_at: datetime | None
    duration_ms: int | None
    error: str


def list_builds(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> tuple[Build, ...]:
    """The newest builds of a repository deployment, newest first; none for others, and none while MIOSA can't be asked."""
    if deployment.source_type not in _REPOSITORY or deployment.gone_at is not None:
        return ()
    key = f"builds:{deployment.pk}"
    remembered: tuple[Build, ...] | None = cache.get(key)
    if remembered is None:
        try:
            page = upstream.client(Purpose.READ, customer_id=customer.pk).builds.list(deployment.miosa_id)
        except miosa.MiosaError:
            return ()
        remembered = tuple(sorted((_build(row) for row in page.items), key=_started, reverse=True)[:50])
        cache.set(key, remembered, _FRESH_S)
    if by.is_staff:
        return remembered
    return tuple(_without_error(build) for build in remembered)


def _build(row: miosa.Build) -> Build:
    return Build(
        id=row.id,
        state=row.state,
        commit=(row.commit_sha or "")[:12],
        message=(row.commit_message or "")[:300],
        trigger=row.triggered_by or "",
        started_at=row.started_at or row.created_at,
        duration_ms=row.duration_ms,
        error=(row.error_message or "")[:500],
    )


def _started(build: Build) -> float:
    return build.started_at.timestamp() if build.started_at else 0.0


def _without_error(build: Build) -> Build:
    return Build(
        build.id, build.state, build.commit, build.message, build.trigger, build.started_at, build.duration_ms, ""
    )
