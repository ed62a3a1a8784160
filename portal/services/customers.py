"""Customers: who there is, and the door to one of them."""

from dataclasses import dataclass
from datetime import datetime

from portal.access import Person
from portal.services.answers import Age, CustomerHead, DeploymentBrief


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in the list: its deployments (the first few), how many there are, and its last publish."""

    customer: CustomerHead
    deployments: tuple[DeploymentBrief, ...]
    deployments_count: int
    last_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerList:
    """A page of customers. `sort` is name, -name, recent or apps; `search` as cleaned."""

    rows: tuple[CustomerRow, ...]
    total: int
    page: int
    pages: int
    search: str
    sort: str
    age: Age


def list_customers(*, by: Person, search: str = "", sort: str = "name", page: int = 1, now: datetime) -> CustomerList:
    """The customers this person may see. Raises NotFound for a page that does not exist."""
    raise NotImplementedError


def list_homes(*, by: Person) -> tuple[CustomerHead, ...]:
    """The customers this person belongs to (for `/` and the frame): for customers' people their own, for staff none."""
    raise NotImplementedError
