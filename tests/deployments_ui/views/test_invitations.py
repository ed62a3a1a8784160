"""Inviting somebody, and accepting the invitation."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.models import AuditEvent, Customer, Invitation, Mail, Membership, OwnerPermission, User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests import mails
from tests.deployments_ui.conftest import Browse
from tests.deployments_ui.page_rules import text_of
from tests.invitations import INVITE, PASSWORD, SLUG, create_account, get_link, invite
from tests.people import People, deny_owners
from tests.security.allowed import find_leaks

STAFF_INVITE = "/people/invite/"
EMAIL = "nina@brightsmile.test"


@pytest.fixture(autouse=True)
def named_customers(people: People) -> None:
    cache.clear()
    Customer.objects.filter(slug=SLUG).update(name="Bright Smile Dental")
    Customer.objects.filter(slug="pawsome-vets").update(name="Pawsome Vets")


def read(client: Client, link: str, *, status: int = 200) -> str:
    return html.unescape(text_of(client, link, status=status))


def test_a_new_person_sets_a_name_and_a_password_and_is_signed_in(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL, role="owner", name="Nina")
    visitor = Client()
    page = read(visitor, link)
    assert "<h1>Join Deploy desk</h1>" in page
    assert "Bright Smile Dental" in page
    assert 'value="Nina"' in page
    assert create_account(visitor, link, name="Nina New")["Location"] == "/"
    assert visitor.get("/")["Location"] == f"/c/{SLUG}/"
    user = User.objects.get(email=EMAIL)
    assert (user.name, user.staff_role) == ("Nina New", "")
    assert Membership.objects.get(user=user).role == "owner"
    other = Client()
    assert other.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD}).status_code == 302


def test_opening_it_changes_nothing(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL)
    before = list(Invitation.objects.values()), User.objects.count(), AuditEvent.objects.count()
    for _time in range(2):
        answer = Client().get(link)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "strict-origin"
        assert "noindex" in answer["X-Robots-Tag"]
    Client().head(link)
    assert (list(Invitation.objects.values()), User.objects.count(), AuditEvent.objects.count()) == before
    assert Client().delete(link).status_code == 405


def test_the_session_has_a_new_key(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL)
    visitor = Client()
    visitor.cookies["sessionid"] = "k" * 32
    create_account(visitor, link)
    assert visitor.cookies["sessionid"].value != "k" * 32
    assert visitor.get("/").status_code == 302


@pytest.mark.parametrize("password", ["", "short", "password1234", "nina@brightsmile.test"])
def test_a_weak_password_is_refused_and_the_name_is_kept(people: People, browse: Browse, password: str) -> None:
    link = invite(browse(people.owner), EMAIL)
    answer = create_account(Client(), link, name="Nina Kept", password=password)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="Nina Kept"' in page
    assert not re.search(r'name="password"[^>]*value=', page)
    assert not User.objects.filter(email=EMAIL).exists()
    assert create_account(Client(), link).status_code == 302


def test_a_link_works_once(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL)
    create_account(Client(), link)
    assert "This invitation no longer works" in read(Client(), link, status=404)
    assert create_account(Client(), link, password="another long passphrase").status_code == 404
    assert User.objects.get(email=EMAIL).check_password(PASSWORD)


def test_every_ended_link_has_the_same_page(people: People, browse: Browse) -> None:
    owner = browse(people.owner)
    links = {name: invite(owner, f"{name}@brightsmile.test") for name in ("used", "expired", "revoked", "replaced")}
    create_account(Client(), links["used"])
    Invitation.objects.filter(email="expired@brightsmile.test").update(expires_at=timezone.now())
    revoked = Invitation.objects.get(email="revoked@brightsmile.test")
    assert owner.post(f"/c/{SLUG}/people/invitations/{revoked.pk}/revoke/").status_code == 303
    replaced = Invitation.objects.get(email="replaced@brightsmile.test")
    owner.post(f"/c/{SLUG}/people/invitations/{replaced.pk}/resend/")
    never = "/invitations/" + "x" * 43 + "/"
    pages = {read(Client(), link, status=404) for link in [*links.values(), never]}
    assert len(pages) == 1
    assert create_account(Client(), get_link("replaced@brightsmile.test")).status_code == 302


def test_it_ends_after_seven_days(people: People, browse: Browse) -> None:
    invite(browse(people.owner), EMAIL)
    invitation = Invitation.objects.get()
    assert invitation.expires_at - invitation.created_at == timedelta(days=7)


def test_a_person_with_an_account_signs_in_first(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), "owner@pawsome.test")
    visitor = Client()
    page = read(visitor, link)
    assert "Sign in as owner@pawsome.test" in page
    assert f"/accounts/login/?next={link.replace('/', '%2F')}" in page
    # Neither a password nor a new name is taken from here.
    create_account(visitor, link)
    assert not User.objects.get(email="owner@pawsome.test").check_password(PASSWORD)
    sent = {"login": "owner@pawsome.test", "password": DEMO_PASSWORD, "next": link}
    assert visitor.post("/accounts/login/", sent)["Location"] == link
    assert visitor.post(link)["Location"] == "/"
    roles = dict(people.other_owner.memberships.values_list("customer__slug", "role"))
    assert roles == {"pawsome-vets": "owner", SLUG: "viewer"}


def test_another_account_can_neither_accept_nor_create(people: People, browse: Browse) -> None:
    for email in (EMAIL, "owner@pawsome.test"):
        link = invite(browse(people.owner), email)
        client = browse(people.outsider)
        page = read(client, link)
        assert "You are signed in as outsider@nowhere.test" in page
        assert f'name="next" value="{link}"' in " ".join(page.split())
        create_account(client, link)
        assert not people.outsider.memberships.exists()
        assert not Invitation.objects.filter(email=email, accepted_at__isnull=False).exists()
    assert not User.objects.filter(email=EMAIL).exists()


def test_staff_cannot_accept_an_invitation(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), "support@portal.test", role="owner")
    client = browse(people.support)
    assert "belongs to the platform’s staff" in read(client, link)
    client.post(link)
    assert not people.support.memberships.exists()
    people.support.refresh_from_db()
    assert people.support.staff_role == "support"


def test_a_deactivated_person_stays_deactivated(people: People, browse: Browse) -> None:
    people.outsider.is_active = False
    people.outsider.save()
    link = invite(browse(people.owner), "outsider@nowhere.test")
    visitor = Client()
    assert "is deactivated. Contact Dr Rao to reactivate it." in read(visitor, link)
    create_account(visitor, link)
    people.outsider.refresh_from_db()
    assert not people.outsider.is_active
    assert not people.outsider.check_password(PASSWORD)


@pytest.mark.parametrize(
    "email", ["owner@pawsome.test", "support@portal.test", "gone@nowhere.test", "operator@portal.test"]
)
def test_inviting_says_the_same_of_every_address(people: People, browse: Browse, email: str) -> None:
    """Of one with an account, of staff, and of a deactivated one, as of an unknown one; and it does the same."""
    User.objects.create_user("gone@nowhere.test", is_active=False)
    owner = browse(people.owner)

    def list_answer(address: str) -> tuple[int, str, str]:
        answer = owner.post(INVITE, {"email": address, "role": "viewer"})
        page = text_of(owner, f"/c/{SLUG}/people/").replace(address, "…")
        Invitation.objects.all().delete()
        body = re.sub(r"<[^>]+>|Opened [^<]+UTC|\d+ s ago|just now", "", page.partition("<body")[2])
        return answer.status_code, answer["Location"], body

    assert list_answer(email) == list_answer("unknown@nowhere.test")
    assert Mail.objects.filter(kind="invitation").count() == 2


def test_only_the_hash_of_the_secret_is_stored(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL)
    secret = link.split("/")[2]
    assert len(secret) == 43
    for model in (Invitation, Mail, AuditEvent):
        assert secret not in repr(list(model._default_manager.values()))


def test_the_mail_names_the_portal_and_its_own_address(people: People, browse: Browse, settings: Settings) -> None:
    settings.PORTAL_URL = "https://deploys.example.com"
    client = browse(people.owner)
    client.post(INVITE, {"email": EMAIL, "role": "owner", "name": "Nina & <b>"}, HTTP_HOST="localhost")
    text = mails.list_texts("invitation", to=EMAIL)[0]
    assert "https://deploys.example.com/invitations/" in text
    assert "Hello Nina & <b>," in text
    assert "Dr Rao has invited you" in text
    assert "Bright Smile Dental: Owner" in text


@pytest.mark.parametrize("role", ["viewer", "owner"])
def test_a_customer_s_name_says_nothing_of_the_hosting_service(people: People, browse: Browse, role: str) -> None:
    Customer.objects.filter(slug=SLUG).update(name="Bright Smile on MIOSA s3://canary-bucket")
    owner = browse(people.owner)
    link = invite(owner, EMAIL, role=role)
    for page in (text_of(owner, INVITE), mails.list_texts("invitation", to=EMAIL)[0], read(Client(), link)):
        assert "Bright Smile" in page
        assert not find_leaks(page, [])


def test_customers_do_not_see_which_of_the_staff_has_invited(people: People, browse: Browse) -> None:
    link = invite(browse(people.operator), EMAIL)
    for page in (
        mails.list_texts("invitation", to=EMAIL)[0],
        read(Client(), link),
        read(browse(people.owner), f"/c/{SLUG}/people/"),
    ):
        assert "Olga" not in page
        assert "Deploy desk" in page


def test_a_new_link_ends_the_old_one(people: People, browse: Browse) -> None:
    owner = browse(people.owner)
    old = invite(owner, EMAIL)
    new = invite(owner, EMAIL.upper(), role="owner")
    assert old != new
    assert "no longer works" in read(Client(), old, status=404)
    assert "Owner" in read(Client(), new)
    assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_it_works_only_while_its_sender_may_invite(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL)
    deny_owners("manage_people")
    assert create_account(Client(), link).status_code == 404
    OwnerPermission.objects.all().delete()
    Membership.objects.filter(user=people.owner).update(role="viewer")
    assert "no longer works" in read(Client(), link, status=404)
    Membership.objects.filter(user=people.owner).update(role="owner")
    assert create_account(Client(), link).status_code == 302


def test_guessing_is_limited(people: People) -> None:
    assert any(Client().get(f"/invitations/guess-{n}/").status_code == 503 for n in range(200))


def test_an_owner_cannot_send_very_many(people: People, browse: Browse) -> None:
    owner = browse(people.owner)
    answers = [owner.post(INVITE, {"email": f"n{n}@x.test", "role": "viewer"}).status_code for n in range(33)]
    assert answers[:30] == [303] * 30
    assert 503 in answers[30:]


def test_operators_invite_staff(people: People, browse: Browse) -> None:
    operator = browse(people.operator)
    link = invite(operator, "sue@portal.test", path=STAFF_INVITE, role="support", sees_all_customers="on")
    visitor = Client()
    assert "Support" in read(visitor, link)
    create_account(visitor, link, name="Sue Port")
    user = User.objects.get(email="sue@portal.test")
    assert (user.staff_role, user.sees_all_customers) == ("support", True)
    assert visitor.get("/").status_code == 200


def test_support_can_be_limited_to_customers_and_tags(people: People, browse: Browse) -> None:
    pawsome = Customer.objects.get(slug="pawsome-vets")
    pawsome.tags.create(tag="europe")
    fields = {"role": "support", "customers": "Bright Smile Dental", "tags": "europe"}
    link = invite(browse(people.operator), "sue@portal.test", path=STAFF_INVITE, **fields)
    visitor = Client()
    create_account(visitor, link)
    assert visitor.get("/c/pawsome-vets/people/").status_code == 403
    pawsome.tags.all().delete()
    assert visitor.get("/c/pawsome-vets/people/").status_code == 404
    assert visitor.get(f"/c/{SLUG}/people/").status_code == 403


def test_a_person_who_becomes_staff_loses_single_roles(people: People, browse: Browse) -> None:
    fields = {"role": "support", "sees_all_customers": "on"}
    link = invite(browse(people.operator), "owner@pawsome.test", path=STAFF_INVITE, **fields)
    browse(people.other_owner).post(link)
    people.other_owner.refresh_from_db()
    assert people.other_owner.staff_role == "support"
    assert not people.other_owner.memberships.exists()


def test_somebody_who_was_support_once_becomes_a_viewer(people: People, browse: Browse) -> None:
    """The provider's groups may have taken the role on the platform, and left those of single customers."""
    Membership.objects.create(user=people.outsider, customer=Customer.objects.get(slug=SLUG), role="support")
    link, outsider = invite(browse(people.owner), people.outsider.email), browse(people.outsider)
    assert outsider.post(link).status_code == 303
    assert outsider.get(f"/c/{SLUG}/").status_code == 200
    assert people.outsider.memberships.get().role == "viewer"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "not an address"}, "Enter an e-mail address"),
        ({"email": ""}, "Enter an e-mail address"),
        ({"email": f"a@{'.'.join(['İ' * 40] * 5)}.test"}, "This e-mail address is too long"),
        ({"email": "boo\u212a@x.test"}, "Enter an e-mail address"),
        ({"email": "a@x.test\nbcc: b@x.test"}, "Enter an e-mail address"),
        ({"customers": ""}, "Enter at least one customer"),
        ({"customers": "Nobody Ltd"}, "There is no customer “Nobody Ltd”"),
        ({"role": "support", "customers": ""}, "Choose all customers, some customers, or a tag"),
        ({"role": "superuser"}, "Select a valid choice"),
    ],
)
def test_errors_are_shown_at_the_field(people: People, browse: Browse, fields: dict[str, str], error: str) -> None:
    sent = {"email": EMAIL, "role": "owner", "customers": SLUG, "name": "Kept Name", **fields}
    answer = browse(people.operator).post(STAFF_INVITE, sent)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert error in page
    assert 'value="Kept Name"' in page
    assert not Invitation.objects.exists()


