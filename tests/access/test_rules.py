"""The table of rights in the documents says what the code does."""

from pathlib import Path

from portal.permissions import Permission, Person, Role, has_permission

ROLES = (Role.OPERATOR, Role.SUPPORT, Role.OWNER, Role.VIEWER)


def test_the_documented_rights_are_those_of_the_code() -> None:
    lines = Path("docs/rules.md").read_text().splitlines()
    table = {
        cells[1].strip().strip("`"): [cell.strip() == "yes" for cell in cells[2:6]]
        for line in lines
        if len(cells := line.split("|")) == 7 and cells[1].strip().startswith("`")
    }
    assert table == {right.value: [holds(role, right) for role in ROLES] for right in Permission}


def holds(role: Role, right: Permission) -> bool:
    if role in {Role.OPERATOR, Role.SUPPORT}:
        person = Person(id=1, name="", email="", staff=role)
        return has_permission(person, right) or has_permission(person, right, customer_id=7)
    return has_permission(Person(id=1, name="", email="", roles={7: role}), right, customer_id=7)
