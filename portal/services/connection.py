"""The one MIOSA tenant behind this database: which it is, and what operators are warned of."""

import logging
from collections.abc import Collection

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Connection
from portal.permissions import Person, Role
from portal.services import durability, errors

logger = logging.getLogger(__name__)

_TENANT_ALARMS = frozenset({"other_base_url", "other_tenant"})


class WrongTenant(Exception):
    """This database belongs to another MIOSA or tenant than the one configured; their data must not be mixed."""

    code = "wrong_tenant"


def get_connection() -> Connection:
    row = Connection.only()
    if not row.base_url:
        row.base_url = settings.MIOSA.base_url
        with durability.optional_write("connection"):
            row.save(update_fields=["base_url"])
    return row


def require_same_tenant(stated: Collection[str]) -> str:
    """Our tenant, stored at first sight; empty as long as no row has named any.

    `stated`: the tenants that rows name. Raises WrongTenant, with an alarm, if ours is not among them, or if another
    MIOSA is configured than this database belongs to.
    """
    row = get_connection()
    if row.base_url != settings.MIOSA.base_url and not settings.MIOSA.is_demo:
        raise_alarm("other_base_url", f"This database belongs to {row.base_url}, not to {settings.MIOSA.base_url}.")
        raise WrongTenant(row.base_url)
    if stated and row.tenant_id not in stated:
        if row.tenant_id or len(stated) > 1:
            others = ", ".join(sorted(stated))
            raise_alarm(
                "other_tenant", f"This database belongs to the tenant {row.tenant_id or '?'}; MIOSA reports {others}."
            )
            raise WrongTenant(others)
        (row.tenant_id,) = stated
        if not Connection.objects.filter(pk=1, tenant_id="").update(tenant_id=row.tenant_id):
            return require_same_tenant(stated)
    if row.alarm in _TENANT_ALARMS and stated:
        clear_alarm(row.alarm)
    return row.tenant_id


def raise_alarm(code: str, text: str) -> None:
    """Show operators a warning on every page until one of them resolves it."""
    changed = Connection.objects.filter(pk=1).exclude(alarm=code, alarm_text=text)
    if changed.update(alarm=code, alarm_text=text, alarm_at=timezone.now()):
        logger.error("connection alarm", extra={"code": code, "text": text})


def clear_alarm(code: str) -> None:
    Connection.objects.filter(pk=1, alarm=code).update(alarm="", alarm_text="", alarm_at=None, accepts_vanished=False)


def accept_vanished(*, by: Person) -> None:
    """An operator confirms that deployments missing from MIOSA's list are gone; the next sweep marks them.

    Raises errors.Forbidden.
    """
    if not by.is_operator:
        raise errors.Forbidden(_("Only an operator can confirm this."), who_can=(Role.OPERATOR,))
    Connection.objects.filter(pk=1).exclude(alarm="").update(accepts_vanished=True)
