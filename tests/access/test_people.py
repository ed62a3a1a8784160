"""Whom a person may see."""

import pytest

from portal.permissions import Permission, Person, Role, has_permission

OPERATOR = Person(id=1, name="O", email="o@p.test", staff=Role.OPERATOR)
SUPPORT = Person(id=2, name="S", email="s@p.test", staff=Role.SUPPORT)
ASSIGNED = Person(id=3, name="A", email="a@p.test", staff=Role.SUPPORT, assigned=frozenset({7}))
OWNER = Person(id=4, name="W", email="w@p.test", roles={7: Role.OWNER})
VIEWER = Person(id=5, name="V", email="v@p.test", roles={7: Role.VIEWER})
STRANGER = Person(id=6, name="X", email="x@p.test")
EVERYBODY = (OPERATOR, SUPPORT, ASSIGNED, OWNER, VIEWER, STRANGER)


def test_only_staff_without_limits_sees_everyone() -> None:
    assert [person for person in EVERYBODY if person.sees_everyone] == [OPERATOR, SUPPORT]


def test_an_empty_assignment_is_nobody_and_not_everybody() -> None:
    nobody = Person(id=8, name="N", email="n@p.test", staff=Role.SUPPORT, assigned=frozenset())
    assert not nobody.sees_everyone
    assert nobody.role_at(7) is None


@pytest.mark.parametrize(
    ("person", "here", "elsewhere"),
    [
        (OPERATOR, Role.OPERATOR, Role.OPERATOR),
        (SUPPORT, Role.SUPPORT, Role.SUPPORT),
        (ASSIGNED, Role.SUPPORT, None),
        (OWNER, Role.OWNER, None),
        (VIEWER, Role.VIEWER, None),
        (STRANGER, None, None),
    ],
)
def test_roles_are_held_where_they_were_given(person: Person, here: Role | None, elsewhere: Role | None) -> None:
    assert (person.role_at(7), person.role_at(8)) == (here, elsewhere)


@pytest.mark.parametrize("right", list(Permission))
def test_nobody_signed_in_and_strangers_may_nothing(right: Permission) -> None:
    assert not has_permission(None, right)
    assert not has_permission(None, right, customer_id=7)
    assert not has_permission(STRANGER, right)
    assert not has_permission(STRANGER, right, customer_id=7)
    assert not has_permission(OWNER, right, customer_id=8)


def test_a_role_towards_a_customer_is_no_role_towards_the_platform() -> None:
    assert not [right for right in Permission if has_permission(OWNER, right)]
