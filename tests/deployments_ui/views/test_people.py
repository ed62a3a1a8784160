"""Everybody, for operators."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.models import AuditEvent, Customer, CustomerTag, Membership, SupportTag, User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.conftest import HTMX, SLUG, Browse
from tests.deployments_ui.page_rules import text_of
from tests.people import People


def read(client: Client, path: str, *, status: int = 200, **headers: Any) -> str:
    return html.unescape(text_of(client, path, status=status, **headers))


def sign_in(user: User) -> Client:
    """With a session as a browser gets it."""
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": DEMO_PASSWORD}).status_code == 302
    return client


def is_signed_in(client: Client) -> bool:
    return not client.get("/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "path", ["/people/", "/people/invitations/", "/people/4/", "/people/invite/", "/people/4/role/"]
)
def test_only_operators_find_the_pages(people: People, browse: Browse, path: str) -> None:
    assert "<html" in read(browse(people.operator), path)
    assert "<html" not in read(browse(people.operator), path, **HTMX)
    for user in (people.support, people.owner, people.viewer, people.outsider):
        read(browse(user), path, status=404)
    assert browse(None).get(path)["Location"].startswith("/accounts/login/")
    assert browse(people.operator).put(path).status_code == 405
    assert ("/people/" in read(browse(people.operator), "/find/")) is True
    assert 'href="/people/"' not in read(browse(people.support), "/find/")


def test_the_list_is_searched_and_filtered(people: People, browse: Browse) -> None:
    client = browse(people.operator)
    everybody = read(client, "/people/")
    for name in ("Olga Petrov", "Ana Ruiz", "Dr Rao", "Olive Outside"):
        assert name in everybody
    assert "all customers" in everybody
    for query, found, missing in (
        ("q=rao", "Dr Rao", "Ana Ruiz"),
        ("q=BRIGHTSMILE.test", "Vera Lind", "Pablo Ortiz"),
        ("role=support", "Ana Ruiz", "Dr Rao"),
        ("role=owner", "Dr Rao", "Vera Lind"),
        (f"customer={SLUG}&role=viewer", "Vera Lind", "Dr Rao"),
        (f"customer={SLUG}", "Dr Rao", "Pablo Ortiz"),
    ):
        page = read(client, f"/people/?{query}").partition("<main")[2]
        assert found in page
        assert missing not in page
    assert "No one has this name" in read(client, "/people/?q=zzz")
    assert client.get("/people/?q=rao&page=1", **HTMX)["HX-Push-Url"] == "/people/?q=rao"
    for query in ("page=0", "page=9", "customer=nowhere"):
        read(client, f"/people/?{query}", status=404)


def test_thousands_of_people_take_no_more_queries_than_a_few(people: People, browse: Browse) -> None:
    client = browse(people.operator)
    with CaptureQueriesContext(
        connection,
    ) as few:
        read(client, "/people/")
    customers = list(Customer.objects.all())
    users = User.objects.bulk_create(User(email=f"p{n}@x.test", name=f"Person {n:04}") for n in range(1500))
    Membership.objects.bulk_create(
        Membership(user=user, customer=customer, role="viewer") for user in users for customer in customers
    )
    with CaptureQueriesContext(connection) as many:
        page = read(client, "/people/?page=2")
    assert len(many) <= len(few) + 1
    assert "page 2 of 31" in page
    assert page.count("@x.test") == 50


def test_the_page_of_a_person(people: People, browse: Browse) -> None:
    page = read(browse(people.operator), f"/people/{people.owner.pk}/")
    assert "owner@brightsmile.test" in page
    assert f'href="/c/{SLUG}/"' in page
    assert "Deactivate…" in page
    read(browse(people.operator), "/people/999999/", status=404)


def test_a_deactivated_person_is_out_at_once_and_can_come_back(people: People, browse: Browse) -> None:
    operator, session = browse(people.operator), sign_in(people.owner)
    path = f"/people/{people.owner.pk}/"
    assert is_signed_in(session)
    assert operator.post(f"{path}deactivate/")["Location"] == path
    assert not is_signed_in(session)
    assert "Deactivated" in read(operator, path)
    sent = {"login": "owner@brightsmile.test", "password": DEMO_PASSWORD}
    assert Client().post("/accounts/login/", sent).status_code == 200
    operator.post(f"{path}reactivate/")
    assert not is_signed_in(session), "a session must not come back"
    assert is_signed_in(sign_in(people.owner))
    assert people.owner.memberships.count() == 1


def test_a_removed_person_is_gone_and_their_name_stays_in_the_log(people: People, browse: Browse) -> None:
    operator, session = browse(people.operator), sign_in(people.owner)
    response = operator.post(f"/people/{people.owner.pk}/remove/", **HTMX)
    assert response["HX-Redirect"] == "/people/"
    assert not is_signed_in(session)
    assert not User.objects.filter(email="owner@brightsmile.test").exists()
    event = AuditEvent.objects.get(kind="person.removed")
    assert event.target == "Dr Rao"
    assert event.before is not None
    assert event.before["email"] == "owner@brightsmile.test"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("deactivate", "person.deactivated"),
        ("reactivate", "person.reactivated"),
        ("remove", "person.removed"),
        ("role", "member.removed"),
    ],
)
def test_customers_see_what_operators_did_to_their_people(
    people: People, browse: Browse, change: str, kind: str
) -> None:
    """Each of a person's customers sees it, and nothing of the others."""
    Membership.objects.create(user=people.viewer, customer=Customer.objects.get(slug="pawsome-vets"), role="viewer")
    sent = {"role": "support", "sees_all_customers": "on"} if change == "role" else {}
    assert browse(people.operator).post(f"/people/{people.viewer.pk}/{change}/", sent).status_code == 303
    events = AuditEvent.objects.filter(kind=kind).order_by("number")
    assert [event.customer_name for event in events] == [SLUG, "pawsome-vets"]
    assert all((event.before or {})["role"] == "viewer" for event in events)
    for user, own, other in ((people.owner, SLUG, "pawsome-vets"), (people.other_owner, "pawsome-vets", SLUG)):
        page = read(browse(user), f"/c/{own}/activity/")
        assert "Vera Lind" in page
        assert other not in page


