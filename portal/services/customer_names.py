"""Finds customers by what people type: a slug, an external id, or a name that only one customer has."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.models import Customer
from portal.services.errors import Invalid

_MOST_MESSAGES = 5
_SHOWN_LENGTH = 60


@dataclass(frozen=True, slots=True)
class CustomerIndex:
    """All customers, read once: by slug and external id, and by name in lower case."""

    by_id: dict[str | None, Customer]
    by_name: dict[str, list[Customer]]

    def get(self, text: str) -> Customer:
        """Raises Invalid for `customer`."""
        typed = text.strip()
        if not typed:
            raise Invalid({"customer": _("Enter a customer.")})
        if typed in self.by_id:
            return self.by_id[typed]
        named = self.by_name.get(typed.casefold(), [])
        if len(named) == 1:
            return named[0]
        shown = {"name": typed[:_SHOWN_LENGTH]}
        if named:
            message = _("Several customers are named “%(name)s”. Use the slug from the customer’s address.")
            raise Invalid({"customer": message % shown})
        raise Invalid({"customer": _("There is no customer “%(name)s”.") % shown})


def load_index() -> CustomerIndex:
    """One query. Where a slug is also an external id of another customer, the slug counts."""
    rows = list(
        Customer.objects.filter(is_unassigned=False).only("slug", "external_id", "name", "stated_name").order_by("pk")
    )
    by_name: dict[str, list[Customer]] = defaultdict(list)
    for row in rows:
        for name in {row.name.casefold(), row.stated_name.casefold()} - {""}:
            by_name[name].append(row)
    return CustomerIndex({row.external_id: row for row in rows} | {row.slug: row for row in rows}, by_name)


def find_customers(lines: str) -> tuple[Customer, ...]:
    """The customers of a text with one in each line. Raises Invalid for `customers`."""
    typed = [line.strip() for line in lines.splitlines() if line.strip()]
    if not typed:
        return ()
    index, found, wrong = load_index(), {}, []
    for line in typed:
        try:
            customer = index.get(line)
        except Invalid as error:
            wrong.append(error.for_people)
        else:
            found[customer.pk] = customer
    if wrong:
        raise Invalid({"customers": " ".join(wrong[:_MOST_MESSAGES])})
    return tuple(found.values())
