"""The people in every test: staff, the people of two customers, and an outsider who belongs to neither."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import OwnerPermission, User
from portal.services.people.demo_people import DEMO_PASSWORD, ensure_demo_people


@dataclass(frozen=True)
class People:
    operator: User
    support: User
    owner: User
    viewer: User
    other_owner: User
    outsider: User


def create_people() -> People:
    ensure_demo_people()
    by_email = {user.email: user for user in User.objects.all()}
    return People(
        operator=by_email["operator@portal.test"],
        support=by_email["support@portal.test"],
        owner=by_email["owner@brightsmile.test"],
        viewer=by_email["viewer@brightsmile.test"],
        other_owner=by_email["owner@pawsome.test"],
        outsider=User.objects.create_user("outsider@nowhere.test", DEMO_PASSWORD, name="Olive Outside"),
    )


def deny_owners(permission: str) -> None:
    """As an operator does on the page of permissions, for every customer."""
    OwnerPermission.objects.create(customer=None, permission=permission, is_allowed=False)
