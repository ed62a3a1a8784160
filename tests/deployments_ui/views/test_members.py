"""The people of one customer, for its owners."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.models import (
    AuditEvent,
    Customer,
    Deployment,
    DomainLink,
    EnvVarDraft,
    Holding,
    Invitation,
    Membership,
    User,
)
from portal.permissions import Role
from portal.services import people
from portal.services.people import invitations
from portal.services.people.invitations import Invitee
from tests.deployments_ui.conftest import HTMX, SLUG, Browse, World
from tests.deployments_ui.page_rules import text_of
from tests.deployments_ui.views.test_people import is_signed_in, sign_in
from tests.invitations import create_account, get_link, invite
from tests.people import People, deny_owners

PEOPLE = f"/c/{SLUG}/people/"


@pytest.fixture(autouse=True)
def no_earlier_requests(db: None) -> None:
    cache.clear()


def read(client: Client, path: str, *, status: int = 200, **headers: Any) -> str:
    return html.unescape(text_of(client, path, status=status, **headers))


def test_owners_and_operators_see_the_customers_people(people: People, browse: Browse) -> None:
    for user in (people.owner, people.operator):
        page = read(browse(user), PEOPLE).partition("<main")[2]
        for name in ("Dr Rao", "Vera Lind", "Owner", "Viewer"):
            assert name in page
        assert "Pablo" not in page
    part = read(browse(people.owner), PEOPLE, **HTMX)
    assert "<html" not in part
    assert 'id="people"' in part


@pytest.mark.parametrize("form", ["", "invite/", "{viewer}/role/", "{viewer}/remove/"])
def test_others_are_refused_and_learn_who_can(people: People, browse: Browse, form: str) -> None:
    path = PEOPLE + form.format(viewer=people.viewer.pk)
    for user in (people.viewer, people.support):
        page = read(browse(user), path, status=403)
        assert "the platform's operators, an owner of the customer" in page
    for user in (people.other_owner, people.outsider):
        other, missing = (read(browse(user), path.replace(SLUG, slug), status=404) for slug in (SLUG, "nobody"))
        assert other == missing
    assert browse(people.owner).put(path).status_code == 405
    deny_owners("manage_people")
    page = read(browse(people.owner), path, status=403)
    assert "Who can: the platform's operators." in page


@pytest.mark.parametrize("number", ["0", "9" * 25])
def test_a_number_of_nobody_is_not_found(people: People, browse: Browse, number: str) -> None:
    owner = browse(people.owner)
    for change in ("role", "remove"):
        read(owner, f"{PEOPLE}{number}/{change}/", status=404)
        assert owner.post(f"{PEOPLE}{number}/{change}/", {"role": "viewer"}).status_code == 404


def test_another_customer_is_never_mentioned(people: People, browse: Browse) -> None:
    Membership.objects.create(user=people.other_owner, customer=Customer.objects.get(slug=SLUG), role="viewer")
    both = tuple(Customer.objects.filter(slug__in=[SLUG, "pawsome-vets"]))
    invite_to(both, "both@x.test")
    page = read(browse(people.owner), PEOPLE)
    assert "Pablo Ortiz" in page
    assert "both@x.test" in page
    assert "pawsome-vets" not in page.lower()
    assert "more" not in page.partition("both@x.test")[2].partition("</tr>")[0]


def invite_to(customers: tuple[Customer, ...], email: str) -> invitations.SentInvitation:
    operator = people.get_person(User.objects.get(email="operator@portal.test"))
    assert operator is not None
    return invitations.invite(Invitee(email, Role.OWNER, customers=customers), by=operator, now=timezone.now())


def test_staff_are_not_listed_and_cannot_be_changed(people: People, browse: Browse) -> None:
    bright = Customer.objects.get(slug=SLUG)
    User.objects.filter(pk=people.support.pk).update(sees_all_customers=False)
    Membership.objects.create(user=people.support, customer=bright, role="support")
    Membership.objects.create(user=people.operator, customer=bright, role="owner")
    owner = browse(people.owner)
    page = read(owner, PEOPLE)
    assert "Ana Ruiz" not in page
    assert "Olga" not in page
    for user in (people.support, people.operator, people.other_owner):
        for change in ("role", "remove"):
            assert owner.post(f"{PEOPLE}{user.pk}/{change}/", {"role": "viewer"}).status_code == 404
    assert people.support.memberships.exists()


def test_a_role_changes_at_once(people: People, browse: Browse) -> None:
    owner, viewer = browse(people.owner), browse(people.viewer)
    assert viewer.get(PEOPLE).status_code == 403
    assert owner.post(f"{PEOPLE}{people.viewer.pk}/role/", {"role": "owner"})["Location"] == PEOPLE
    assert viewer.get(PEOPLE).status_code == 200
    viewer.post(f"{PEOPLE}{people.owner.pk}/role/", {"role": "viewer"})
    assert owner.get(PEOPLE).status_code == 403
    assert owner.post(f"{PEOPLE}{people.viewer.pk}/role/", {"role": "viewer"}).status_code == 403
    event = AuditEvent.objects.filter(kind="member.role_changed").latest("number")
    assert (event.target, event.before, event.after) == ("Dr Rao", {"role": "owner"}, {"role": "viewer"})


@pytest.mark.parametrize("role", ["operator", "support", "", "OWNER"])
def test_owners_give_no_other_roles(people: People, browse: Browse, role: str) -> None:
    answer = browse(people.owner).post(f"{PEOPLE}{people.viewer.pk}/role/", {"role": role, "staff_role": "operator"})
    assert answer.status_code == 422
    people.viewer.refresh_from_db()
    assert people.viewer.staff_role == ""
    assert people.viewer.memberships.get().role == "viewer"


def test_the_only_owner_cannot_leave(people: People, browse: Browse) -> None:
    owner, own = browse(people.owner), f"{PEOPLE}{people.owner.pk}/"
    for change, sent in (("remove/", {}), ("role/", {"role": "viewer"})):
        assert "disabled" in read(owner, f"{own}{change}")
        answer = owner.post(f"{own}{change}", sent)
        assert answer.status_code == 422
        assert "only owner" in answer.content.decode()
    assert people.owner.memberships.get().role == "owner"
    Membership.objects.filter(user=people.viewer).update(role="owner")
    assert owner.post(f"{own}remove/")["Location"] == "/"
    assert not people.owner.memberships.exists()


def test_operators_can_remove_the_only_owner_and_read_what_that_means(people: People, browse: Browse) -> None:
    operator, path = browse(people.operator), f"{PEOPLE}{people.owner.pk}/remove/"
    assert "The customer will have no owner." in read(operator, path)
    assert operator.post(path).status_code == 303
    assert not people.owner.memberships.exists()


def test_a_removed_member_loses_everything_at_once(world: World, browse: Browse) -> None:
    """Pages, JSON API, session, links for DNS, drafts of env vars, and invitations they sent or got."""
    people, bright = world.people, Customer.objects.get(slug=SLUG)
    Membership.objects.filter(user=people.viewer).update(role="owner")
    session = sign_in(people.viewer)
    sent = invite(session, "friend@x.test")
    got = invite(browse(people.owner), "viewer@brightsmile.test.example")
    Invitation.objects.filter(email__endswith=".example").update(email=people.viewer.email)
    link, draft = create_link(people.viewer, bright), create_draft(people.viewer, bright)
    others_link, others_draft = create_link(people.owner, bright), create_draft(people.owner, bright)
    assert session.get(f"/api/v1/customers/{SLUG}/history/").status_code == 200

    browse(people.owner).post(f"{PEOPLE}{people.viewer.pk}/remove/")

    assert not is_signed_in(session)
    assert session.get(f"/api/v1/customers/{SLUG}/history/").status_code == 401
    assert DomainLink.objects.get(pk=link.pk).revoked_at is not None
    assert not EnvVarDraft.objects.filter(pk=draft.pk).exists()
    for path in (sent, got):
        assert create_account(Client(), path).status_code == 404
    assert DomainLink.objects.get(pk=others_link.pk).revoked_at is None
    assert EnvVarDraft.objects.filter(pk=others_draft.pk).exists()
    assert "belongs to no customer" in read(sign_in(people.viewer), "/")


def test_a_member_of_two_customers_keeps_the_other_one(world: World, browse: Browse) -> None:
    people, pawsome = world.people, Customer.objects.get(slug="pawsome-vets")
    Membership.objects.create(user=people.viewer, customer=pawsome, role="owner")
    session = sign_in(people.viewer)
    link, other_link = create_link(people.viewer, Customer.objects.get(slug=SLUG)), create_link(people.viewer, pawsome)
    browse(people.owner).post(f"{PEOPLE}{people.viewer.pk}/remove/")
    assert is_signed_in(session)
    assert session.get(f"/c/{SLUG}/").status_code == 404
    assert session.get("/c/pawsome-vets/").status_code == 200
    assert DomainLink.objects.get(pk=link.pk).revoked_at is not None
    assert DomainLink.objects.get(pk=other_link.pk).revoked_at is None


def create_link(user: User, customer: Customer) -> DomainLink:
    deployment = Deployment.objects.get(pk=Holding.objects.filter(customer=customer).earliest("pk").deployment_id)
    facts = {"deployment_id": deployment.miosa_id, "domain_id": "d", "created_by": user.name, "creator_id": user.pk}
    now = timezone.now()
    until = now + timedelta(days=7)
    return DomainLink.objects.create(secret_hash=uuid4().hex, created_at=now, expires_at=until, **facts)


def create_draft(user: User, customer: Customer) -> EnvVarDraft:
    deployment = Deployment.objects.get(pk=Holding.objects.filter(customer=customer).earliest("pk").deployment_id)
    facts = {"deployment_id": deployment.miosa_id, "environment": "production", "encrypted_values": b"x"}
    until = timezone.now() + timedelta(minutes=10)
    return EnvVarDraft.objects.create(key=uuid4(), person_id=user.pk, expires_at=until, **facts)


def test_invitations_of_others_cannot_be_touched(people: People, browse: Browse) -> None:
    invite_to((Customer.objects.get(slug="pawsome-vets"),), "pat@x.test")
    operator = browse(people.operator)
    operator.post("/people/invite/", {"email": "sue@x.test", "role": "support", "customers": SLUG})
    owner = browse(people.owner)
    assert "sue@x.test" not in read(owner, PEOPLE)
    for invitation in Invitation.objects.all():
        for change in ("resend", "revoke"):
            assert owner.post(f"{PEOPLE}invitations/{invitation.pk}/{change}/").status_code == 404
    assert Invitation.objects.filter(revoked_at=None).count() == 2


def test_an_invitation_to_two_customers_ends_for_one(people: People, browse: Browse) -> None:
    sent = invite_to(tuple(Customer.objects.filter(slug__in=[SLUG, "pawsome-vets"])), "both@x.test")
    owner = browse(people.owner)
    assert owner.post(f"{PEOPLE}invitations/{sent.id}/revoke/").status_code == 303
    assert "both@x.test" not in read(owner, PEOPLE)
    create_account(Client(), f"/invitations/{sent.secret}/")
    user = User.objects.get(email="both@x.test")
    assert [each.customer.slug for each in user.memberships.all()] == ["pawsome-vets"]


def test_sending_again_for_one_of_two_customers_leaves_the_other_alone(people: People, browse: Browse) -> None:
    sent = invite_to(tuple(Customer.objects.filter(slug__in=[SLUG, "pawsome-vets"])), "both@x.test")
    Invitation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    browse(people.owner).post(f"{PEOPLE}invitations/{sent.id}/resend/")
    first, second = Invitation.objects.order_by("pk")
    assert [grant.customer.slug for grant in first.grants.all()] == ["pawsome-vets"]
    assert first.expires_at < timezone.now() + timedelta(days=1)
    create_account(Client(), get_link("both@x.test"))
    assert [each.customer.slug for each in User.objects.get(email="both@x.test").memberships.all()] == [SLUG]
    assert second.revoked_at is None


def test_a_demoted_owner_can_no_longer_let_people_in(people: People, browse: Browse) -> None:
    Membership.objects.filter(user=people.viewer).update(role="owner")
    sent = invite(browse(people.viewer), "friend@x.test")
    browse(people.owner).post(f"{PEOPLE}{people.viewer.pk}/role/", {"role": "viewer"})
    assert create_account(Client(), sent).status_code == 404
    assert "friend@x.test" not in read(browse(people.owner), PEOPLE)


def test_an_invitation_that_could_not_be_sent_says_so(people: People, browse: Browse) -> None:
    invite(browse(people.owner), "typo@x.test")
    invitation = Invitation.objects.get()
    assert invitation.mail is not None
    invitation.mail.state, invitation.mail.error = "failed", "550 no such mailbox at mx1.internal"
    invitation.mail.save()
    page = read(browse(people.owner), PEOPLE)
    assert "Mail not sent" in page
    assert "mx1.internal" not in page
    assert "550 no such mailbox" in read(browse(people.operator), "/people/invitations/")


def test_who_is_already_there_is_not_invited_again(people: People, browse: Browse) -> None:
    answer = browse(people.owner).post(f"{PEOPLE}invite/", {"email": "Viewer@brightsmile.test", "role": "owner"})
    assert answer.status_code == 422
    assert "belongs to this customer already" in answer.content.decode()


def test_the_link_is_shown_to_whoever_may_follow_it(people: People, browse: Browse) -> None:
    page, link = f"/c/{SLUG}/operations/", f'href="{PEOPLE}"'
    assert link in read(browse(people.owner), page)
    assert link not in read(browse(people.viewer), page)
    deny_owners("manage_people")
    assert link not in read(browse(people.owner), page)
