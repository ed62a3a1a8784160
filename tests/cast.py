"""The same few people in every test: a platform with two customers, and somebody who belongs to neither."""

from __future__ import annotations

from dataclasses import dataclass

from portal.models import User
from portal.services import people


@dataclass(frozen=True)
class Cast:
    operator: User
    support: User
    owner: User
    viewer: User
    other_owner: User
    stranger: User


def make() -> Cast:
    people.ensure_demo_people()
    named = {user.email: user for user in User.objects.all()}
    return Cast(
        operator=named["operator@portal.test"],
        support=named["support@portal.test"],
        owner=named["owner@brightsmile.test"],
        viewer=named["viewer@brightsmile.test"],
        other_owner=named["owner@pawsome.test"],
        stranger=User.objects.create_user("stranger@nowhere.test", people.DEMO_PASSWORD, name="Sam Strange"),
    )
