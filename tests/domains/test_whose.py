"""Whose a domain is: its own attribution, else its app's; on a shared app a silent one is for staff alone."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from portal.access import Person
from portal.models import Customer, Deployment, Domain
from portal.services.domains import lists, pages
from portal.services.errors import NotFound
from tests.domains.attaching import SLUG, Attaching

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_strangers_domain_is_not_found(app: Attaching, person_of: Callable[..., Person]) -> None:
    domain = app.attached()
    stranger = person_of("pawsome-vets")
    with pytest.raises(NotFound):
        app.page(domain, by=stranger)
    with pytest.raises(NotFound):
        lists.get_domains(**app.where(stranger))
    other = Customer.objects.get(external_id="pawsome-vets")
    with pytest.raises(NotFound):
        pages.find(by=stranger, slug=other.slug, deployment_id=app.id, domain_id=domain.miosa_id)


def test_on_a_shared_app_each_sees_its_own(app: Attaching, operator: Person) -> None:
    mine, other, silent = (app.attached(f"{name}.brightsmile-new.example") for name in ("a", "b", "c"))
    Deployment.objects.filter(miosa_id=app.id).update(is_shared=True)
    Domain.objects.filter(pk=other.pk).update(customer=Customer.objects.get(external_id="pawsome-vets"))
    Domain.objects.filter(pk=silent.pk).update(customer=None)
    deployment = Deployment.objects.get(miosa_id=app.id)
    customer = Customer.objects.get(external_id=SLUG)
    seen = lists.seen_by(deployment, customer, by=app.owner).values_list("name", flat=True)
    assert mine.name in seen
    assert not {other.name, silent.name} & set(seen)
    assert {mine.name, other.name, silent.name} <= set(
        lists.seen_by(deployment, customer, by=operator).values_list("name", flat=True)
    )
    assert lists.count(by=app.owner, slug=SLUG, deployment_id=app.id) == len(seen)


def test_names_that_switch_with_an_app_are_read_once_a_minute(app: Attaching) -> None:
    app.attached()
    deployment = Deployment.objects.get(miosa_id=app.id)
    customer = Customer.objects.get(external_id=SLUG)
    assert lists.list_names(deployment, customer=customer, by=app.owner)
    assert lists.get_domains(**app.where()).age.as_of is not None
    assert lists.get_domains(**app.where()).age.as_of <= timezone.now()  # type: ignore[operator]  # not None
