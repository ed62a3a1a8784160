"""Whose a domain is: its own attribution, else its app's when it was first seen; silent on a shared app, staff's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Customer, Deployment, Domain, Freshness, Operation
from portal.permissions import Person
from portal.services.domains import changes, lists, pages, reading
from portal.services.env_vars import drafts
from portal.services.env_vars.drafts import TypedValues
from portal.services.errors import Forbidden, NotFound
from portal.services.operations.submit import Confirmation
from portal.services.queries import operations
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_links
from portal.services.sync.upsert.customer_rows import get_unassigned
from tests.domains.attaching import SLUG, Attaching, answers
from tests.simulator_control import SimulatorControl

OTHER = "pawsome-vets"
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


def test_a_domain_of_another_makes_the_app_shared(app: Attaching, person_of: Callable[..., Person]) -> None:
    """As a version of another does: nobody of a customer's may change what stands under another's live domain."""
    mine = app.attached()
    stranger, other = person_of(OTHER), Customer.objects.get(external_id=OTHER)
    upstream.client(Purpose.ACTION).domains.add(
        app.id, domain="vets.example", external_workspace_id=OTHER, idempotency_key="x"
    )
    Freshness.objects.filter(scope__startswith="domains:").update(read_at=None)
    page = app.domains()
    assert (page.deployment.is_shared, page.may_add, page.deployment.domains_waiting) == (True, False, 0)
    assert set(app.rows()) == {mine.name} | {name for name in app.rows() if name.endswith("brightsmile.example")}
    theirs = Domain.objects.get(name="vets.example")
    where = app.where(stranger) | {"slug": other.slug}
    assert pages.get_domain(**where, domain_id=theirs.miosa_id).facts.row.name == "vets.example"
    assert [row.name for row in lists.get_domains(**where).rows] == ["vets.example"]
    with pytest.raises(Forbidden):
        drafts.create_draft(**app.where(), typed=TypedValues(name="A", value="x"))


def test_it_is_no_longer_shared_when_the_others_domain_is_detached(
    app: Attaching, person_of: Callable[..., Person]
) -> None:
    stranger, other = person_of(OTHER), Customer.objects.get(external_id=OTHER)
    ask = upstream.client(Purpose.ACTION)
    ask.domains.add(app.id, domain="vets.example", external_workspace_id=OTHER, idempotency_key="x")
    deployment = Deployment.objects.get(miosa_id=app.id)
    reading.read(deployment, client=ask, now=timezone.now())
    assert Deployment.objects.get(miosa_id=app.id).is_shared
    theirs = Domain.objects.get(name="vets.example")
    ask.domains.delete(app.id, theirs.miosa_id, idempotency_key="y")
    reading.read(deployment, client=ask, now=timezone.now())
    assert not Deployment.objects.get(miosa_id=app.id).is_shared
    with pytest.raises(NotFound):
        lists.get_domains(**(app.where(stranger) | {"slug": other.slug}))


def test_an_attribution_longer_than_any_customer_is_for_staff_alone(app: Attaching, operator: Person) -> None:
    upstream.client(Purpose.ACTION).domains.add(
        app.id, domain="long.example", external_workspace_id="x" * 513, idempotency_key="x"
    )
    Freshness.objects.filter(scope__startswith="domains:").update(read_at=None)
    assert "long.example" not in app.rows()
    assert "long.example" in app.rows(by=operator)
    assert not Customer.objects.filter(external_id__startswith="xxx").exists()


def test_names_that_switch_with_an_app_are_read_once_a_minute(app: Attaching) -> None:
    app.attached()
    deployment = Deployment.objects.get(miosa_id=app.id)
    customer = Customer.objects.get(external_id=SLUG)
    assert lists.list_names(deployment, customer=customer, by=app.owner)
    assert lists.get_domains(**app.where()).age.as_of is not None
    assert lists.get_domains(**app.where()).age.as_of <= timezone.now()  # type: ignore[operator]  # not None


def test_what_staff_does_to_anothers_domain_is_told_to_its_customer_alone(
    app: Attaching, person_of: Callable[..., Person], operator: Person
) -> None:
    """Asked for on the page of the app's owner, who hears neither its name nor the moment."""
    stranger = person_of(OTHER)
    upstream.client(Purpose.ACTION).domains.add(
        app.id, domain="vets.example", external_workspace_id=OTHER, idempotency_key="x"
    )
    Freshness.objects.filter(scope__startswith="domains:").update(read_at=None)
    app.rows(by=operator)
    theirs = Domain.objects.get(name="vets.example")
    token = app.page(theirs, by=operator).verify_token
    how: dict[str, Any] = {
        "domain_id": theirs.miosa_id,
        "kind": "verify_domain",
        "confirmation": Confirmation(token=token),
    }
    done = changes.change(**app.where(operator), **how)
    assert (done.customer_name, done.deployment_is_here) == (Customer.objects.get(external_id=OTHER).name, True)
    with pytest.raises(NotFound):
        operations.get_operation(by=app.owner, key=done.key, now=timezone.now())
    assert operations.list_operations(by=app.owner, now=timezone.now()).operations == ()
    assert done.key not in {getattr(entry, "key", None) for entry in app.history().page.entries}
    assert operations.get_operation(by=stranger, key=done.key, now=timezone.now()).domain == "vets.example"


def test_a_silent_domain_is_verified_by_ourselves_without_telling_anybody(
    app: Attaching, simulator: SimulatorControl, operator: Person
) -> None:
    """It lies with Unassigned while others share the app."""
    domain = app.attached()
    ask, deployment = upstream.client(Purpose.ACTION), Deployment.objects.get(miosa_id=app.id)
    ask.domains.add(app.id, domain="vets.example", external_workspace_id=OTHER, idempotency_key="x")
    reading.read(deployment, client=ask, now=timezone.now())
    Domain.objects.filter(pk=domain.pk).update(customer=None)
    row = f'{{"id": "{domain.miosa_id}", "domain": "{domain.name}", "external_workspace_id": null}}'
    theirs = '{"id": "dom_x", "domain": "vets.example", "external_workspace_id": "pawsome-vets"}'
    answers(simulator, row, theirs, times=2)
    reading.read(deployment, client=ask, now=timezone.now())
    domain.refresh_from_db()
    assert domain.customer_id is None
    assert get_unassigned().pk in customer_links.list_customer_ids(deployment)
    since = Operation.objects.latest("pk").pk
    assert changes.verify_by_ourselves(domain, now=timezone.now())
    verified = Operation.objects.get(pk__gt=since)
    assert (verified.customer_id, verified.state) == (get_unassigned().pk, "succeeded")
    with pytest.raises(NotFound):
        operations.get_operation(by=app.owner, key=verified.key, now=timezone.now())
    assert operations.get_operation(by=operator, key=verified.key, now=timezone.now()).deployment_is_here
    answers(simulator, row)
    reading.read(deployment, client=ask, now=timezone.now())
    deployment.refresh_from_db()
    assert not deployment.is_shared
    assert get_unassigned().pk not in customer_links.list_customer_ids(deployment)
