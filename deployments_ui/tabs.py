"""The tabs on the pages of an app."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from deployments_ui import links
from portal.permissions import Person
from portal.services.domains.queries import count_domains
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class Tab:
    """`count` is 0 where there is nothing to count."""

    label: str
    url: str
    is_current: bool
    count: int = 0


def list_tabs(customer: CustomerSummary, deployment: DeploymentSummary, *, by: Person, current: str) -> list[Tab]:
    """`current` is history, env, domains or builds.

    On a shared app a customer's person sees no env vars, builds and logs but those of its own versions.
    """
    slug, app = customer.slug, deployment.id
    domains = count_domains(by=by, slug=slug, deployment_id=app)
    tabs = [
        Tab(_("History"), links.deployment(slug, app), current == "history"),
        Tab(_("Env vars"), links.env(slug, app), current == "env"),
        Tab(_("Domains"), links.domains(slug, app), current == "domains", domains),
        Tab(_("Builds and logs"), links.builds(slug, app), current == "builds"),
    ]
    is_limited = deployment.is_shared and not by.sees_everyone
    return [tabs[0], tabs[2]] if is_limited else tabs
