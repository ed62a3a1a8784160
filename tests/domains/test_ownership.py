"""Who owns a domain: its own attribution, else its deployment's when it was first seen, else staff only."""

from typing import Any

import pytest

from portal.models import Customer, Deployment, Domain, Operation
from portal.permissions import Person
from portal.services.domains import changes, fetch, pages, queries
from portal.services.env_vars import drafts
from portal.services.env_vars.dotenv import TypedValues
from portal.services.errors import Forbidden, NotFound
from portal.services.operations.tokens import Confirmation
from portal.services.queries import operations
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_links
from portal.services.sync.upsert.customer_rows import get_unassigned
from tests.domains.app import OTHER_SLUG, SLUG, ZONE, DomainsApp, answer_list
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

FOREIGN_NAME = "vets.example"


def add_for(app: DomainsApp, external_id: str, name: str) -> None:
    """Add a domain at MIOSA with another attribution, not through the portal."""
    client = upstream.client(Purpose.ACTION)
    client.domains.add(app.id, domain=name, external_workspace_id=external_id, idempotency_key=name)


def refresh(app: DomainsApp) -> Deployment:
    fetch.refresh(app.get_deployment(), client=upstream.client(Purpose.ACTION), now=app.now)
    return app.get_deployment()


def open_as_other(app: DomainsApp, other_owner: Person) -> dict[str, Any]:
    """Arguments for the same deployment, opened by the other customer's owner from its own pages."""
    return app.get_arguments(other_owner) | {"slug": Customer.objects.get(external_id=OTHER_SLUG).slug}


def test_another_customers_domain_is_not_found(app: DomainsApp, other_owner: Person) -> None:
    domain = app.add()
    with pytest.raises(NotFound):
        app.open_domain(domain, by=other_owner)
    with pytest.raises(NotFound):
        app.open_list(by=other_owner)
    slug = Customer.objects.get(external_id=OTHER_SLUG).slug
    with pytest.raises(NotFound):
        queries.load_domain(by=other_owner, slug=slug, deployment_id=app.id, domain_id=domain.miosa_id)


def test_on_a_shared_deployment_a_customer_sees_its_own_domains(app: DomainsApp, operator: Person) -> None:
    own, foreign, unknown = (app.add(f"{label}.{ZONE}") for label in ("a", "b", "c"))
    Deployment.objects.filter(miosa_id=app.id).update(is_shared=True)
    Domain.objects.filter(pk=foreign.pk).update(customer=Customer.objects.get(external_id=OTHER_SLUG))
    Domain.objects.filter(pk=unknown.pk).update(customer=None)

    deployment, customer = app.get_deployment(), Customer.objects.get(external_id=SLUG)
    visible = {domain.name for domain in queries.filter_visible(deployment, customer, by=app.owner)}
    assert own.name in visible
    assert not {foreign.name, unknown.name} & visible
    assert queries.count_domains(by=app.owner, slug=SLUG, deployment_id=app.id) == len(visible)
    all_visible = {domain.name for domain in queries.filter_visible(deployment, customer, by=operator)}
    assert {own.name, foreign.name, unknown.name} <= all_visible


def test_a_foreign_domain_makes_the_deployment_shared(app: DomainsApp, other_owner: Person) -> None:
    """Nobody of one customer can change what runs under another customer's domain."""
    own = app.add()
    add_for(app, OTHER_SLUG, FOREIGN_NAME)
    app.expire_list()
    page = app.open_list()
    assert (page.deployment.is_shared, page.can_add, page.deployment.domains_waiting) == (True, False, 0)
    names = set(app.list_domains())
    assert names == {own.name} | {name for name in names if name.endswith("brightsmile.example")}

    foreign = Domain.objects.get(name=FOREIGN_NAME)
    arguments = open_as_other(app, other_owner)
    assert pages.open_domain(**arguments, domain_id=foreign.miosa_id).detail.summary.name == FOREIGN_NAME
    assert [domain.name for domain in pages.open_domain_list(**arguments).domains] == [FOREIGN_NAME]
    with pytest.raises(Forbidden):
        drafts.create_draft(**app.get_arguments(), typed=TypedValues(name="A", value="x"))


