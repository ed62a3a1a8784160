from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.miosa import responses
from portal.miosa.errors import BadAnswer
from portal.miosa.logs import ACCEPT_JSON, LogText
from portal.miosa.messages import Endpoint, Request, Secret
from portal.miosa.paging import PageToken
from portal.miosa.resources.base import Resource, without_none
from portal.miosa.responses import Changed, Format
from portal.miosa.types import EnvVar, Page, RuntimeInstance

_INSTANCES = "/deployments/{id}/runtime-instances"
_INSTANCE = "/deployments/{id}/runtime-instances/{instance_id}"
_ENV = "/deployments/{id}/env"


class RuntimeInstances(Resource[RuntimeInstance]):
    """The running copies of a dynamic deployment. A static one has none."""

    format = Format(RuntimeInstance, ("runtime_instance",), ("runtime_instances", "instances"))

    def list(
        self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None
    ) -> Page[RuntimeInstance]:
        """One page of a deployment's instances (miosa-api.md 10.9). No source says that they are paged (3.2)."""
        return self._list(Endpoint(_INSTANCES, id=deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[RuntimeInstance]]:
        """All pages of a deployment's instances (miosa-api.md 10.9)."""
        return self._pages(Endpoint(_INSTANCES, id=deployment_id), {}, limit)

    def get(self, deployment_id: str, instance_id: str) -> RuntimeInstance:
        """An instance (miosa-api.md 10.9)."""
        return self._get(Endpoint(_INSTANCE, id=deployment_id, instance_id=instance_id))

    def logs(self, deployment_id: str, instance_id: str, *, lines: int | None = None) -> LogText:
        """The last `lines` of an instance's log (miosa-api.md 10.9)."""
        endpoint = Endpoint(f"{_INSTANCE}/logs", id=deployment_id, instance_id=instance_id)
        return self._log(endpoint, {"lines": lines}, accept=ACCEPT_JSON)


class Env(Resource[EnvVar]):
    """Environment variables. Values are sent and never read back (docs/rules.md, 7).

    Errors of a change contain no text of MIOSA's, since it might quote a value.
    """

    format = Format(EnvVar, list_names=("env", "env_vars", "variables"), key="name")

    def list(self, deployment_id: str, *, page_token: str | None = None) -> Page[EnvVar]:
        """The variables of a deployment, with masked values (miosa-api.md 10.7)."""
        return self._list(Endpoint(_ENV, id=deployment_id), {}, None, page_token)

    def set(
        self,
        deployment_id: str,
        values: Mapping[str, str],
        *,
        environment: str | None = None,
        idempotency_key: str,
    ) -> Page[EnvVar]:
        """Set variables (miosa-api.md 10.7). Whether others are kept is undefined, so read the list afterwards.

        The page is empty if the answer contains no rows.
        """
        body = Secret.json(without_none({"env": dict(values), "environment": environment}))
        del values  # so that no traceback of an error below shows them
        request = Request(
            "POST",
            Endpoint(_ENV, id=deployment_id),
            body=body,
            idempotency_key=idempotency_key,
            hide_error_text=True,
        )
        response = self._session.request(request)
        try:
            return responses.parse_page(response, self.format, PageToken())
        except BadAnswer:
            if response.body.lstrip()[:1] == b"<":
                raise
            return Page()

    def delete(self, deployment_id: str, name: str, *, idempotency_key: str) -> Changed:
        """Delete a variable (miosa-api.md 10.7). A MIOSA that can't raises NotSupported, or NotFound for the path."""
        endpoint = Endpoint(f"{_ENV}/{{name}}", id=deployment_id, name=name)
        return self._change(Request("DELETE", endpoint, idempotency_key=idempotency_key, hide_error_text=True))
