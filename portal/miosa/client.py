"""The client: one transport, one breaker and one retry budget, and a resource for each kind of object."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from portal.miosa.deadline import READ_DEADLINE_S
from portal.miosa.resources.artifacts import Builds, Releases
from portal.miosa.resources.deployments import Deployments
from portal.miosa.resources.domains import Domains
from portal.miosa.resources.runtime import Env, RuntimeInstances
from portal.miosa.resources.versions import Versions
from portal.miosa.resources.workspaces import Sandboxes, Tenants, Workspaces
from portal.miosa.session import Gate, Observer, Session
from portal.miosa.transport import Transport, TransportOptions


class Client:
    """`Client(base_url=…, api_key=…).deployments.list()`. Threads may share it.

    `deadline_s` is for a whole read with its retries. A change has 10 s, publish and redeploy have 60 s, unless
    `bind(deadline_s=…)` says otherwise. `tenant` selects one of several that the key can reach (miosa-api.md 1).
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        tenant: str | None = None,
        deadline_s: float = READ_DEADLINE_S,
        **transport: Unpack[TransportOptions],
    ) -> None:
        self._use(Session(Transport(base_url, api_key, tenant, **transport), deadline_s))

    def _use(self, session: Session) -> None:
        self._session = session
        self.builds = Builds(session)
        self.deployments = Deployments(session)
        self.domains = Domains(session)
        self.env = Env(session)
        self.releases = Releases(session)
        self.runtime_instances = RuntimeInstances(session)
        self.sandboxes = Sandboxes(session)
        self.tenant = Tenants(session)
        self.versions = Versions(session)
        self.workspaces = Workspaces(session)

    def bind(
        self,
        *,
        gate: Gate | None = None,
        observer: Observer | None = None,
        deadline_s: float | None = None,
        request_id: str | None = None,
    ) -> Client:
        """A copy with options of its own, over the same connections and breaker. None keeps an option as it is.

        `gate` is called before each request and may raise BudgetSpent, so that nothing is sent; `observer` is called
        after each. `deadline_s` is for a whole call, a read's retries included. `request_id` is sent as X-Request-ID.
        """
        given: dict[str, Any] = {
            "gate": gate,
            "observer": observer,
            "deadline_s": deadline_s,
            "request_id": request_id,
        }
        options = replace(self._session.options, **{name: value for name, value in given.items() if value is not None})
        copy = object.__new__(Client)
        copy._use(replace(self._session, options=options))
        return copy

    @property
    def base_url(self) -> str:
        return str(self._session.transport.base_url)

    @property
    def is_open(self) -> bool:
        """Whether the breaker is open, since MIOSA has not been answering."""
        return self._session.breaker.is_open

    def close(self) -> None:
        self._session.transport.close()

    def __repr__(self) -> str:
        return f"<Client {self.base_url}>"
