"""What one refresh needs throughout: whom to ask, as of when, how much, and for which tenant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal import miosa
from portal.services.sync.fetch.tenant_check import TenantCheck


@dataclass(frozen=True, slots=True)
class Session:
    """`force`: read what is still fresh, too. `most_pages`: of each list of versions; the worker reads the rest."""

    client: miosa.Client
    now: datetime
    force: bool = False
    most_pages: int | None = 1
    tenant: TenantCheck = field(default_factory=TenantCheck)

    def accept_rows(self, rows: Sequence[miosa.Deployment]) -> list[miosa.Deployment]:
        """The rows of our tenant. Raises WrongTenant."""
        return self.tenant.accept_rows(rows)
