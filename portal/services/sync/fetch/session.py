"""What one refresh needs throughout: whom to ask, as of when, how much, and for which tenant.

Rows of another tenant are refused: one database holds one tenant (docs/architecture.md).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal import miosa
from portal.services import connection

logger = logging.getLogger(__name__)


class TenantCheck:
    """Compares rows with the tenant that this database belongs to, which is looked up once."""

    def __init__(self) -> None:
        self._tenant_id = ""

    @property
    def tenant_id(self) -> str:
        """Ours; empty as long as no row has named any."""
        if not self._tenant_id:
            self._tenant_id = connection.get_connection().tenant_id
        return self._tenant_id

    def accept_rows(self, rows: Sequence[miosa.Deployment]) -> list[miosa.Deployment]:
        """The rows of our tenant.

        Raises WrongTenant if every row that names a tenant names another, or several at first sight.
        """
        stated = {row.tenant_id for row in rows if row.tenant_id}
        if not self._tenant_id or stated - {self._tenant_id}:
            self._tenant_id = connection.require_same_tenant(stated)
        accepted = [row for row in rows if not row.tenant_id or row.tenant_id == self._tenant_id]
        if len(accepted) < len(rows):
            logger.warning("rows of another tenant refused", extra={"count": len(rows) - len(accepted)})
        return accepted


@dataclass(frozen=True, slots=True)
class Session:
    """`force`: read what is still fresh, too. `most_pages`: of each list of versions; the worker reads the rest."""

    client: miosa.Client
    now: datetime
    force: bool = False
    most_pages: int | None = 1
    tenant: TenantCheck = field(default_factory=TenantCheck)


def confirm_tenant(client: miosa.Client) -> None:
    """Before anything is marked as gone: do we still ask our tenant? Raises WrongTenant, miosa.MiosaError."""
    connection.require_same_tenant({client.tenant.current().id})
