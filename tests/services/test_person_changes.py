"""Two changes at once must not leave the platform without an operator, nor a customer without an owner."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from portal.config import Upstream
from portal.models import AuditEvent, Customer, Invitation, Membership, User
from portal.permissions import Person, Role
from portal.services.errors import Conflict, Forbidden, NotFound
from portal.services.people import get_person, invitation_links, invitation_lists, invitations, person_changes
from portal.services.people.invitations import Invitee
from portal.services.people.person_changes import StaffRole
from tests.people import People

SLUG = "brightsmile-dental"


def to_person(user: User) -> Person:
    person = get_person(user)
    assert person is not None
    return person


def run_at_once(*changes: Callable[[], object]) -> list[str]:
    """The names of the errors that these changes raised."""
    errors: list[str] = []

    def run(change: Callable[[], object]) -> None:
        try:
            change()
        except (Conflict, Forbidden, NotFound) as error:
            errors.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["deactivate", "remove", "demote"])
def test_two_operators_cannot_lose_each_other(people: People, way: str) -> None:
    other = User.objects.create_user("second@portal.test", staff_role="operator", is_demo=True)

    def lose(user: User, by: User) -> None:
        person, now = to_person(by), timezone.now()
        if way == "demote":
            person_changes.change_staff_role(user.pk, StaffRole(None), by=person, now=now)
        else:
            getattr(person_changes, way)(user.pk, by=person, now=now)

    errors = run_at_once(lambda: lose(people.operator, other), lambda: lose(other, people.operator))
    assert errors == ["Conflict"]
    assert User.objects.filter(staff_role="operator", is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_both_leave(people: People) -> None:
    Membership.objects.filter(user=people.viewer).update(role="owner")
    first, second = to_person(people.owner), to_person(people.viewer)
    errors = run_at_once(
        *(
            lambda each=each: person_changes.remove_member(each.id, slug=SLUG, by=each, now=timezone.now())
            for each in (first, second)
        )
    )
    assert errors == ["Conflict"]
    assert Membership.objects.filter(customer__slug=SLUG, role="owner").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_invitation_gives_what_its_sender_may_give_when_it_is_accepted(people: People) -> None:
    """Whichever comes first, accepting it or removing its sender from one of its two customers."""
    places, now, operator = tuple(Customer.objects.order_by("pk")[:2]), timezone.now(), to_person(people.operator)
    slug, events = places[0].slug, AuditEvent.objects.filter(customer_id=places[0].pk).order_by("-number")
    for number in range(5):
        sender = User.objects.create_user(f"sender-{number}@x.test", is_demo=True)
        guest = User.objects.create_user(f"guest-{number}@x.test", is_demo=True)
        Membership.objects.bulk_create(Membership(user=sender, customer=each, role="owner") for each in places)
        sent = invitations.invite(Invitee(guest.email, Role.VIEWER, customers=places), by=operator, now=now)
        Invitation.objects.filter(pk=sent.id).update(invited_by_id=sender.pk)
        errors = run_at_once(
            partial(invitation_links.accept, secret=sent.secret, by=to_person(guest), address="", now=now),
            partial(person_changes.remove_member, sender.pk, slug=slug, by=operator, now=now),
        )
        assert errors == []
        kinds = list(events.values_list("kind", flat=True)[:2])
        given = places if kinds == ["member.removed", "invitation.accepted"] else places[1:]
        assert {each.customer for each in guest.memberships.all()} == set(given)


def test_open_invitations_are_listed_for_who_manages_the_people(people: People) -> None:
    customer, now = Customer.objects.get(slug=SLUG), timezone.now()
    for user in (people.viewer, people.support, people.other_owner, people.outsider):
        with pytest.raises(Forbidden):
            invitation_lists.list_of_customer(customer, by=to_person(user), most=9, now=now)
    assert invitation_lists.list_of_customer(customer, by=to_person(people.owner), most=9, now=now) == ()


def test_a_person_of_the_demo_does_not_count_as_operator_of_a_real_portal(people: People, settings: Settings) -> None:
    real = User.objects.create_user("real@portal.test", staff_role="operator")
    assert not person_changes.is_last_operator(real)
    settings.MIOSA = Upstream("https://miosa.invalid/api/v1", "key", None, 60, is_demo=False)
    assert person_changes.is_last_operator(real)
    with pytest.raises(Conflict):
        person_changes.deactivate(real.pk, by=person_changes.COMMAND_LINE, now=timezone.now())
