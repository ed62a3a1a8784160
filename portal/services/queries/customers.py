"""Customers that a person may see. Everything else of a customer is found through these."""

from django.db.models import QuerySet

from portal.models import Customer, Freshness
from portal.models.customers import UNASSIGNED_SLUG
from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.queries import summaries
from portal.services.queries.schemas import CustomerSummary


def list_visible(by: Person) -> QuerySet[Customer]:
    """The customers that a person may see."""
    return Customer.objects.in_scope(by.scope)


def get_customer(*, by: Person, slug: str) -> Customer:
    """A customer with its status. Raises NotFound for an unknown one and for somebody else's, with no difference."""
    try:
        customer = Customer.objects.in_scope(by.scope).with_status().get(slug=clean_text.make_storable(slug))
    except Customer.DoesNotExist:
        raise NotFound from None
    if customer.is_unassigned and not by.is_staff:
        raise NotFound
    return customer


def get_unassigned() -> Customer:
    """The row that holds what belongs to no customer; unsaved as long as there is nothing."""
    row = Customer.objects.filter(is_unassigned=True).first()
    return row or Customer(is_unassigned=True, slug=UNASSIGNED_SLUG)


def get_freshness(customer: Customer) -> Freshness | None:
    """How old this customer's deployments are; read with the customer."""
    return getattr(customer, "freshness", None)


def list_own(*, by: Person, most: int | None = None) -> tuple[CustomerSummary, ...]:
    """The customers that this person works for, for `/` and the navigation, or the first few. Staff have none."""
    if by.is_staff:
        return ()
    found = list_visible(by).order_by("name", "pk")[:most]
    return tuple(summaries.summarize_customer(customer, by=by) for customer in found)
