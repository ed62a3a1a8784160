"""The matrix of rights (product.md, "Who uses it")."""

from enum import StrEnum

from portal.access.people import Person, Role


class Right(StrEnum):
    """What can be allowed. A right is a verb and its object, in alphabetical order.

    Rights of a customer are asked with that customer's id; rights of the platform (`READ_FLEET`, `READ_STYLEGUIDE`) without.
    """

    READ_FLEET = "read_fleet"
    READ_HISTORY = "read_history"
    READ_INTERNALS = "read_internals"
    READ_STYLEGUIDE = "read_styleguide"


_HOLDERS: dict[Right, frozenset[Role]] = {
    Right.READ_FLEET: frozenset({Role.OPERATOR, Role.SUPPORT}),
    Right.READ_HISTORY: frozenset(Role),
    # Ids, names and addresses of the hosting service, and rows whose customer is not known.
    Right.READ_INTERNALS: frozenset({Role.OPERATOR, Role.SUPPORT}),
    Right.READ_STYLEGUIDE: frozenset({Role.OPERATOR}),
}


def allows(person: Person | None, right: Right, *, customer_id: int | None = None) -> bool:
    """Whether `person` may; nobody signed in means no, a stranger to the customer means no."""
    if person is None:
        return False
    role = person.staff if customer_id is None else person.role_at(customer_id)
    return role in _HOLDERS[right]


def who_can(right: Right) -> tuple[Role, ...]:
    """The roles that hold a right, to tell a person who was refused whom to ask."""
    return tuple(role for role in Role if role in _HOLDERS[right])
