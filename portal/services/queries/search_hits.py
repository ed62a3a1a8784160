"""Results of a search, as the page and the command palette show them."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import ngettext

from portal.models import Customer, Deployment, Version
from portal.permissions import Person
from portal.services import open_words
from portal.services.queries import actions, summaries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


class Kind(StrEnum):
    CUSTOMER = "customer"
    DEPLOYMENT = "deployment"
    VERSION = "version"
    DOMAIN = "domain"
    PERSON = "person"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result. `detail` is a short second line; ids are empty if they do not apply.

    `deployment` is set for one, with its actions, and `customer` for one.
    """

    kind: Kind
    title: str
    detail: str
    slug: str = ""
    deployment_id: str = ""
    version_id: str = ""
    domain_id: str = ""
    user_id: int = 0
    deployment: DeploymentSummary | None = None
    customer: CustomerSummary | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The page that somebody searches from: a customer's, or that of one of its deployments. Empty for other pages."""

    slug: str = ""
    deployment_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """At most 20 hits, best first. `more`: there were more.

    `targets` are the customers and deployments that an action can be for; `text` without the words of the action
    matches them.
    """

    text: str
    hits: tuple[Hit, ...]
    more: bool
    targets: tuple[Hit, ...] = ()


def make_customer_hit(customer: Customer, *, by: Person) -> Hit:
    count = customer.deployments_count
    detail = ngettext("%(count)s app", "%(count)s apps", count) % {"count": count}
    summary = summaries.summarize_customer(customer, by=by)
    return Hit(Kind.CUSTOMER, summary.name, detail, customer.slug, customer=summary)


def make_app_hit(row: Deployment, customer: Customer, *, by: Person) -> Hit:
    summary = actions.summarize_with_actions(row, customer, by=by)
    name = open_words.show_text(customer.name, by=by)
    return Hit(Kind.DEPLOYMENT, summary.name, name, customer.slug, summary.id, deployment=summary)


def make_version_hit(version: Version, customer: Customer | None, *, by: Person) -> Hit:
    """`customer`: through whom it is found."""
    label = f"#{version.number}" if version.number is not None else version.miosa_id
    return Hit(
        Kind.VERSION,
        f"{open_words.show_text(version.deployment.name, by=by)} {label}",
        open_words.show_text(customer.name, by=by) if customer else "",
        customer.slug if customer else "",
        version.deployment.miosa_id,
        version.miosa_id,
    )
