"""Builds of the repository flow (contract 8.4), asked for when somebody looks and remembered for a short while."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.core.cache import cache

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose

REPOSITORY = frozenset({"repo", "git", "forge"})
_MOST = 50
_FRESH = timedelta(seconds=60)
_AFTER_FAILURE = timedelta(seconds=10)
_KEPT_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Build:
    """`trigger` and `error` are for staff alone: they are the hosting service's own text."""

    id: str
    state: str
    commit: str
    message: str
    trigger: str
    started_at: datetime | None
    duration_ms: int | None
    error: str


# A build, and whose it says that it is.
Owned = tuple[Build, str | None]


def list_builds(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> tuple[Build, ...]:
    """The newest builds of a repository deployment, newest first; none for others.

    Older ones while MIOSA can't be asked.
    """
    if deployment.source_type not in REPOSITORY or deployment.gone_at is not None:
        return ()
    remembered = _read(deployment, customer=customer, now=now)
    shown = (build for build, whose in remembered if by.sees_everyone or whose in {None, customer.external_id})
    return tuple(cut(build, by=by) for build in shown)


def cut(build: Build, *, by: Person) -> Build:
    """What this person may read of it."""
    return build if by.is_staff else replace(build, trigger="", error="")


def _read(deployment: Deployment, *, customer: Customer, now: datetime) -> tuple[Owned, ...]:
    key = f"builds:{deployment.pk}"
    remembered: tuple[Owned, ...]
    remembered, ask_again_at = cache.get(key) or ((), now)
    if now < ask_again_at:
        return remembered
    try:
        page = upstream.client(Purpose.READ, customer_id=customer.pk).builds.list(deployment.miosa_id)
    except miosa.MiosaError:
        cache.set(key, (remembered, now + _AFTER_FAILURE), _KEPT_S)
        return remembered
    remembered = tuple(sorted(map(of_row, page.items), key=_started, reverse=True)[:_MOST])
    cache.set(key, (remembered, now + _FRESH), _KEPT_S)
    return remembered


def of_row(row: miosa.Build) -> Owned:
    build = Build(
        id=row.id,
        state=row.state,
        commit=(row.commit_sha or "")[:12],
        message=(row.commit_message or "")[:300],
        trigger=row.triggered_by or "",
        started_at=row.started_at or row.created_at,
        duration_ms=row.duration_ms,
        error=(row.error_message or "")[:500],
    )
    whose = row.external_workspace_id
    return build, (whose or None) if isinstance(whose, str) else None


def _started(owned: Owned) -> float:
    return owned[0].started_at.timestamp() if owned[0].started_at else 0.0
