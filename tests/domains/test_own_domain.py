"""The address that an app is shown with: its own domain, as soon as one works."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portal.models import Customer, Deployment, Domain
from portal.permissions import Person
from portal.services.domains import upsert
from portal.services.queries import summaries
from tests.domains.app import DomainsApp


def add_domain(
    app: DomainsApp, name: str, status: str = "active", *, customer: Customer | None = None, policy: str = "none"
) -> Domain:
    deployment = app.get_deployment()
    return Domain.objects.create(
        deployment=deployment,
        customer=customer or deployment.customer,
        miosa_id=f"dom_{name}",
        name=name,
        status=status,
        redirect_policy=policy,
    )


def read_own_domain(app: DomainsApp) -> str:
    upsert.update_domain_columns(app.get_deployment())
    return app.get_deployment().own_domain


@pytest.mark.parametrize("status", ["pending", "verifying", "verified", "failed", "", "unheard-of"])
def test_a_domain_that_serves_nothing_yet_is_not_shown(app: DomainsApp, status: str) -> None:
    add_domain(app, "shop.example", status)
    assert read_own_domain(app) == ""


def test_the_oldest_domain_that_works_is_shown(app: DomainsApp) -> None:
    add_domain(app, "new.example", "pending")
    add_domain(app, "first.example")
    add_domain(app, "second.example")
    assert read_own_domain(app) == "first.example"


@pytest.mark.parametrize(
    ("policy", "shown"),
    [("apex_to_www", "www.shop.example"), ("www_to_apex", "shop.example"), ("none", "shop.example")],
)
def test_the_domain_that_visitors_end_up_at_is_shown(app: DomainsApp, policy: str, shown: str) -> None:
    add_domain(app, "shop.example", policy=policy)
    add_domain(app, "www.shop.example", policy=policy)
    assert read_own_domain(app) == shown


def test_a_domain_that_points_elsewhere_by_now_is_replaced_by_the_hosting_address(
    app: DomainsApp, operator: Person
) -> None:
    domain = add_domain(app, "shop.example")
    assert read_own_domain(app) == "shop.example"
    assert summaries.get_address(app.get_deployment(), by=app.owner) == "https://shop.example/"
    Domain.objects.filter(pk=domain.pk).update(drifted_at=timezone.now())
    assert read_own_domain(app) == ""
    deployment = app.get_deployment()
    assert summaries.get_address(deployment, by=app.owner) == deployment.public_url
    Deployment.objects.filter(pk=deployment.pk).update(public_url="")
    assert summaries.get_address(app.get_deployment(), by=app.owner) == ""
    assert summaries.get_address(app.get_deployment(), by=operator) == deployment.managed_url


def test_a_domain_of_another_customer_on_the_same_app_is_not_its_address(app: DomainsApp) -> None:
    other = Deployment.objects.exclude(customer=app.get_deployment().customer)[0].customer
    add_domain(app, "theirs.example", customer=other)
    assert read_own_domain(app) == ""


@pytest.mark.parametrize(
    "name", ["shop.example@evil.test", "evil.test/shop.example", "*.shop.example", "shop example", "shop.example:8443"]
)
def test_what_is_no_name_of_a_host_is_not_visited(app: DomainsApp, name: str) -> None:
    add_domain(app, name)
    assert read_own_domain(app) == ""
