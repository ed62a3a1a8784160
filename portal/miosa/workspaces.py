from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.noun import Listed, Noun
from portal.miosa.types.base import Page
from portal.miosa.types.places import Workspace

_ALL = Place("/workspaces")
_LISTED = Listed(Workspace, ("workspaces",))


class Workspaces(Noun):
    def list(self, *, limit: int | None = 100, page_token: str | None = None) -> Page[Workspace]:
        return self._page(_ALL, _LISTED, {}, limit, page_token)

    def pages(self, *, limit: int | None = 100) -> Iterator[Page[Workspace]]:
        return self._pages(_ALL, _LISTED, {}, limit)

    def get(self, workspace_id: str) -> Workspace:
        return self._one(Place("/workspaces/{id}", {"id": workspace_id}), Workspace, ("workspace",))
