"""The person asking, as the rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A role is held towards the platform (operator, support) or towards one customer (owner, viewer)."""

    OPERATOR = "operator"
    OWNER = "owner"
    SUPPORT = "support"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, with everything the rules need and nothing else.

    `staff` is OPERATOR or SUPPORT for the platform's people, else None. `roles` maps a customer's id to OWNER or
    VIEWER. `assigned` limits a support person to some customers; None means every customer.
    """

    id: int
    name: str
    email: str
    staff: Role | None = None
    roles: Mapping[int, Role] = field(default_factory=dict)
    assigned: frozenset[int] | None = None

    @property
    def is_staff(self) -> bool:
        return self.staff is not None

    @property
    def is_operator(self) -> bool:
        return self.staff is Role.OPERATOR

    @property
    def sees_everyone(self) -> bool:
        """Staff who may see every customer; only they see what is nobody's, or another's on a shared deployment."""
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
        """The role this person holds towards one customer, or None for a stranger."""
        scope = self.scope
        if scope is not None and customer_id not in scope:
            return None
        return self.staff or self.roles.get(customer_id)
