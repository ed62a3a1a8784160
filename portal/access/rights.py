"""The matrix of rights (product.md, "Who uses it")."""

from collections.abc import Collection
from enum import StrEnum

from portal.access.people import Person, Role


class Right(StrEnum):
    """What can be allowed. A right is a verb and its object, in alphabetical order.

    Rights of a customer are asked with that customer's id; rights of the platform (`READ_FLEET`, `READ_STYLEGUIDE`) without.
    """

    CREATE_DEPLOYMENT = "create_deployment"
    DELETE_DEPLOYMENT = "delete_deployment"
    OVERRIDE_OPERATION = "override_operation"
    PROMOTE = "promote"
    PUBLISH = "publish"
    READ_FLEET = "read_fleet"
    READ_HISTORY = "read_history"
    READ_INTERNALS = "read_internals"
    READ_STYLEGUIDE = "read_styleguide"
    REDEPLOY = "redeploy"
    RENAME_DEPLOYMENT = "rename_deployment"
    ROLL_BACK = "roll_back"
    STOP = "stop"


_OPERATOR = frozenset({Role.OPERATOR})
_STAFF = frozenset({Role.OPERATOR, Role.SUPPORT})
_DOERS = frozenset({Role.OPERATOR, Role.OWNER, Role.SUPPORT})

_HOLDERS: dict[Right, frozenset[Role]] = {
    Right.CREATE_DEPLOYMENT: _OPERATOR,
    Right.DELETE_DEPLOYMENT: _OPERATOR,
    Right.OVERRIDE_OPERATION: _STAFF,
    Right.PROMOTE: _DOERS,
    Right.PUBLISH: frozenset({Role.OPERATOR, Role.OWNER}),
    Right.READ_FLEET: _STAFF,
    Right.READ_HISTORY: frozenset(Role),
    # Ids, names and addresses of the hosting service, and rows whose customer is not known.
    Right.READ_INTERNALS: _STAFF,
    Right.READ_STYLEGUIDE: _OPERATOR,
    Right.REDEPLOY: _DOERS,
    Right.RENAME_DEPLOYMENT: _OPERATOR,
    Right.ROLL_BACK: _DOERS,
    Right.STOP: _OPERATOR,
}

# What the platform may switch off for its customers' owners.
OWNERS = tuple(right for right in (Right.PROMOTE, Right.PUBLISH, Right.REDEPLOY, Right.ROLL_BACK))


def allows(
    person: Person | None,
    right: Right,
    *,
    customer_id: int | None = None,
    is_shared: bool = False,
    switched_off: Collection[str] = (),
) -> bool:
    """Whether `person` may; nobody signed in means no, a stranger to the customer means no.

    On a shared deployment every change is for staff (product.md, rule 1). `switched_off` are rights the platform keeps from owners.
    """
    if person is None:
        return False
    role = person.staff if customer_id is None else person.role_at(customer_id)
    if role not in _HOLDERS[right]:
        return False
    changes = right not in {Right.READ_FLEET, Right.READ_HISTORY, Right.READ_INTERNALS, Right.READ_STYLEGUIDE}
    return not (role is Role.OWNER and changes and (is_shared or right in switched_off))


def who_can(right: Right, *, is_shared: bool = False, switched_off: Collection[str] = ()) -> tuple[Role, ...]:
    """The roles that hold a right, to tell a person who was refused whom to ask."""
    holders = _HOLDERS[right]
    if is_shared or right in switched_off:
        holders -= {Role.OWNER}
    return tuple(role for role in Role if role in holders)
