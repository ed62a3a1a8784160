"""Read the domains of a deployment from MIOSA (contract 8.8), at most once a minute however many people view them."""

from portal import miosa
from portal.models import Deployment
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
# After a change of our own. Raises miosa.MiosaError.
refresh = _DOMAINS.read
