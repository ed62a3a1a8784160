"""The one MIOSA tenant behind this database: which it is, and whether MIOSA answers."""

import logging
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Connection
from portal.permissions import Person, Role
from portal.services import errors
from portal.services.sync import budget

logger = logging.getLogger(__name__)

_OK_WRITTEN_EVERY = timedelta(seconds=30)
_TENANT_ALARMS = frozenset({"other_base_url", "other_tenant"})


class WrongTenant(Exception):
    """This database belongs to another MIOSA or tenant than the one configured; their data must not be mixed."""

    code = "wrong_tenant"


def get_connection() -> Connection:
    row = Connection.only()
    if not row.base_url:
        row.base_url = settings.MIOSA.base_url
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


class Observer:
    """Notes how the requests of one client end; written only when something changed, so a healthy minute costs little.

    Of several good answers in a row, the first is compared with what is stored.
    """

    def __init__(self) -> None:
        self._is_good = False

    def __call__(self, outcome: miosa.Outcome) -> None:
        if outcome.error:
            self._is_good = False
            _note_error(outcome, getattr(miosa, outcome.error))
        elif not self._is_good:
            _note_answer()
            self._is_good = True


def _note_error(outcome: miosa.Outcome, kind: type[miosa.MiosaError]) -> None:
    if issubclass(kind, miosa.RateLimited):
        budget.block(outcome.retry_after_s or 10.0)
    elif issubclass(kind, miosa.Unauthorized | miosa.Forbidden | miosa.PaymentRequired) and outcome.method == "GET":
        # A refused change concerns that change alone, so only refused reads count.
        _note_trouble("refused_since", kind.code)
    elif issubclass(kind, miosa.Outage) and not issubclass(kind, miosa.BreakerOpen):
        _note_trouble("unreachable_since", kind.code)


def _note_answer() -> None:
    row, now = get_connection(), timezone.now()
    is_noted = row.last_ok_at is not None and now - row.last_ok_at < _OK_WRITTEN_EVERY
    if row.unreachable_since or row.refused_since or not is_noted:
        Connection.objects.filter(pk=1).update(last_ok_at=now, unreachable_since=None, refused_since=None, error="")


def _note_trouble(column: str, code: str) -> None:
    if getattr(get_connection(), column) is None:
        other = "refused_since" if column == "unreachable_since" else "unreachable_since"
        Connection.objects.filter(pk=1, **{column: None}).update(**{column: timezone.now(), other: None, "error": code})