def test_a_customers_invitation_is_never_for_staff(people: People, browse: Browse) -> None:
    for role in ("operator", "support", ""):
        sent = {"email": EMAIL, "role": role, "staff_role": "operator", "sees_all_customers": "on"}
        assert browse(people.owner).post(INVITE, sent).status_code == 422
    invite(browse(people.owner), EMAIL, staff_role="operator", sees_all_customers="on", customers="pawsome-vets")
    invitation = Invitation.objects.get()
    assert (invitation.staff_role, invitation.sees_all_customers) == ("", False)
    assert [grant.customer.slug for grant in invitation.grants.all()] == [SLUG]


def test_each_step_leaves_one_event(people: People, browse: Browse) -> None:
    link = invite(browse(people.owner), EMAIL, role="owner")
    create_account(Client(), link)
    events = AuditEvent.objects.exclude(kind__startswith="sign").order_by("number")
    assert [(e.kind, e.target, e.person_role) for e in events if e.kind != "request"] == [
        ("person.invited", EMAIL, "owner"),
        ("invitation.accepted", EMAIL, "owner"),
    ]
    assert {event.customer_name for event in events} == {"Bright Smile Dental"}


def test_without_a_mail_server_operators_get_the_link(people: People, browse: Browse, settings: Settings) -> None:
    sent = {"email": EMAIL, "role": "owner"}
    settings.SMTP_URL = ""
    page = browse(people.operator).post(INVITE, sent).content.decode()
    assert get_link(EMAIL) in page
    assert browse(people.owner).post(INVITE, sent).status_code == 303
    settings.SMTP_URL = "smtp://localhost"
    assert browse(people.operator).post(INVITE, sent).status_code == 303
