"""Rows of another tenant are refused: a portal remembers one (docs/architecture.md)."""

import logging
from collections.abc import Sequence

from portal import miosa
from portal.services import connection

logger = logging.getLogger(__name__)


def admit(rows: Sequence[miosa.Deployment]) -> list[miosa.Deployment]:
    """The rows of our tenant.

    Raises WrongTenant if every row that names a tenant names another, or several at first sight.
    """
    stated = {row.tenant_id for row in rows if row.tenant_id}
    ours = connection.require_same_tenant(stated)
    admitted = [row for row in rows if not row.tenant_id or row.tenant_id == ours]
    if len(admitted) < len(rows):
        logger.warning("rows of another tenant refused", extra={"count": len(rows) - len(admitted)})
    return admitted


def confirm(ask: miosa.Client) -> None:
    """Make sure, before anything is called gone, that we still ask our tenant. Raises WrongTenant, miosa.MiosaError."""
    connection.require_same_tenant({ask.tenant.current().id})
