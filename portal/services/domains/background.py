"""The worker's part: run due DNS checks, have MIOSA verify a domain when our own check shows that it can pass, and read
the domains of apps whose page nobody opens, so that lists know which of them fail.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db.models import F, QuerySet

from portal.models import Deployment, Domain, Freshness
from portal.services.domains import changes, checks, fetch
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.limits import DOMAINS_QUIET
from portal.worker import Due, Source

_CHECKS_AT_ONCE = 4
_PATIENCE_S = 3.0
_RETRY_AFTER_FAILURE = timedelta(minutes=10)


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


class DomainListSource(Source[Deployment]):
    """Lists of domains that were not read for hours: one request for each app, after all histories were read."""

    limits: ClassVar = {"domain_lists": 1}

    def find_due(self, *, now: datetime) -> Due[Deployment]:
        histories = Freshness.objects.filter(scope__startswith="versions:", read_at=None, wanted_at__lte=now)
        order = (F("domains_tried_at").asc(nulls_first=True), "pk")
        oldest = Deployment.objects.filter(gone_at=None).order_by(*order).first()
        if oldest is None or histories.exists():
            return Due()
        budget_at = now + timedelta(seconds=budget.wait_s(Purpose.FILL, now=now.timestamp()))
        quiet_at = oldest.domains_tried_at + DOMAINS_QUIET if oldest.domains_tried_at else now
        at = max(budget_at, quiet_at)
        return Due((oldest,)) if at <= now else Due((), at)

    def key(self, item: Deployment) -> str:
        return f"domain_list:{item.pk}"

    def claim(self, item: Deployment, *, now: datetime) -> bool:
        as_seen = Deployment.objects.filter(pk=item.pk, domains_tried_at=item.domains_tried_at)
        return bool(as_seen.update(domains_tried_at=now))

    def run(self, item: Deployment, *, now: datetime) -> None:
        fetch.refresh_with(upstream.client(Purpose.FILL, patience_s=_PATIENCE_S), item, now=now)
        if Freshness.objects.filter(scope=fetch.scope(item.pk), failed_at__gte=now).exists():
            Deployment.objects.filter(pk=item.pk).update(domains_tried_at=now - DOMAINS_QUIET + _RETRY_AFTER_FAILURE)


def list_due_checks(*, now: datetime) -> list[Domain]:
    due = _filter_active().filter(next_check_at__lte=now).select_related("deployment__customer", "customer")
    return list(due.order_by("next_check_at")[:_CHECKS_AT_ONCE])


def run_due_check(domain: Domain, *, now: datetime) -> None:
    """One check, then a request to verify the domain if it can pass, or to read whether it has its certificate."""
    report = checks.run_check(domain, now=now)
    if report is not None and report.can_pass and domain.is_unverified:
        changes.verify_automatically(domain, now=now)
    elif domain.is_issuing(now=now):
        fetch.refresh_with(upstream.client(Purpose.FILL, patience_s=_PATIENCE_S), domain.deployment, now=now)


def _filter_active() -> QuerySet[Domain]:
    return Domain.objects.filter(gone_at=None, deployment__gone_at=None)
