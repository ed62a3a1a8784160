"""What the services' tests share: somebody asking, the background done by hand, and the clock."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone

from portal.access import Person, Role
from portal.models import Freshness
from portal.services import budget, upstream
from portal.services.budget import Purpose
from portal.services.refreshing import fleet, versions
from portal.services.remembering import customers
from tests.playing import Playing


@pytest.fixture
def operator() -> Person:
    return Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)


@pytest.fixture
def person_of(db: None) -> Callable[..., Person]:
    """Somebody of a customer's own people, by its external id."""

    def make(external_id: str, role: Role = Role.OWNER) -> Person:
        customer = customers.ensure(external_id)
        return Person(id=100 + customer.pk, name="Somebody", email="x@y.test", roles={customer.pk: role})

    return make


@pytest.fixture
def read_all(simulator: Playing, db: None) -> Callable[[], datetime]:
    """Do what the worker would do until nothing is wanted any more; gives the moment it was done."""

    def run() -> datetime:
        ask = upstream.client(Purpose.BACKGROUND)
        fleet.read_workspaces(ask=ask, now=timezone.now())
        fleet.sweep(ask=ask, now=timezone.now())
        for _round in range(20):
            wanted = list(Freshness.objects.filter(wanted_at__isnull=False, scope__startswith="versions:"))
            if not wanted:
                return timezone.now()
            for row in wanted:
                Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
                deployment = versions.Deployment.objects.get(pk=row.scope.partition(":")[2])
                versions.read(deployment, ask=ask, now=timezone.now())
        raise AssertionError("the background never comes to rest")

    return run


__all__ = ["budget"]
