"""Pasted lines: what is read of them, what is wrong with them, and what is sent."""

from __future__ import annotations

import threading
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import Customer, Invitation, Mail, Membership, User
from portal.permissions import Person, Role
from portal.services.errors import Invalid, NotFound
from portal.services.people import get_person, invitation_links, invitations, people_import
from portal.services.people.invitations import Invitee
from portal.services.people.people_import import Verdict
from tests.people import People
from tests.services.test_person_changes import run_at_once

SLUG = "brightsmile-dental"
GOOD = f"ana@x.test,{SLUG},owner"


@pytest.fixture
def operator(people: People) -> Person:
    Customer.objects.filter(slug=SLUG).update(name="Bright Smile, Inc.")
    person = get_person(people.operator)
    assert person is not None
    return person


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\ufeff{GOOD}\r\n",
        f"\n\n  ANA@X.test ,  {SLUG} , Owner  \n",
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        'ana@x.test,"Bright Smile, Inc.",owner',
        'ana@x.test, "bright smile, inc." ,owner',
        f"E-mail,Customer,Role\n{GOOD}",
        f"role;name;customer;e-mail address\nowner;Ana;{SLUG};ana@x.test",
        f"{GOOD},a note\n,,\n",
        f"{GOOD}\r{GOOD}",
    ],
)
def test_these_are_the_same(operator: Person, text: str) -> None:
    found = people_import.review(text, by=operator)
    assert [(line.email, line.customer and line.customer.slug, line.role) for line in found.sent] == [
        ("ana@x.test", SLUG, "owner")
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"ana,{SLUG},owner", "Enter an e-mail address, such as ana@example.com."),
        ("ana@x.test,nowhere,owner", "There is no customer “nowhere”."),
        (f"ana@x.test,{SLUG},admin", "The role must be owner or viewer."),
        (f"ana@x.test,{SLUG},support", "The role must be owner or viewer."),
        (f"ana@x.test,{SLUG}", "The role must be owner or viewer."),
        ("ana@x.test", "Enter a customer. The role must be owner or viewer."),
        (f"support@portal.test,{SLUG},owner", "This person belongs to the platform’s staff."),
        (f"viewer@brightsmile.test,{SLUG},viewer", "They have this access already."),
        (f"owner@brightsmile.test,{SLUG},viewer", "They have this access already."),
        (f"outsider@nowhere.test,{SLUG},viewer", "This person is deactivated. Reactivate them instead."),
        ("ana@x.test,Twin,owner", "Several customers are named “Twin”. Use the slug from the customer’s address."),
        ("same@x.test,pawsome-vets,viewer", "Same as line 1."),
        ("same@x.test,pawsome-vets,owner", "Line 1 gives them another role."),
        (f"{'a' * 250}@x.test,{SLUG},owner", "This e-mail address is too long."),
    ],
)
def test_each_line_says_what_is_wrong_with_it(operator: Person, people: People, line: str, reason: str) -> None:
    people.outsider.is_active = False
    people.outsider.save()
    bright = Customer.objects.get(slug=SLUG)
    for number in (1, 2):
        facts = {"slug": f"twin-{number}", "external_id": f"t{number}", "name": "Twin"}
        Customer.objects.create(connection=bright.connection, **facts)
    found = people_import.review(f"same@x.test,pawsome-vets,viewer\n\n{line}\n{GOOD}", by=operator)
    assert [(each.number, each.reason) for each in found.left_out] == [(3, reason)]
    assert [each.number for each in found.sent] == [1, 4]


def test_an_owner_can_be_made_of_a_viewer(operator: Person) -> None:
    found = people_import.review(f"viewer@brightsmile.test,{SLUG},owner", by=operator)
    assert [line.verdict for line in found.lines] == [Verdict.SEND]


