from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.logs import LogText
from portal.miosa.messages import Endpoint, Request
from portal.miosa.resources.base import Resource
from portal.miosa.responses import Changed, Format
from portal.miosa.types import Build, Page, Release

_RELEASES = "/deployments/{id}/releases"
_RELEASE = "/deployments/{id}/releases/{release_id}"
_BUILDS = "/deployments/{id}/builds"
_BUILD = "/deployments/{id}/builds/{build_id}"


class Releases(Resource[Release]):
    format = Format(Release, ("release",), ("releases",))

    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Release]:
        """One page of a deployment's releases (miosa-api.md 10.5). No source says that they are paged (3.2)."""
        return self._list(Endpoint(_RELEASES, id=deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Release]]:
        """All pages of a deployment's releases (miosa-api.md 10.5)."""
        return self._pages(Endpoint(_RELEASES, id=deployment_id), {}, limit)

    def get(self, deployment_id: str, release_id: str) -> Release:
        """A release (miosa-api.md 10.5)."""
        return self._get(Endpoint(_RELEASE, id=deployment_id, release_id=release_id))

    def promote(self, deployment_id: str, release_id: str, *, idempotency_key: str) -> Changed:
        """Make a release live (miosa-api.md 10.5).

        The key must be new for each action: with one key for a release, a later promote would be a replay (5).
        """
        endpoint = Endpoint(f"{_RELEASE}/promote", id=deployment_id, release_id=release_id)
        return self._change(Request("POST", endpoint, idempotency_key=idempotency_key))


class Builds(Resource[Build]):
    format = Format(Build, ("build",), ("builds",))

    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Build]:
        """One page of a deployment's builds (miosa-api.md 10.9). No source says that they are paged (3.2)."""
        return self._list(Endpoint(_BUILDS, id=deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Build]]:
        """All pages of a deployment's builds (miosa-api.md 10.9)."""
        return self._pages(Endpoint(_BUILDS, id=deployment_id), {}, limit)

    def get(self, deployment_id: str, build_id: str) -> Build:
        """A build (miosa-api.md 10.9)."""
        return self._get(Endpoint(_BUILD, id=deployment_id, build_id=build_id))

    def logs(self, deployment_id: str, build_id: str) -> LogText:
        """A build's log (miosa-api.md 10.9). Of a running build: its stream until the deadline, not `complete`."""
        return self._log(Endpoint(f"{_BUILD}/logs", id=deployment_id, build_id=build_id), {})
