"""From a page of one customer to the same page of another."""

import re

from portal.models import Customer, Membership
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of


def test_staff_change_the_customer_and_stay_on_the_same_kind_of_page(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    page = text_of(client, f"/c/{SLUG}/people/")
    assert 'name="page" value="customer_people"' in page
    part = text_of(client, "/find/customers/?page=customer_people&q=vets paw", **HTMX)
    assert re.findall(r'href="([^"]+)"', part) == ["/c/pawsome-vets/people/"]


def test_from_insights_to_insights(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    assert 'name="page" value="customer_insights"' in text_of(client, f"/c/{SLUG}/insights/")
    part = text_of(client, "/find/customers/?page=customer_insights&q=vets paw", **HTMX)
    found = re.findall(r'href="([^"]+)"', part)
    assert found == ["/c/pawsome-vets/insights/"]
    assert "Publishes per day" in text_of(client, found[0])


def test_a_page_of_one_app_leads_to_the_other_customer_s_history(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.operator), f"{world.path}env/")
    assert 'name="page" value="history"' in page


def test_somebody_with_one_customer_has_no_switcher(world: World, browse: Browse) -> None:
    assert "/find/customers/" not in text_of(browse(world.people.owner), f"/c/{SLUG}/")


def test_somebody_with_two_customers_finds_these_and_no_other(world: World, browse: Browse) -> None:
    Membership.objects.create(
        user=world.people.owner, customer=Customer.objects.get(slug="pawsome-vets"), role="viewer"
    )
    client = browse(world.people.owner)
    assert "/find/customers/" in text_of(client, f"/c/{SLUG}/people/")
    found = re.findall(r'href="(/c/[^"]+)"', text_of(client, "/find/customers/?page=customer_people"))
    assert found == [f"/c/{SLUG}/people/", "/c/pawsome-vets/"]


def test_without_javascript_it_is_a_page(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.support), "/find/customers/?page=nothing-such&q=pawsome")
    assert 'href="/c/pawsome-vets/"' in page
    assert "No results" in text_of(browse(world.people.owner), "/find/customers/?q=pawsome")
