"""The worker's part: run due DNS checks, and have MIOSA verify a domain when our own check shows that it can pass."""

from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet

from portal.models import Domain
from portal.services.domains import changes, checks
from portal.worker import Due, Source

_CHECKS_AT_ONCE = 4


class DomainSource(Source[Domain]):
    limits: ClassVar = {"domains": _CHECKS_AT_ONCE}

    def find_due(self, *, now: datetime) -> Due[Domain]:
        later = _filter_active().filter(next_check_at__gt=now).order_by("next_check_at")
        return Due(list_due_checks(now=now), later.values_list("next_check_at", flat=True).first())

    def key(self, item: Domain) -> str:
        return f"domain:{item.pk}"

    def claim(self, item: Domain, *, now: datetime) -> bool:
        return checks.claim_check(item, now=now)

    def run(self, item: Domain, *, now: datetime) -> None:
        run_due_check(item, now=now)


def list_due_checks(*, now: datetime) -> list[Domain]:
    due = _filter_active().filter(next_check_at__lte=now).select_related("deployment__customer", "customer")
    return list(due.order_by("next_check_at")[:_CHECKS_AT_ONCE])


def run_due_check(domain: Domain, *, now: datetime) -> None:
    """One check, and a request to verify the domain if it can pass."""
    report = checks.run_check(domain, now=now)
    if report is not None and report.can_pass and domain.is_unverified:
        changes.verify_automatically(domain, now=now)


def _filter_active() -> QuerySet[Domain]:
    return Domain.objects.filter(gone_at=None, deployment__gone_at=None)
