"""Answers to changes (miosa-api.md 8.9): often reduced, so any field may be missing. Read the deployment afterwards."""

from __future__ import annotations

import msgspec

from portal.miosa.types.artifacts import Build
from portal.miosa.types.deployments import Deployment, Version
from portal.miosa.types.domains import Domain


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """`replayed`: MIOSA knew this idempotency key, executed nothing, and repeated its first answer."""

    status: int
    request_id: str | None = None
    replayed: bool = False
    deployment_id: str | None = None
    release_id: str | None = None
    deployment: Deployment | None = None
    version: Version | None = None
    build: Build | None = None
    domain: Domain | None = None


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """`promoted` is None if MIOSA leaves it out. It never shows what is live (docs/rules.md, 2)."""

    status: int
    request_id: str | None = None
    replayed: bool = False
    deployment_id: str | None = None
    version_id: str | None = None
    version_number: int | None = None
    version_state: str | None = None
    release_id: str | None = None
    promoted: bool | None = None
    promotion_pending: bool | None = None
    public_url: str | None = None
    deployment: Deployment | None = None
    version: Version | None = None
