from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from portal.miosa import responses
from portal.miosa.messages import Endpoint, Request, Secret
from portal.miosa.resources.base import Attribution, Resource, without_none
from portal.miosa.responses import Changed, Format
from portal.miosa.types import Domain, Page

_ALL = "/deployments/{id}/domains"
_ONE = "/deployments/{id}/domains/{domain_id}"


class NewDomain(Attribution, total=False):
    """Optional fields of a new domain (miosa-api.md 10.8)."""

    redirect_policy: str | None


class Domains(Resource[Domain]):
    """The custom domains of a deployment."""

    format = Format(Domain, ("domain",), ("domains", "custom_domains"))

    def list(self, deployment_id: str, *, limit: int | None = None, page_token: str | None = None) -> Page[Domain]:
        """One page of a deployment's domains (miosa-api.md 10.8). No source says that they are paged (3.2)."""
        return self._list(Endpoint(_ALL, id=deployment_id), {}, limit, page_token)

    def pages(self, deployment_id: str, *, limit: int | None = None) -> Iterator[Page[Domain]]:
        """All pages of a deployment's domains (miosa-api.md 10.8)."""
        return self._pages(Endpoint(_ALL, id=deployment_id), {}, limit)

    def add(self, deployment_id: str, *, domain: str, idempotency_key: str, **fields: Unpack[NewDomain]) -> Changed:
        """Add a domain (miosa-api.md 10.8). `.domain` has the DNS records to set, if the answer contains them."""
        body = Secret.json({"domain": domain, **without_none(fields)})
        return self._change(
            Request("POST", Endpoint(_ALL, id=deployment_id), body=body, idempotency_key=idempotency_key)
        )

    def verify(self, deployment_id: str, domain_id: str, *, idempotency_key: str) -> Changed:
        """Make MIOSA check a domain's DNS (miosa-api.md 10.8).

        A failed check is either a domain with an `error_code` or a Refused with an `upstream_code`.
        """
        endpoint = Endpoint(f"{_ONE}/verify", id=deployment_id, domain_id=domain_id)
        return self._change(Request("POST", endpoint, idempotency_key=idempotency_key))

    def update(self, deployment_id: str, domain_id: str, *, redirect_policy: str, idempotency_key: str) -> Changed:
        """Change how a domain redirects: `none`, `www_to_apex` or `apex_to_www` (miosa-api.md 10.8)."""
        endpoint = Endpoint(_ONE, id=deployment_id, domain_id=domain_id)
        body = Secret.json({"redirect_policy": redirect_policy})
        return self._change(Request("PATCH", endpoint, body=body, idempotency_key=idempotency_key))

    def delete(self, deployment_id: str, domain_id: str, *, idempotency_key: str) -> Changed:
        """Remove a domain (miosa-api.md 10.8)."""
        endpoint = Endpoint(_ONE, id=deployment_id, domain_id=domain_id)
        return self._change(Request("DELETE", endpoint, idempotency_key=idempotency_key))

    def _change(self, request: Request) -> Changed:
        return responses.parse_domain_change(self._session.request(request))
