from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.noun import Listed, Noun
from portal.miosa.types.base import Page
from portal.miosa.types.changes import Changed
from portal.miosa.types.releases import Release


class Releases(Noun):
    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Release]:
        return self._page(_all(deployment_id), _listed(deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Release]]:
        return self._pages(_all(deployment_id), _listed(deployment_id), {}, limit)

    def get(self, deployment_id: str, release_id: str) -> Release:
        return self._one(_each(deployment_id, release_id), Release, ("release",), {"deployment_id": deployment_id})

    def promote(self, deployment_id: str, release_id: str, *, idempotency_key: str) -> Changed:
        """The key must be new for each human action: one key per release would make a later promote a replay."""
        return self._change("POST", _each(deployment_id, release_id, "/promote"), idempotency_key=idempotency_key)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/releases", {"id": deployment_id})


def _each(deployment_id: str, release_id: str, rest: str = "") -> Place:
    return Place("/deployments/{id}/releases/{release_id}" + rest, {"id": deployment_id, "release_id": release_id})


def _listed(deployment_id: str) -> Listed:
    return Listed(Release, ("releases",), {"deployment_id": deployment_id})
