"""Everything of one customer: a list of its deployments, then the versions that may have changed."""

import time
from datetime import datetime, timedelta

from portal import miosa
from portal.models import Connection, Customer, Deployment
from portal.services.refreshing import tenancy, versions
from portal.services.refreshing.deployments import ask_singly, read_versions
from portal.services.refreshing.lease import Lease, lease, note_failure, want
from portal.services.remembering import deployments
from portal.services.remembering.deployments import Seen

FRESH = timedelta(seconds=15)
_MOST_PAGES = 20
_MOST_SINGLES = 10


def scope(customer_id: int) -> str:
    return f"customer:{customer_id}"


def read(
    customer: Customer,
    *,
    ask: miosa.Client,
    now: datetime,
    force: bool = False,
    most_pages: int | None = 1,
    within_s: float | None = None,
) -> bool:
    """Read a customer again. Its deployments first; then versions, as many as fit into `within_s` seconds; the rest is wanted.

    False if somebody else is reading. Raises miosa.MiosaError, WrongTenant, LeaseLost when not even the deployments could be read.
    """
    with lease(scope(customer.pk)) as held:
        if held is None:
            return False
        until = None if within_s is None else time.monotonic() + within_s
        try:
            seen = _deployments(customer, held, ask=ask, now=now)
        except miosa.MiosaError as error:
            note_failure(held.scope, code=error.code, retry_at=None, now=now)
            raise
        with held.writing() as row:
            row.read_at, row.error, row.failed_at, row.wanted_at = now, "", None, None
        _versions(seen, ask=ask, now=now, force=force, most_pages=most_pages, until=until)
    return True


def _deployments(customer: Customer, held: Lease, *, ask: miosa.Client, now: datetime) -> list[Seen]:
    seen: dict[int, Seen] = {}
    if customer.external_id:
        for count, page in enumerate(ask.deployments.pages(external_workspace_id=customer.external_id), start=1):
            rows = tenancy.admit(page.items)
            with held.writing():
                seen |= {one.deployment.pk: one for one in deployments.remember(rows, now=now)}
            if _ignores_filter(customer, rows) or count >= _MOST_PAGES:
                # The filter is not known there, or the customer is larger than one reading: the sweep brings the rest.
                break
    missing = _unseen(customer, seen)
    alone, absent = ask_singly(missing, ask=ask, now=now)
    seen |= {one.deployment.pk: one for one in alone}
    if absent:
        tenancy.confirm(ask)
        with held.writing():
            deployments.mark_gone(absent, now=now)
    held_ids = set(customer.holdings.values_list("deployment_id", flat=True))
    return [one for pk, one in seen.items() if pk in held_ids]


def _unseen(customer: Customer, seen: dict[int, Seen]) -> list[Deployment]:
    """Held deployments that the list did not bring. Absence from a filtered answer never means gone, so each is asked for."""
    unseen = Deployment.objects.filter(holdings__customer=customer, gone_at=None).exclude(pk__in=list(seen))
    if customer.is_unassigned:
        # What belongs to nobody may be the whole fleet: the sweep reads it.
        return []
    return list(unseen.order_by("-updated_at")[:_MOST_SINGLES])


def _ignores_filter(customer: Customer, rows: list[miosa.Deployment]) -> bool:
    foreign = any(
        isinstance(row.external_workspace_id, str) and row.external_workspace_id not in ("", customer.external_id)
        for row in rows
    )
    if rows:
        Connection.objects.exclude(ignores_filter=foreign).update(ignores_filter=foreign)
    return foreign


def _versions(
    seen: list[Seen], *, ask: miosa.Client, now: datetime, force: bool, most_pages: int | None, until: float | None
) -> None:
    for count, one in enumerate(seen):
        out_of_time = until is not None and time.monotonic() > until
        try:
            if out_of_time:
                raise miosa.BudgetSpent(retry_after_s=0)
            read_versions(one, ask=ask, now=now, force=force, most_pages=most_pages)
        except miosa.MiosaError as error:
            # The deployments are fresh; what else there is to read is left to the worker.
            at = now + timedelta(seconds=error.retry_after_s or 0)
            for rest in seen[count:]:
                if force or rest.pointer_moved or versions.is_due(rest.deployment, now=now):
                    want(versions.scope(rest.deployment.pk), at=at)
            return
