"""What the worker does regularly."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.models import Customer, Invitation, InvitationGrant
from portal.permissions import Role
from portal.services.housekeeping import HousekeepingSource
from portal.services.people import get_person, invitations
from portal.services.people.invitations import Invitee
from tests.people import People

pytestmark = pytest.mark.django_db


def run_what_is_due(source: HousekeepingSource) -> set[str]:
    now = timezone.now()
    due = source.find_due(now=now).items
    for chore in due:
        source.run(chore, now=now)
    return {chore.name for chore in due}


def test_expired_sessions_are_deleted_and_others_kept() -> None:
    now = timezone.now()
    Session.objects.create(session_key="expired", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="current", session_data="", expire_date=now + timedelta(days=1))
    assert "sessions" in run_what_is_due(HousekeepingSource())
    assert [session.session_key for session in Session.objects.all()] == ["current"]


def test_invitations_are_deleted_ninety_days_after_they_expired(people: People) -> None:
    operator, now = get_person(people.operator), timezone.now()
    assert operator is not None
    for email, days in (("old@x.test", 98), ("kept@x.test", 96)):
        customers = tuple(Customer.objects.filter(slug="brightsmile-dental"))
        invitee = Invitee(email, Role.VIEWER, customers=customers)
        invitations.invite(invitee, by=operator, now=now - timedelta(days=days))
    assert "invitations" in run_what_is_due(HousekeepingSource())
    assert [each.email for each in Invitation.objects.all()] == ["kept@x.test"]
    assert InvitationGrant.objects.count() == 1


def test_sessions_are_not_searched_at_every_heartbeat() -> None:
    source = HousekeepingSource()
    run_what_is_due(source)
    assert "sessions" not in run_what_is_due(source)
