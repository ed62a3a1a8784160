from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.noun import Listed, Noun, Query
from portal.miosa.types.base import Page
from portal.miosa.types.places import Sandbox

_ALL = Place("/sandboxes")
_LISTED = Listed(Sandbox, ("sandboxes",))


class Sandboxes(Noun):
    """No limit is sent: no source says that sandboxes are paged."""

    def list(
        self,
        *,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        page_token: str | None = None,
    ) -> Page[Sandbox]:
        query: Query = {
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
            "state": state,
        }
        return self._page(_ALL, _LISTED, query, limit, page_token)

    def pages(
        self,
        *,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        state: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Page[Sandbox]]:
        query: Query = {
            "external_workspace_id": external_workspace_id,
            "external_user_id": external_user_id,
            "external_project_id": external_project_id,
            "state": state,
        }
        return self._pages(_ALL, _LISTED, query, limit)

    def get(self, sandbox_id: str) -> Sandbox:
        return self._one(Place("/sandboxes/{id}", {"id": sandbox_id}), Sandbox, ("sandbox",))