@pytest.mark.parametrize("text", ["", " \n\n", "e-mail,customer,role\n", f'ana@x.test,"{SLUG},owner', '"a"b,c,d'])
def test_what_cannot_be_read_is_refused_as_a_whole(operator: Person, text: str) -> None:
    with pytest.raises(Invalid):
        people_import.review(text, by=operator)


def test_two_thousand_lines_are_the_most(operator: Person) -> None:
    lines = [f"p{number}@x.test,{SLUG},viewer" for number in range(2_001)]
    assert people_import.review("\n".join(lines[:2_000]), by=operator).people == 2_000
    with pytest.raises(Invalid, match="at most 2000"):
        people_import.review("\n".join(lines), by=operator)


def test_a_person_for_several_customers_gets_one_mail(operator: Person) -> None:
    text = f"ana@x.test,{SLUG},owner\nbob@x.test,{SLUG},viewer\nANA@x.test,pawsome-vets,viewer\nbad,{SLUG},owner"
    assert people_import.send(text, key=uuid4(), by=operator, now=timezone.now()) == 2
    assert sorted(Mail.objects.values_list("address", flat=True)) == ["ana@x.test", "bob@x.test"]
    grants = Invitation.objects.get(email="ana@x.test").grants.values_list("customer__slug", "role")
    assert dict(grants) == {SLUG: "owner", "pawsome-vets": "viewer"}


def test_the_same_key_invites_nobody_twice(operator: Person) -> None:
    text, key, now = f"{GOOD}\nbob@x.test,{SLUG},viewer", uuid4(), timezone.now()
    assert people_import.send(GOOD, key=key, by=operator, now=now) == 1
    assert people_import.send(text, key=key, by=operator, now=now) == 1
    assert people_import.send(text, key=key, by=operator, now=now) == 0
    assert Mail.objects.count() == 2
    # Another import replaces the invitation: the newest link counts.
    assert people_import.send(GOOD, key=uuid4(), by=operator, now=now) == 1
    assert Invitation.objects.filter(email="ana@x.test", revoked_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_send_once(operator: Person) -> None:
    text = "\n".join(f"p{number}@x.test,{SLUG},viewer" for number in range(60))
    key, sent = uuid4(), []

    def click() -> None:
        try:
            sent.append(people_import.send(text, key=key, by=operator, now=timezone.now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 60
    assert Invitation.objects.count() == Mail.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_importing_again_waits_for_nobody_who_waits_for_it(operator: Person) -> None:
    """While those who were invited accept, in another order than that of the lines."""
    bright = Customer.objects.get(slug=SLUG)
    for number in range(5):
        guests = [User.objects.create_user(f"g{number}-{each}@x.test", is_demo=True) for each in range(4)]
        text = "\n".join(f"{guest.email},{SLUG},viewer" for guest in guests)
        run_at_once(
            partial(people_import.send, text, key=uuid4(), by=operator, now=timezone.now()),
            *(partial(accept, guest, invite(guest, bright, by=operator)) for guest in reversed(guests)),
        )
        for guest in guests:
            is_invited = Invitation.objects.filter(email=guest.email, revoked_at=None, accepted_at=None).exists()
            assert is_invited or guest.memberships.exists()


def invite(user: User, customer: Customer, *, by: Person) -> str:
    invitee = Invitee(user.email, Role.VIEWER, customers=(customer,))
    return invitations.invite(invitee, by=by, now=timezone.now()).secret


def accept(user: User, secret: str) -> None:
    person = get_person(user)
    assert person is not None
    invitation_links.accept(secret=secret, by=person, address="", now=timezone.now())


def test_it_is_for_operators(operator: Person, people: People) -> None:
    for user in (people.support, people.owner):
        person = get_person(user)
        assert person is not None
        for call in (
            people_import.review,
            lambda text, by: people_import.send(text, key=uuid4(), by=by, now=timezone.now()),
        ):
            with pytest.raises(NotFound):
                call(GOOD, by=person)
    assert not Invitation.objects.exists()
    assert not Membership.objects.filter(user__email="ana@x.test").exists()
