"""The matrix of rights (docs/rules.md, "Who may do what")."""

from collections.abc import Collection
from enum import StrEnum

from portal.access.people import Person, Role


class Right(StrEnum):
    """What can be allowed. A right is a verb and its object, in alphabetical order.

    Rights of a customer are asked with that customer's id; rights of the platform (`READ_FLEET`, `READ_STYLEGUIDE`)
    without.
    """

    ADD_DOMAIN = "add_domain"
    CREATE_DEPLOYMENT = "create_deployment"
    DELETE_DEPLOYMENT = "delete_deployment"
    DETACH_DOMAIN = "detach_domain"
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
    SET_ENV = "set_env"
    SHARE_DOMAIN = "share_domain"
    STOP = "stop"
    VERIFY_DOMAIN = "verify_domain"


_OPERATOR = frozenset({Role.OPERATOR})
_STAFF = frozenset({Role.OPERATOR, Role.SUPPORT})
_OWNERS = frozenset({Role.OPERATOR, Role.OWNER})
_DOERS = frozenset({Role.OPERATOR, Role.OWNER, Role.SUPPORT})

_HOLDERS: dict[Right, frozenset[Role]] = {
    Right.ADD_DOMAIN: _OWNERS,
    Right.CREATE_DEPLOYMENT: _OPERATOR,
    Right.DELETE_DEPLOYMENT: _OPERATOR,
    Right.DETACH_DOMAIN: _OWNERS,
    Right.OVERRIDE_OPERATION: _STAFF,
    Right.PROMOTE: _DOERS,
    Right.PUBLISH: _OWNERS,
    Right.READ_FLEET: _STAFF,
    Right.READ_HISTORY: frozenset(Role),
    # Ids, names and addresses of the hosting service, and rows whose customer is not known.
    Right.READ_INTERNALS: _STAFF,
    Right.READ_STYLEGUIDE: _OPERATOR,
    Right.REDEPLOY: _DOERS,
    Right.RENAME_DEPLOYMENT: _OPERATOR,
    Right.ROLL_BACK: _DOERS,
    # Support never sees an env mask and never sets a value.
    Right.SET_ENV: _OWNERS,
    Right.SHARE_DOMAIN: _DOERS,
    Right.STOP: _OPERATOR,
    Right.VERIFY_DOMAIN: _DOERS,
}

# What the platform may switch off for its customers' owners.
OWNERS = tuple(right for right in Right if Role.OWNER in _HOLDERS[right] and right is not Right.READ_HISTORY)


def allows(
    person: Person | None,
    right: Right,
    *,
    customer_id: int | None = None,
    is_shared: bool = False,
    switched_off: Collection[str] = (),
) -> bool:
    """Whether `person` may; nobody signed in means no, a stranger to the customer means no.

    On a shared deployment every change is for staff (docs/rules.md, 1). `switched_off` are rights the platform keeps
    from owners.
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
