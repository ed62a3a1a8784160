"""The tabs on the pages of an app, of a customer, and of the activity of all customers."""

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


def list_customer_tabs(customer: CustomerSummary, *, current: str) -> list[Tab]:
    """`current` is history, activity, insights, people or settings.

    Who can't read the audit log finds the operations under activity.
    """
    slug = customer.slug
    activity = links.customer_activity(slug) if customer.may_read_activity else links.customer_operations(slug)
    tabs = [
        Tab(_("History"), links.customer(slug), current == "history"),
        Tab(_("Activity"), activity, current == "activity"),
        Tab(_("Insights"), links.customer_insights(slug), current == "insights"),
    ]
    if customer.may_manage_people and not customer.is_unassigned:
        tabs.append(Tab(_("People"), links.customer_people(slug), current == "people"))
    if customer.may_change_settings and not customer.is_unassigned:
        tabs.append(Tab(_("Settings"), links.customer_settings(slug), current == "settings"))
    return tabs


def list_settings_tabs(customer: CustomerSummary, *, current: str) -> list[Tab]:
    """`current` is brand or permissions."""
    return [
        Tab(_("Name, logo and tags"), links.customer_settings(customer.slug), current == "brand"),
        Tab(_("Permissions"), links.customer_permissions(customer.slug), current == "permissions"),
    ]


def list_activity_tabs(customer: CustomerSummary | None, *, current: str) -> list[Tab]:
    """Of one customer or of all. `current` is operations or activity."""
    if customer is None:
        return [
            Tab(_("All activity"), links.activity(), current == "activity"),
            Tab(_("Operations"), links.operations(), current == "operations"),
        ]
    operations = Tab(_("Operations"), links.customer_operations(customer.slug), current == "operations")
    if not customer.may_read_activity:
        return [operations]
    return [Tab(_("All activity"), links.customer_activity(customer.slug), current == "activity"), operations]


def list_tabs(customer: CustomerSummary, deployment: DeploymentSummary, *, by: Person, current: str) -> list[Tab]:
    """`current` is history, env, domains, builds or insights.

    On a shared app a customer's person sees no env vars, builds and logs but those of its own versions.
    """
    slug, app = customer.slug, deployment.id
    domains = count_domains(by=by, slug=slug, deployment_id=app)
    tabs = [
        Tab(_("History"), links.deployment(slug, app), current == "history"),
        Tab(_("Env vars"), links.env(slug, app), current == "env"),
        Tab(_("Domains"), links.domains(slug, app), current == "domains", domains),
        Tab(_("Builds and logs"), links.builds(slug, app), current == "builds"),
        Tab(_("Insights"), links.deployment_insights(slug, app), current == "insights"),
    ]
    is_limited = deployment.is_shared and not by.sees_everyone
    return [tabs[0], tabs[2], tabs[4]] if is_limited else tabs