def test_sessions_of_others_can_be_ended(people: People, browse: Browse) -> None:
    phone, laptop = sign_in(people.owner), sign_in(people.owner)
    operator = browse(people.operator)
    answer = operator.post(f"/people/{people.owner.pk}/sign-out/")
    assert "2 sessions ended." in read(operator, answer["Location"])
    assert not is_signed_in(phone)
    assert not is_signed_in(laptop)
    assert is_signed_in(sign_in(people.owner))


@pytest.mark.parametrize("change", ["deactivate", "remove", "role"])
def test_the_last_operator_cannot_be_lost(people: People, browse: Browse, change: str) -> None:
    client, path = browse(people.operator), f"/people/{people.operator.pk}/{change}/"
    answer = client.post(path, {"role": "support", "sees_all_customers": "on"})
    assert answer.status_code == 422
    assert "This is the only operator." in html.unescape(answer.content.decode())
    people.operator.refresh_from_db()
    assert (people.operator.staff_role, people.operator.is_active) == ("operator", True)
    # One who can't sign in does not count.
    second = User.objects.create_user("second@portal.test", staff_role="operator", is_active=False)
    assert client.post(path, {"role": "support", "sees_all_customers": "on"}).status_code == 422
    User.objects.filter(pk=second.pk).update(is_active=True)
    assert client.post(path, {"role": "support", "sees_all_customers": "on"}).status_code == 303


def test_support_is_limited_by_the_form(people: People, browse: Browse) -> None:
    bright = Customer.objects.get(slug=SLUG)
    CustomerTag.objects.create(customer=bright, tag="europe")
    operator, path = browse(people.operator), f"/people/{people.support.pk}/role/"
    assert 'value="europe"' in read(operator, path)
    operator.post(path, {"role": "support", "customers": "pawsome-vets", "tags": "europe"})
    people.support.refresh_from_db()
    assert not people.support.sees_all_customers
    assert [tag.tag for tag in SupportTag.objects.filter(user=people.support)] == ["europe"]
    assert [each.customer.slug for each in people.support.memberships.all()] == ["pawsome-vets"]
    support = browse(people.support)
    for slug in (SLUG, "pawsome-vets"):
        assert support.get(f"/c/{slug}/people/").status_code == 403
    operator.post(path, {"role": "support", "customers": "pawsome-vets"})
    assert support.get(f"/c/{SLUG}/people/").status_code == 404
    assert "pawsome-vets</textarea>" in read(operator, path)
    event = AuditEvent.objects.filter(kind="person.role_changed").latest("number")
    assert [(facts or {})["tags"] for facts in (event.before, event.after)] == [["europe"], []]


