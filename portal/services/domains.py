"""Domains of a deployment, as far as other pages name them."""

from django.core.cache import cache

from portal import miosa
from portal.access import Person
from portal.models import Customer, Deployment
from portal.services import upstream
from portal.services.budget import Purpose

_FRESH_S = 60


def list_names(deployment: Deployment, *, customer: Customer, by: Person) -> tuple[str, ...]:
    """The custom domains that switch with a deployment; on a shared one, for a customer's person, its own. Empty if not known."""
    key = f"domains:{deployment.pk}"
    remembered: tuple[tuple[str, str | None], ...] | None = cache.get(key)
    if remembered is None:
        try:
            page = upstream.client(Purpose.READ, customer_id=customer.pk).domains.list(deployment.miosa_id)
        except miosa.MiosaError:
            return ()
        remembered = tuple((row.domain, _attribution(row)) for row in page.items if row.status != "removed")
        cache.set(key, remembered, _FRESH_S)
    if deployment.is_shared and not by.is_staff:
        return tuple(name for name, external_id in remembered if external_id == customer.external_id)
    return tuple(name for name, _external_id in remembered)


def _attribution(row: miosa.Domain) -> str | None:
    return row.external_workspace_id if isinstance(row.external_workspace_id, str) else None
