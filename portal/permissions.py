"""Who may do what: pure rules over a frozen Person (docs/rules.md, "Who may do what"). No Django, no database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Operator and support are roles on the platform, owner and viewer roles at one customer."""

    OPERATOR = "operator"
    OWNER = "owner"
    SUPPORT = "support"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person, with what the rules need and nothing else.

    `staff` is OPERATOR or SUPPORT for the platform's staff, else None. `roles` maps a customer's id to OWNER or
    VIEWER. `assigned` limits a support person to some customers; None means every customer. `denied` has, for each
    customer of an owner, what the platform denies to its owners.
    """

    id: int
    name: str
    email: str
    staff: Role | None = None
    roles: Mapping[int, Role] = field(default_factory=dict)
    assigned: frozenset[int] | None = None
    denied: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def is_staff(self) -> bool:
        return self.staff is not None

    @property
    def is_operator(self) -> bool:
        return self.staff is Role.OPERATOR

    @property
    def sees_everyone(self) -> bool:
        """Staff who may see every customer, unattributed rows, and all of a shared deployment."""
        return self.staff is Role.OPERATOR or (self.staff is Role.SUPPORT and self.assigned is None)

    @property
    def scope(self) -> frozenset[int] | None:
        """The ids of the customers this person may see; None means every customer, present and future."""
        if self.staff is Role.OPERATOR:
            return None
        if self.staff is Role.SUPPORT:
            return self.assigned
        return frozenset(self.roles)

    def role_at(self, customer_id: int) -> Role | None:
        """This person's role at one customer, or None without access."""
        scope = self.scope
        if scope is not None and customer_id not in scope:
            return None
        return self.staff or self.roles.get(customer_id)


class Permission(StrEnum):
    """A verb and its object, in alphabetical order.

    Permissions for one customer are checked with that customer's id; platform permissions (`CHANGE_SETTINGS`,
    `READ_ALL_CUSTOMERS`, `READ_STYLEGUIDE`) without one.
    """

    ADD_DOMAIN = "add_domain"
    CHANGE_SETTINGS = "change_settings"
    CREATE_DEPLOYMENT = "create_deployment"
    DELETE_DEPLOYMENT = "delete_deployment"
    DETACH_DOMAIN = "detach_domain"
    MANAGE_PEOPLE = "manage_people"
    OVERRIDE_OPERATION = "override_operation"
    PROMOTE = "promote"
    PUBLISH = "publish"
    READ_ACTIVITY = "read_activity"
    READ_ALL_CUSTOMERS = "read_all_customers"
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
_STAFF_AND_OWNERS = frozenset({Role.OPERATOR, Role.OWNER, Role.SUPPORT})

_HOLDERS: dict[Permission, frozenset[Role]] = {
    Permission.ADD_DOMAIN: _OWNERS,
    # Brand, permissions of owners, customers' names and tags, the portal's own settings.
    Permission.CHANGE_SETTINGS: _OPERATOR,
    Permission.CREATE_DEPLOYMENT: _OPERATOR,
    Permission.DELETE_DEPLOYMENT: _OPERATOR,
    Permission.DETACH_DOMAIN: _OWNERS,
    # With a customer its people, without one the staff.
    Permission.MANAGE_PEOPLE: _OWNERS,
    Permission.OVERRIDE_OPERATION: _STAFF,
    Permission.PROMOTE: _STAFF_AND_OWNERS,
    Permission.PUBLISH: _OWNERS,
    Permission.READ_ACTIVITY: _STAFF_AND_OWNERS,
    Permission.READ_ALL_CUSTOMERS: _STAFF,
    Permission.READ_HISTORY: frozenset(Role),
    # Ids, names and addresses of the hosting service, and rows without a known customer.
    Permission.READ_INTERNALS: _STAFF,
    Permission.READ_STYLEGUIDE: _OPERATOR,
    Permission.REDEPLOY: _STAFF_AND_OWNERS,
    Permission.RENAME_DEPLOYMENT: _OPERATOR,
    Permission.ROLL_BACK: _STAFF_AND_OWNERS,
    # Support never sees an env mask and never sets a value.
    Permission.SET_ENV: _OWNERS,
    Permission.SHARE_DOMAIN: _STAFF_AND_OWNERS,
    Permission.STOP: _OPERATOR,
    Permission.VERIFY_DOMAIN: _STAFF_AND_OWNERS,
}

_READS = frozenset(each for each in Permission if each.name.startswith("READ_"))

# What the platform may deny to its customers' owners.
OWNER_PERMISSIONS = tuple(each for each in Permission if Role.OWNER in _HOLDERS[each] and each not in _READS)


def has_permission(
    person: Person | None,
    permission: Permission,
    *,
    customer_id: int | None = None,
    is_shared: bool = False,
) -> bool:
    """Whether `person` has the permission. None, an anonymous visitor, has none.

    On a shared deployment every change is for staff (docs/rules.md, 1).
    """
    if person is None:
        return False
    role = person.staff if customer_id is None else person.role_at(customer_id)
    if role not in _HOLDERS[permission]:
        return False
    denied = person.denied.get(customer_id, frozenset()) if customer_id is not None else frozenset()
    return not (role is Role.OWNER and permission not in _READS and (is_shared or permission in denied))


def who_can(permission: Permission, *, is_shared: bool = False, denied: Collection[str] = ()) -> tuple[Role, ...]:
    """The roles with a permission, so that a page can name who to contact. `denied` is what owners don't have."""
    holders = _HOLDERS[permission]
    if is_shared or permission in denied:
        holders -= {Role.OWNER}
    return tuple(role for role in Role if role in holders)
