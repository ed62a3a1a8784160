from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.logs import ACCEPT_JSON, LogText
from portal.miosa.noun import Listed, Noun
from portal.miosa.types.base import Page
from portal.miosa.types.runtime import RuntimeInstance


class RuntimeInstances(Noun):
    """What runs of a dynamic deployment; a static one has none."""

    def list(
        self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None
    ) -> Page[RuntimeInstance]:
        return self._page(_all(deployment_id), _listed(deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[RuntimeInstance]]:
        return self._pages(_all(deployment_id), _listed(deployment_id), {}, limit)

    def get(self, deployment_id: str, instance_id: str) -> RuntimeInstance:
        fill = {"deployment_id": deployment_id}
        return self._one(_each(deployment_id, instance_id), RuntimeInstance, ("runtime_instance",), fill)

    def logs(self, deployment_id: str, instance_id: str, *, lines: int | None = None) -> LogText:
        return self._log(_each(deployment_id, instance_id, "/logs"), {"lines": lines}, ACCEPT_JSON)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/runtime-instances", {"id": deployment_id})


def _each(deployment_id: str, instance_id: str, rest: str = "") -> Place:
    ids = {"id": deployment_id, "instance_id": instance_id}
    return Place("/deployments/{id}/runtime-instances/{instance_id}" + rest, ids)


def _listed(deployment_id: str) -> Listed:
    return Listed(RuntimeInstance, ("runtime_instances", "instances"), {"deployment_id": deployment_id})
