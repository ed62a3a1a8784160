from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.logs import ACCEPT, LogText
from portal.miosa.noun import Listed, Noun
from portal.miosa.types.base import Page
from portal.miosa.types.releases import Build


class Builds(Noun):
    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Build]:
        return self._page(_all(deployment_id), _listed(deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Build]]:
        return self._pages(_all(deployment_id), _listed(deployment_id), {}, limit)

    def get(self, deployment_id: str, build_id: str) -> Build:
        return self._one(_each(deployment_id, build_id), Build, ("build",), {"deployment_id": deployment_id})

    def logs(self, deployment_id: str, build_id: str) -> LogText:
        """A stream: of a build at work it gives what has come until the deadline, and says it is not complete."""
        return self._log(_each(deployment_id, build_id, "/logs"), {}, ACCEPT)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/builds", {"id": deployment_id})


def _each(deployment_id: str, build_id: str, rest: str = "") -> Place:
    return Place("/deployments/{id}/builds/{build_id}" + rest, {"id": deployment_id, "build_id": build_id})


def _listed(deployment_id: str) -> Listed:
    return Listed(Build, ("builds",), {"deployment_id": deployment_id})
