from __future__ import annotations

from collections.abc import Iterator

from portal.miosa.caller import Place
from portal.miosa.noun import Listed, Noun, given
from portal.miosa.types.base import Page
from portal.miosa.types.changes import Changed
from portal.miosa.types.domains import Domain


class Domains(Noun):
    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Domain]:
        return self._page(_all(deployment_id), _listed(deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Domain]]:
        return self._pages(_all(deployment_id), _listed(deployment_id), {}, limit)

    def add(
        self,
        deployment_id: str,
        *,
        domain: str,
        redirect_policy: str | None = None,
        external_workspace_id: str | None = None,
        external_user_id: str | None = None,
        external_project_id: str | None = None,
        idempotency_key: str,
    ) -> Changed:
        """`.domain` holds the DNS records to set, if MIOSA says them at once."""
        body = given(
            domain=domain,
            redirect_policy=redirect_policy,
            external_workspace_id=external_workspace_id,
            external_user_id=external_user_id,
            external_project_id=external_project_id,
        )
        return self._change("POST", _all(deployment_id), body=body, idempotency_key=idempotency_key, of_domain=True)

    def verify(self, deployment_id: str, domain_id: str, *, idempotency_key: str) -> Changed:
        """A check that failed may be a row that says so, or a refusal whose `upstream_code` says so."""
        return self._change(
            "POST", _each(deployment_id, domain_id, "/verify"), idempotency_key=idempotency_key, of_domain=True
        )

    def update(self, deployment_id: str, domain_id: str, *, redirect_policy: str, idempotency_key: str) -> Changed:
        body = {"redirect_policy": redirect_policy}
        return self._change(
            "PATCH", _each(deployment_id, domain_id), body=body, idempotency_key=idempotency_key, of_domain=True
        )

    def delete(self, deployment_id: str, domain_id: str, *, idempotency_key: str) -> Changed:
        return self._change("DELETE", _each(deployment_id, domain_id), idempotency_key=idempotency_key, of_domain=True)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/domains", {"id": deployment_id})


def _each(deployment_id: str, domain_id: str, rest: str = "") -> Place:
    return Place("/deployments/{id}/domains/{domain_id}" + rest, {"id": deployment_id, "domain_id": domain_id})


def _listed(deployment_id: str) -> Listed:
    return Listed(Domain, ("domains", "custom_domains"), {"deployment_id": deployment_id})
