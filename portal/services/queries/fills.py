"""How far the first reading of all histories is: on a new installation it takes one request for each app."""

from collections.abc import Collection

from portal.models import Deployment, Freshness
from portal.permissions import Person
from portal.services import rates
from portal.services.queries.schemas import Fill


def get_fill(sweep: Freshness | None, *, by: Person) -> Fill | None:
    """Counts the apps that this person may see. None once the versions of each were read."""
    unread_apps, apps = Deployment.objects.unread(), Deployment.objects.filter(gone_at=None)
    if by.scope is not None:
        unread_apps = unread_apps.filter(holdings__customer__in=by.scope).distinct()
        apps = apps.filter(holdings__customer__in=by.scope).distinct()
    unread = unread_apps.count()
    return make_fill(sweep, unread=unread, total=apps.count() if unread or _is_listing(sweep) else 0)


def make_fill(sweep: Freshness | None, *, unread: int, total: int) -> Fill | None:
    """`unread` of `total` apps were never read. None if all of them were, and listed."""
    is_listing = _is_listing(sweep)
    if not unread and not is_listing:
        return None
    remaining_s = int(rates.fill_duration(unread).total_seconds())
    return Fill(read=total - unread, total=total, remaining_s=remaining_s, is_listing=is_listing)


def count_unread(deployments: Collection[Deployment]) -> Fill | None:
    """The same for the apps of one page."""
    unread = sum(deployment.is_unread for deployment in deployments)
    if not unread:
        return None
    remaining_s = int(rates.fill_duration(unread).total_seconds())
    return Fill(read=len(deployments) - unread, total=len(deployments), remaining_s=remaining_s, is_listing=False)


def _is_listing(sweep: Freshness | None) -> bool:
    return sweep is None or sweep.read_at is None
