"""DNS checks of custom domains: when they are due, running one, storing its result.

Only the worker runs checks, so no page waits for DNS. A check is stored as a lookup and diagnosed when it is read
(`reports`).
"""

import functools
import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from portal import dns
from portal.models import Domain
from portal.services import durability
from portal.services.domains import reports, upsert
from portal.services.sync.upsert import customer_rows
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

# A domain that does not lead to its deployment, or waits for its certificate, is checked every 20 s for ten minutes,
# then at growing intervals.
_INTERVAL = timedelta(seconds=20)
_FREQUENT_CHECKS = 30
_GROWTH = 1.5
_MOST_STEPS = 20
_LONGEST_INTERVAL = timedelta(minutes=30)
# A working domain is checked about once a day, to notice when its records change.
_DAILY = timedelta(hours=20)
# People who return to a page within this time get no new ten minutes of frequent checks.
_VIEWED_FOR = timedelta(minutes=10)
_CLAIMED_FOR = timedelta(seconds=30)


def request_checks(domains: Iterable[Domain], *, now: datetime) -> None:
    """A person views these domains: check soon those that do not work yet. One statement at most."""
    viewed = []
    for domain in domains:
        if domain.viewed_at is not None and now - domain.viewed_at <= _INTERVAL:
            continue
        if domain.is_waiting or domain.is_issuing(now=now) or domain.checked_at is None:
            latest = (domain.checked_at + _INTERVAL) if domain.checked_at else now
            domain.next_check_at = min(domain.next_check_at, latest) if domain.next_check_at else latest
        is_new_visit = domain.viewed_at is None or now - domain.viewed_at > _VIEWED_FOR
        checks = 0 if is_new_visit else domain.checks
        viewed.append(Domain(pk=domain.pk, viewed_at=now, next_check_at=domain.next_check_at, checks=checks))
    if viewed:
        with durability.optional_write("domains viewed"):
            Domain.objects.bulk_update(viewed, ["viewed_at", "next_check_at", "checks"])
            notify_worker()


def request_check_now(domain: Domain, *, now: datetime) -> None:
    """A person pressed the button: the worker checks the domain at once."""
    Domain.objects.filter(pk=domain.pk).update(next_check_at=now, viewed_at=now, checks=0)
    notify_worker()


def claim_check(domain: Domain, *, now: datetime) -> bool:
    """Whether the caller may run the check: only one of any number of workers can move the time of the next one."""
    unclaimed = Domain.objects.filter(pk=domain.pk, next_check_at=domain.next_check_at)
    return bool(unclaimed.update(next_check_at=now + _CLAIMED_FOR))


def run_check(domain: Domain, *, now: datetime) -> dns.Report | None:
    """Query DNS for the domain and store the result. None if that is not possible now, or not at all."""
    try:
        lookup = get_client().look_up(domain.name, reports.list_required_records(domain), now=now)
    except dns.TooBusy:
        return None
    except dns.LookupRefused:
        Domain.objects.filter(pk=domain.pk).update(next_check_at=None, checked_at=now)
        return None
    was_waiting = domain.is_waiting
    domain.lookup, domain.checked_at, domain.checks = msgspec.json.encode(lookup).decode(), now, domain.checks + 1
    report = reports.find_report(domain, now=now)
    _update_drift(domain, report, now=now)
    if report is not None and report.is_correct:
        domain.has_shown_cname = report.shows_cname
    domain.next_check_at = now + _get_interval(domain, now=now)
    domain.save(update_fields=["lookup", "checked_at", "checks", "next_check_at", "drifted_at", "has_shown_cname"])
    if domain.is_waiting != was_waiting:
        upsert.update_domain_columns(domain.deployment)
    return report


def get_client() -> dns.Client:
    return _get_client(tuple(settings.DNS.resolvers), tuple(settings.DNS.overrides))


@functools.lru_cache(maxsize=2)
def _get_client(resolvers: tuple[str, ...], overrides: tuple[tuple[str, str], ...]) -> dns.Client:
    return dns.Client(resolvers, overrides={address: dns.Server.parse(server) for address, server in overrides})


def _get_interval(domain: Domain, *, now: datetime) -> timedelta:
    """With a random part, so that checks spread over time."""
    if not domain.is_waiting and not domain.is_issuing(now=now):
        interval = _DAILY
    elif domain.checks <= _FREQUENT_CHECKS:
        interval = _INTERVAL
    else:
        steps = min(domain.checks - _FREQUENT_CHECKS, _MOST_STEPS)
        interval = min(_INTERVAL * _GROWTH**steps, _LONGEST_INTERVAL)
    return interval * random.uniform(0.9, 1.1)  # noqa: S311 - spreads work, guards nothing


def _update_drift(domain: Domain, report: dns.Report | None, *, now: datetime) -> None:
    """A working domain drifts when its records become wrong, until a check that got answers finds them correct."""
    has_drifted = dns.has_drifted(domain.status, report)
    if has_drifted and domain.drifted_at is None:
        domain.drifted_at = now
        logger.warning("domain drifted", extra={"domain": domain.name})
    elif domain.drifted_at is not None and not has_drifted and report is not None and report.has_answers:
        domain.drifted_at = None
    else:
        return
    if domain.customer_id:
        customer_rows.bump_generation({domain.customer_id})
