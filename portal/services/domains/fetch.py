"""Read the domains of a deployment from MIOSA (contract 8.8), at most once a minute however many people view them."""

from datetime import datetime

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services.domains import queries
from portal.services.domains.upsert import FetchedDomains, store_domains
from portal.services.sync import limits
from portal.services.sync.details import Detail

FRESH_FOR = limits.DETAILS_FRESH


def fetch_domains(deployment: Deployment, client: miosa.Client) -> FetchedDomains:
    """All pages of the list. Raises miosa.MiosaError."""
    rows: dict[str, miosa.Domain] = {}
    unreadable: set[str] = set()
    is_complete = True
    for page in client.domains.pages(deployment.miosa_id):
        rows |= {row.id: row for row in page.items}
        unreadable |= {row.id for row in page.unreadable if row.id}
        is_complete = is_complete and not page.loop and all(row.id for row in page.unreadable)
    return FetchedDomains(tuple(rows.values()), frozenset(unreadable), is_complete)


_DOMAINS = Detail("domains", fetch_domains, store_domains)
scope = _DOMAINS.scope
# Before a page is shown: a failure is recorded, never raised.
refresh_if_stale = _DOMAINS.read_if_stale
# The same for the worker, with a client of its own.
refresh_with = _DOMAINS.read_with
# After a change of our own. Raises miosa.MiosaError.
refresh = _DOMAINS.read


def list_names(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> tuple[str, ...]:
    """The domains that lead to a deployment, for a dialog that changes what is live, as far as `by` may see them."""
    refresh_if_stale(deployment, customer=customer, now=now)
    attached = queries.filter_visible(deployment, customer, by=by).exclude(status="removed")
    return tuple(attached.order_by("name").values_list("name", flat=True))
