"""The tabs on each page of an app."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from deployments_ui import links
from portal.permissions import Person
from portal.services.domains import queries as domain_queries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class Tab:
    """`count` is 0 where there is nothing to count."""

    label: str
    url: str
    current: bool
    count: int = 0


def of(customer: CustomerSummary, deployment: DeploymentSummary, *, by: Person, here: str) -> list[Tab]:
    """On a shared app a customer's person has no env vars, no builds and no logs but those of its own versions."""
    slug, app = customer.slug, deployment.id
    is_cut = deployment.is_shared and not by.sees_everyone
    count = domain_queries.count_domains(by=by, slug=slug, deployment_id=app)
    places = [
        ("history", _("History"), links.deployment(slug, app), 0),
        ("env", _("Env vars"), "" if is_cut else links.env(slug, app), 0),
        ("domains", _("Domains"), links.domains(slug, app), count),
        ("builds", _("Builds and logs"), "" if is_cut else links.builds(slug, app), 0),
    ]
    return [Tab(label, url, name == here, count) for name, label, url, count in places if url]
