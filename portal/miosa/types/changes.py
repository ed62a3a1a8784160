"""What a mutation answers: often reduced, so every field may be missing. Read the deployment again afterwards."""

from __future__ import annotations

import msgspec

from portal.miosa.types.deployments import Deployment, Version
from portal.miosa.types.domains import Domain
from portal.miosa.types.releases import Build


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """`replayed`: MIOSA had seen this key, did nothing now, and repeated its first answer."""

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
    """`promoted` is None where MIOSA doesn't say; it is never a sign of what is live."""

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