def test_a_further_foreign_domain_moves_no_counter(app: DomainsApp, operator: Person) -> None:
    add_for(app, OTHER_SLUG, FOREIGN_NAME)
    assert refresh(app).is_shared
    before, seen_by_staff = app.open_history().age.generation, app.open_history(by=operator).age.generation
    add_for(app, OTHER_SLUG, "cats.example")
    refresh(app)
    assert app.open_history().age.generation == before
    assert app.open_history(by=operator).age.generation != seen_by_staff


def test_it_is_no_longer_shared_when_the_foreign_domain_is_detached(app: DomainsApp, other_owner: Person) -> None:
    add_for(app, OTHER_SLUG, FOREIGN_NAME)
    assert refresh(app).is_shared
    foreign = Domain.objects.get(name=FOREIGN_NAME)
    upstream.client(Purpose.ACTION).domains.delete(app.id, foreign.miosa_id, idempotency_key="detach")
    assert not refresh(app).is_shared
    with pytest.raises(NotFound):
        pages.open_domain_list(**open_as_other(app, other_owner))


def test_a_domain_with_an_impossible_attribution_is_for_staff(app: DomainsApp, operator: Person) -> None:
    add_for(app, "x" * 513, "long.example")
    app.expire_list()
    assert "long.example" not in app.list_domains()
    assert "long.example" in app.list_domains(by=operator)
    assert not Customer.objects.filter(external_id__startswith="xxx").exists()


def test_dialogs_list_the_domains_that_lead_to_the_deployment(app: DomainsApp) -> None:
    domain = app.add()
    customer = Customer.objects.get(external_id=SLUG)
    names = fetch.list_names(app.get_deployment(), customer=customer, by=app.owner, now=app.now)
    assert domain.name in names
    as_of = app.open_list().age.as_of
    assert as_of is not None
    assert as_of <= app.now


def test_an_operation_of_staff_on_a_foreign_domain_is_shown_to_its_owner_only(
    app: DomainsApp, other_owner: Person, operator: Person
) -> None:
    """Even if it was requested on the page of the deployment's own customer."""
    add_for(app, OTHER_SLUG, FOREIGN_NAME)
    app.expire_list()
    app.list_domains(by=operator)
    foreign = Domain.objects.get(name=FOREIGN_NAME)
    confirmation = Confirmation(token=app.open_domain(foreign, by=operator).verify_token)
    operation = changes.submit("verify_domain", app.get_target(foreign), confirmation, by=operator, now=app.now)
    assert operation.customer_name == Customer.objects.get(external_id=OTHER_SLUG).name
    assert operation.deployment_is_here

    with pytest.raises(NotFound):
        operations.get_operation(by=app.owner, key=operation.key, now=app.now)
    assert operations.list_operations(by=app.owner, now=app.now).operations == ()
    assert operation.key not in {getattr(entry, "key", None) for entry in app.open_history().page.entries}
    assert operations.get_operation(by=other_owner, key=operation.key, now=app.now).domain == FOREIGN_NAME


def test_a_domain_of_unknown_owner_is_verified_for_staff_only(
    app: DomainsApp, simulator: SimulatorControl, operator: Person
) -> None:
    domain = app.add()
    add_for(app, OTHER_SLUG, FOREIGN_NAME)
    refresh(app)
    Domain.objects.filter(pk=domain.pk).update(customer=None)
    row = f'{{"id": "{domain.miosa_id}", "domain": "{domain.name}", "external_workspace_id": null}}'
    foreign_row = f'{{"id": "dom_x", "domain": "{FOREIGN_NAME}", "external_workspace_id": "{OTHER_SLUG}"}}'
    answer_list(simulator, row, foreign_row, times=2)
    deployment = refresh(app)
    domain.refresh_from_db()
    assert domain.customer_id is None
    assert get_unassigned().pk in customer_links.list_customer_ids(deployment)

    since = Operation.objects.latest("pk").pk
    assert changes.verify_automatically(domain, now=app.now)
    operation = Operation.objects.get(pk__gt=since)
    assert (operation.customer_id, operation.state) == (get_unassigned().pk, "succeeded")
    with pytest.raises(NotFound):
        operations.get_operation(by=app.owner, key=operation.key, now=app.now)
    assert operations.get_operation(by=operator, key=operation.key, now=app.now).deployment_is_here

    answer_list(simulator, row)
    deployment = refresh(app)
    assert not deployment.is_shared
    assert get_unassigned().pk not in customer_links.list_customer_ids(deployment)
