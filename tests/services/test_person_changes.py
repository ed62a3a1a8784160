"""Two changes at once must not leave the platform without an operator, nor a customer without an owner."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from portal.config import Upstream
from portal.models import Membership, User
from portal.permissions import Person
from portal.services.errors import Conflict, Forbidden, NotFound
from portal.services.people import get_person, person_changes
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


def test_a_person_of_the_demo_does_not_count_as_operator_of_a_real_portal(people: People, settings: Settings) -> None:
    real = User.objects.create_user("real@portal.test", staff_role="operator")
    assert not person_changes.is_last_operator(real)
    settings.MIOSA = Upstream("https://miosa.invalid/api/v1", "key", None, 60, is_demo=False)
    assert person_changes.is_last_operator(real)
    with pytest.raises(Conflict):
        person_changes.deactivate(real.pk, by=person_changes.COMMAND_LINE, now=timezone.now())
