"""`portal/permissions.py`: which roles people have, what the roles permit, and the table in docs/rules.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.permissions import Permission, Person, Role, has_permission

OPERATOR = Person(id=1, name="O", email="o@p.test", staff=Role.OPERATOR)
SUPPORT = Person(id=2, name="S", email="s@p.test", staff=Role.SUPPORT)
ASSIGNED = Person(id=3, name="A", email="a@p.test", staff=Role.SUPPORT, assigned=frozenset({7}))
OWNER = Person(id=4, name="W", email="w@p.test", roles={7: Role.OWNER})
VIEWER = Person(id=5, name="V", email="v@p.test", roles={7: Role.VIEWER})
OUTSIDER = Person(id=6, name="X", email="x@p.test")
ROLES = (Role.OPERATOR, Role.SUPPORT, Role.OWNER, Role.VIEWER)
EVERYBODY = (OPERATOR, SUPPORT, ASSIGNED, OWNER, VIEWER, OUTSIDER)


def test_only_unrestricted_staff_see_every_customer() -> None:
    assert [person for person in EVERYBODY if person.sees_everyone] == [OPERATOR, SUPPORT]


def test_an_empty_assignment_is_no_customer() -> None:
    unassigned = Person(id=8, name="N", email="n@p.test", staff=Role.SUPPORT, assigned=frozenset())
    assert not unassigned.sees_everyone
    assert unassigned.role_at(7) is None


@pytest.mark.parametrize(
    ("person", "here", "elsewhere"),
    [
        (OPERATOR, Role.OPERATOR, Role.OPERATOR),
        (SUPPORT, Role.SUPPORT, Role.SUPPORT),
        (ASSIGNED, Role.SUPPORT, None),
        (OWNER, Role.OWNER, None),
        (VIEWER, Role.VIEWER, None),
        (OUTSIDER, None, None),
    ],
)
def test_roles_apply_to_their_customer_only(person: Person, here: Role | None, elsewhere: Role | None) -> None:
    assert (person.role_at(7), person.role_at(8)) == (here, elsewhere)


@pytest.mark.parametrize("permission", list(Permission))
def test_people_without_access_have_no_permissions(permission: Permission) -> None:
    assert not has_permission(None, permission)
    assert not has_permission(None, permission, customer_id=7)
    assert not has_permission(OUTSIDER, permission)
    assert not has_permission(OUTSIDER, permission, customer_id=7)
    assert not has_permission(OWNER, permission, customer_id=8)


def test_a_role_at_a_customer_gives_no_platform_permissions() -> None:
    assert not [permission for permission in Permission if has_permission(OWNER, permission)]


def test_the_documented_permissions_are_those_of_the_code() -> None:
    lines = Path("docs/rules.md").read_text().splitlines()
    table = {
        cells[1].strip().strip("`"): [cell.strip() == "yes" for cell in cells[2:6]]
        for line in lines
        if len(cells := line.split("|")) == 7 and cells[1].strip().startswith("`")
    }
    assert table == {
        permission.value: [has_role_permission(role, permission) for role in ROLES] for permission in Permission
    }


def has_role_permission(role: Role, permission: Permission) -> bool:
    if role in {Role.OPERATOR, Role.SUPPORT}:
        person = Person(id=1, name="", email="", staff=role)
        return has_permission(person, permission) or has_permission(person, permission, customer_id=7)
    return has_permission(Person(id=1, name="", email="", roles={7: role}), permission, customer_id=7)