def test_the_form_begins_with_the_role_as_it_is(people: People, browse: Browse) -> None:
    operator = browse(people.operator)
    chosen = r'value="(\w*)"\s+checked\s+autofocus'
    assert re.findall(chosen, read(operator, f"/people/{people.owner.pk}/role/")) == [""]
    assert re.findall(chosen, read(operator, f"/people/{people.support.pk}/role/")) == ["support"]
    assert re.findall(chosen, read(operator, f"/c/{SLUG}/people/{people.owner.pk}/role/")) == ["owner"]


def test_saving_the_role_keeps_all_of_very_many_customers(people: People, browse: Browse) -> None:
    facts = {"connection": Customer.objects.get(slug=SLUG).connection}
    User.objects.filter(pk=people.support.pk).update(sees_all_customers=False)
    for number in range(510):
        new = Customer.objects.create(**facts, external_id=f"c{number}", slug=f"c{number}", name=f"C {number}")
        Membership.objects.create(user=people.support, customer=new, role="support")
    operator, path = browse(people.operator), f"/people/{people.support.pk}/role/"
    typed = re.search(r"<textarea[^>]*>(.*?)</textarea>", read(operator, path), re.DOTALL)
    assert typed
    assert operator.post(path, {"role": "support", "customers": typed[1]}).status_code == 303
    assert people.support.memberships.count() == 510


def test_a_wrong_scope_changes_nothing(people: People, browse: Browse) -> None:
    operator, path = browse(people.operator), f"/people/{people.support.pk}/role/"
    for sent, error in (
        ({"role": "support"}, "Choose all customers, some customers, or a tag"),
        ({"role": "support", "customers": "nobody\npawsome-vets"}, "There is no customer “nobody”"),
        ({"role": "support", "tags": "unknown"}, "Select a valid choice"),
        ({"role": "owner"}, "Select a valid choice"),
    ):
        answer = operator.post(path, sent)
        assert answer.status_code == 422
        assert error in html.unescape(answer.content.decode())
    people.support.refresh_from_db()
    assert people.support.sees_all_customers


def test_a_new_role_on_the_platform_ends_single_roles_and_sessions(people: People, browse: Browse) -> None:
    session = sign_in(people.owner)
    browse(people.operator).post(f"/people/{people.owner.pk}/role/", {"role": "operator"})
    assert not is_signed_in(session)
    assert not people.owner.memberships.exists()
    people.owner.refresh_from_db()
    assert people.owner.staff_role == "operator"
    browse(people.operator).post(f"/people/{people.owner.pk}/role/", {"role": ""})
    assert "belongs to no customer" in read(browse(people.owner), "/")


def test_somebody_from_the_own_app_never_becomes_staff(people: People, browse: Browse) -> None:
    people.viewer.hand_off_identities.create(issuer="i", external_workspace_id=SLUG, external_user_id="7")
    answer = browse(people.operator).post(f"/people/{people.viewer.pk}/role/", {"role": "operator"})
    assert answer.status_code == 422
    people.viewer.refresh_from_db()
    assert people.viewer.staff_role == ""


def test_many_customers_are_one_entry_of_the_navigation_and_a_menu(people: People, browse: Browse) -> None:
    client = browse(people.viewer)
    assert "/find/customers/" not in read(client, "/find/")
    template = Customer.objects.get(slug=SLUG)
    for number in range(40):
        new = Customer(
            connection=template.connection, external_id=f"c{number}", slug=f"c{number}", name=f"C {number:02}"
        )
        new.save()
        Membership.objects.create(user=people.viewer, customer=new, role="viewer")
    navigation = read(client, "/find/").partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', navigation) == ["/customers/"]
    assert "/find/customers/" in read(client, f"/c/{SLUG}/")
    assert read(client, "/find/customers/").count('href="/c/') == 8
    for path in ("/customers/", "/find/customers/?q=pawsome"):
        assert "pawsome-vets" not in read(client, path)
