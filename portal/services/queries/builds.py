"""Builds of a repository deployment (contract 8.4), as they were last read."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.core.cache import cache

from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import log_text, open_words

REPOSITORY = frozenset({"repo", "git", "forge"})


@dataclass(frozen=True, slots=True)
class Build:
    """`trigger` and `error` are for staff: the hosting service wrote these texts."""

    id: str
    state: str
    commit: str
    message: str
    trigger: str
    started_at: datetime | None
    duration_ms: int | None
    error: str


@dataclass(frozen=True, slots=True)
class StoredBuilds:
    """Builds with the external id each states, newest first; to be read again from `read_again_at` on."""

    builds: tuple[tuple[Build, str | None], ...]
    read_again_at: datetime


def cache_key(deployment: Deployment) -> str:
    return f"builds:{deployment.pk}"


def list_builds(deployment: Deployment, customer: Customer, *, by: Person) -> tuple[Build, ...]:
    """The newest builds, newest first; none of a deployment that is not built from a repository."""
    if deployment.source_type not in REPOSITORY or deployment.gone_at is not None:
        return ()
    stored: StoredBuilds | None = cache.get(cache_key(deployment))
    if stored is None:
        return ()
    owners = {None, customer.external_id}
    return tuple(cut(build, by=by) for build, owner in stored.builds if by.sees_everyone or owner in owners)


def cut(build: Build, *, by: Person) -> Build:
    """Without what is for staff, if this person is not."""
    if by.is_staff:
        return build
    state = open_words.show_word(build.state, open_words.BUILD_STATES, by=by)
    return replace(build, state=state, message=log_text.scrub(build.message), trigger="", error="")
