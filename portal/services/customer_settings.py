"""What operators set for one customer: the name that is shown, a logo, and tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from portal.models import Customer, CustomerTag, Image
from portal.permissions import Permission, Person
from portal.services import authorization, clean_text
from portal.services.audit.record import record
from portal.services.brands import images
from portal.services.brands.changes import ImageChange, delete_unused_images
from portal.services.errors import Invalid, NotFound
from portal.services.queries import summaries
from portal.services.queries.customers import get_customer
from portal.services.queries.schemas import CustomerSummary

LONGEST_NAME = 300
LONGEST_TAG = 60
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class CustomerSettings:
    """`stated_name` is MIOSA's, shown as long as `display_name` is empty. `known_tags` are those of all customers."""

    customer: CustomerSummary
    display_name: str
    stated_name: str
    tags: tuple[str, ...]
    known_tags: tuple[str, ...]


def get_settings(slug: str, *, by: Person) -> CustomerSettings:
    """Raises NotFound without the permission, and for what belongs to no customer."""
    customer = _find(slug, by=by)
    tags = CustomerTag.objects.order_by("tag").values_list("tag", flat=True)
    return CustomerSettings(
        customer=summaries.summarize_customer(customer, by=by),
        display_name=customer.display_name,
        stated_name=customer.stated_name,
        tags=tuple(tags.filter(customer=customer)),
        known_tags=tuple(tags.distinct()),
    )


def save(slug: str, *, display_name: str, tags: str, logo: ImageChange, by: Person) -> None:
    """`tags` are separated by commas or line breaks. Raises NotFound, and Invalid with all that is wrong."""
    customer = _find(slug, by=by)
    name, words, png = _check(display_name, tags, logo)
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer.pk)
        before = _summarize(customer)
        customer.display_name = name
        if png or logo.removes:
            customer.logo = images.store(png) if png else None
        customer.name = name or customer.stated_name
        customer.search = clean_text.make_search_key(*dict.fromkeys((name, customer.stated_name, customer.external_id)))
        customer.save(update_fields=["display_name", "logo", "name", "search"])
        Customer.objects.filter(pk=customer.pk).update(generation=F("generation") + 1)
        customer.tags.exclude(tag__in=words).delete()
        CustomerTag.objects.bulk_create(
            [CustomerTag(customer=customer, tag=word) for word in words], ignore_conflicts=True
        )
        delete_unused_images()
        record(
            "customer.changed",
            by=by,
            customer=customer,
            target=customer.name,
            before=before,
            after=_summarize(customer),
        )


def get_logo(slug: str, *, by: Person) -> bytes:
    """PNG, for everybody who may see the customer. Raises NotFound."""
    customer = get_customer(by=by, slug=slug)
    image = Image.objects.filter(pk=customer.logo_id).first() if customer.logo_id else None
    if image is None:
        raise NotFound
    return bytes(image.content)


def read_tags(text: str) -> list[str]:
    """Lower-cased, each once, in the order in which they were typed. Raises ValueError with a sentence for people."""
    words = [clean_text.clean_line(word, most=1000).lower() for word in re.split(r"[,\n]", text)]
    tags = list(dict.fromkeys(word for word in words if word))
    if len(tags) > MOST_TAGS:
        raise ValueError(_("Use at most %(most)d tags.") % {"most": MOST_TAGS})
    if any(len(tag) > LONGEST_TAG for tag in tags):
        raise ValueError(_("Use at most %(most)d characters for a tag.") % {"most": LONGEST_TAG})
    return tags


def _find(slug: str, *, by: Person) -> Customer:
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    customer = get_customer(by=by, slug=slug)
    if customer.is_unassigned:
        raise NotFound
    return customer


def _check(display_name: str, tags: str, logo: ImageChange) -> tuple[str, list[str], bytes]:
    errors: dict[str, str] = {}
    words: list[str] = []
    png = b""
    name = clean_text.clean_name(display_name, most=10_000)
    if len(name) > LONGEST_NAME:
        errors["display_name"] = _("Use at most %(most)d characters.") % {"most": LONGEST_NAME}
    try:
        words = read_tags(tags)
    except ValueError as error:
        errors["tags"] = str(error)
    try:
        png = images.encode_logo(logo.content) if logo.content else b""
    except images.BadImage as error:
        errors["logo"] = error.for_people
    if errors:
        raise Invalid(errors)
    return name, words, png


def _summarize(customer: Customer) -> dict[str, Any]:
    """For the audit log."""
    return {
        "display_name": customer.display_name,
        "logo": customer.logo.digest[:12] if customer.logo else "",
        "tags": sorted(customer.tags.values_list("tag", flat=True)),
    }
