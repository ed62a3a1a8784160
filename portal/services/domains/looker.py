"""In the worker: DNS checks that are due, and verification by MIOSA where our own check says that it can pass."""

from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet

from portal.models import Domain
from portal.services.domains import changes, looking, reading
from portal.worker import Due, Source

_AT_ONCE = 4


class DomainSource(Source[Domain]):
    limits: ClassVar = {"domains": _AT_ONCE}

    def find_due(self, *, now: datetime) -> Due[Domain]:
        later = _list_active().filter(next_look_at__gt=now).order_by("next_look_at")
        return Due(list_due(now=now), later.values_list("next_look_at", flat=True).first())

    def key(self, item: Domain) -> str:
        return f"domain:{item.pk}"

    def claim(self, item: Domain, *, now: datetime) -> bool:
        return looking.claim(item, now=now)

    def run(self, item: Domain, *, now: datetime) -> None:
        work(item, now=now)


def list_due(*, now: datetime) -> list[Domain]:
    due = _list_active().filter(next_look_at__lte=now)
    return list(due.select_related("deployment__customer", "customer").order_by("next_look_at")[:_AT_ONCE])


def work(domain: Domain, *, now: datetime) -> None:
    """One look, and a verification if it can pass."""
    report = looking.look(domain, now=now)
    if report is not None and report.can_pass and domain.status in reading.WAITING:
        changes.verify_by_ourselves(domain, now=now)


def _list_active() -> QuerySet[Domain]:
    return Domain.objects.filter(gone_at=None, deployment__gone_at=None)
