"""From a page of one customer to the same page of another."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from deployments_ui import htmx, links
from deployments_ui.frame import CUSTOMER_PAGES
from portal.services.queries import search
from portal.services.queries.schemas import CustomerSummary


@require_safe
def show(request: htmx.Request) -> HttpResponse:
    page = request.GET.get("page", "")
    found = search.find_customers(by=request.person, text=request.GET.get("q", ""))
    context = {
        "customers": [(customer, get_url(page, customer)) for customer in found],
        "page": page,
        "text": request.GET.get("q", "")[:200],
    }
    return htmx.render(request, "find/customers.html", context, part="switch")


def get_url(page: str, customer: CustomerSummary) -> str:
    """The page of this kind; the history where this person can't open that one at this customer."""
    is_open = {
        "customer_activity": customer.may_read_activity,
        "customer_people": customer.may_manage_people and not customer.is_unassigned,
        "customer_permissions": customer.may_change_settings and not customer.is_unassigned,
        "customer_settings": customer.may_change_settings and not customer.is_unassigned,
    }
    is_known = page in CUSTOMER_PAGES and is_open.get(page, True)
    return reverse(page, kwargs={"slug": customer.slug}) if is_known else links.customer(customer.slug)
