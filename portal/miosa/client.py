"""The client: one pool, one breaker and one retry allowance, and a module for each noun."""

from __future__ import annotations

from typing import Any

from portal.miosa.breaker import Breaker
from portal.miosa.builds import Builds
from portal.miosa.caller import READ_S, Bound, Caller, Core, Gate, Observer
from portal.miosa.deployments import Deployments
from portal.miosa.domains import Domains
from portal.miosa.env import Env
from portal.miosa.releases import Releases
from portal.miosa.retry import Retries
from portal.miosa.runtime_instances import RuntimeInstances
from portal.miosa.sandboxes import Sandboxes
from portal.miosa.tenant import Tenant
from portal.miosa.transport import Transport
from portal.miosa.versions import Versions
from portal.miosa.workspaces import Workspaces


class Client:
    """Safe for threads. `deadline_s` bounds a whole read, retries and all.

    A change has 10 s (publish and redeploy 60 s) unless `bind(deadline_s=…)` says otherwise. `gate` is asked before
    each request and may raise BudgetSpent; `observer` hears of each afterwards.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        tenant: str | None = None,
        user_agent: str = "deploy-desk",
        gate: Gate | None = None,
        observer: Observer | None = None,
        deadline_s: float = READ_S,
        request_id: str | None = None,
        pool_size: int = 20,
        ca_bundle: str | None = None,
    ) -> None:
        transport = Transport(
            base_url=base_url,
            api_key=api_key,
            tenant=tenant,
            user_agent=user_agent,
            pool_size=pool_size,
            ca_bundle=ca_bundle,
        )
        core = Core(transport, Breaker(), Retries())
        self._use(Caller(core, Bound(gate, observer, None, request_id), deadline_s))

    def _use(self, caller: Caller) -> None:
        self._caller = caller
        self.builds = Builds(caller)
        self.deployments = Deployments(caller)
        self.domains = Domains(caller)
        self.env = Env(caller)
        self.releases = Releases(caller)
        self.runtime_instances = RuntimeInstances(caller)
        self.sandboxes = Sandboxes(caller)
        self.tenant = Tenant(caller)
        self.versions = Versions(caller)
        self.workspaces = Workspaces(caller)

    def bind(
        self,
        *,
        gate: Gate | None = None,
        observer: Observer | None = None,
        deadline_s: float | None = None,
        request_id: str | None = None,
    ) -> Client:
        """A copy over the same pool and breaker; what is not given stays as it is."""
        given: dict[str, Any] = {
            "gate": gate,
            "observer": observer,
            "deadline_s": deadline_s,
            "request_id": request_id,
        }
        bound = self._caller.bound._replace(**{name: value for name, value in given.items() if value is not None})
        copy = object.__new__(Client)
        copy._use(Caller(self._caller.core, bound, self._caller.read_s))
        return copy

    @property
    def base_url(self) -> str:
        return self._caller.core.transport.base.url

    @property
    def is_open(self) -> bool:
        """Is the breaker open: has MIOSA not been answering?"""
        return self._caller.core.breaker.is_open

    def close(self) -> None:
        self._caller.core.transport.close()

    def __repr__(self) -> str:
        return f"<Client {self.base_url}>"
