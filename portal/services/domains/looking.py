"""Our own look at a domain's DNS: made in the worker, kept, explained whenever somebody reads it."""

import functools
import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from portal import dns
from portal.models import Domain
from portal.services.domains import reading
from portal.services.sync.upsert import customer_rows
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)

_QUICK = timedelta(seconds=20)
_QUICK_FOR = 30
_STEPS = 20
_SLOWEST = timedelta(minutes=30)
_WATCHED_FOR = timedelta(minutes=10)
_A_LOOK_TAKES = timedelta(seconds=10)


def want(domains: Iterable[Domain], *, now: datetime) -> None:
    """Somebody looks at these: the worker looks at their DNS soon, and every 20 s for ten minutes while they wait for
    it.
    """
    asked = []
    for domain in domains:
        if domain.watched_at is not None and now - domain.watched_at <= _QUICK:
            continue
        if _is_waited_for(domain) or domain.looked_at is None:
            latest = (domain.looked_at + _QUICK) if domain.looked_at else now
            domain.next_look_at = min(domain.next_look_at, latest) if domain.next_look_at else latest
        # Being watched again begins the ten quick minutes anew only after the former ones are over.
        looks = 0 if domain.watched_at is None or now - domain.watched_at > _WATCHED_FOR else domain.looks
        asked.append(Domain(pk=domain.pk, watched_at=now, next_look_at=domain.next_look_at, looks=looks))
    Domain.objects.bulk_update(asked, ["watched_at", "next_look_at", "looks"])
    if asked:
        notify_worker()


def want_now(domain: Domain, *, now: datetime) -> None:
    """Somebody pressed Look now."""
    Domain.objects.filter(pk=domain.pk).update(next_look_at=now, watched_at=now, looks=0)
    notify_worker()


def is_under_way(domain: Domain, *, now: datetime) -> bool:
    """A look is due or being made: for the first time, or because somebody pressed Look now."""
    if domain.next_look_at is None:
        return False
    asked = domain.looks == 0 and domain.watched_at is not None and now - domain.watched_at < _A_LOOK_TAKES
    return domain.looked_at is None or domain.next_look_at <= now or asked


def claim(domain: Domain, *, now: datetime) -> bool:
    """Whoever moves the next look is the one who looks."""
    return bool(
        Domain.objects.filter(pk=domain.pk, next_look_at=domain.next_look_at).update(
            next_look_at=now + timedelta(seconds=30)
        )
    )


def look(domain: Domain, *, now: datetime) -> dns.Report | None:
    """Ask DNS and keep what it said. None if this can't be asked now."""
    try:
        lookup = client().look_up(domain.name, reading.needed_of(domain), now=now)
    except dns.TooBusy:
        return None
    except dns.LookupRefused:
        Domain.objects.filter(pk=domain.pk).update(next_look_at=None, looked_at=now)
        return None
    domain.look, domain.looked_at, domain.looks = msgspec.json.encode(lookup).decode(), now, domain.looks + 1
    report = report_of(domain, now=now)
    _note_drift(domain, report, now=now)
    domain.next_look_at = _next(domain, now=now)
    domain.save(update_fields=["look", "looked_at", "looks", "next_look_at", "drifted_at"])
    reading.count_waiting(domain.deployment)
    return report


def report_of(domain: Domain, *, now: datetime) -> dns.Report | None:
    """What the last look means by now; None before the first."""
    if not domain.look:
        return None
    try:
        lookup = msgspec.json.decode(domain.look, type=dns.Lookup)
    except msgspec.MsgspecError:
        # Kept by another version of the portal: the next look replaces it.
        return None
    return dns.diagnose(lookup, reading.needed_of(domain), now=now)


def shown(name: str) -> str:
    """With the letters people read, where the name has others than ASCII."""
    try:
        return dns.parse_domain(name).shown
    except dns.InvalidDomain:
        return name


def client() -> dns.Client:
    return _client(tuple(settings.DNS.resolvers), tuple(settings.DNS.overrides))


@functools.lru_cache(maxsize=2)
def _client(resolvers: tuple[str, ...], overrides: tuple[tuple[str, str], ...]) -> dns.Client:
    return dns.Client(resolvers, overrides={address: dns.Server.parse(server) for address, server in overrides})


def _is_waited_for(domain: Domain) -> bool:
    """It does not work yet, or does not any more."""
    return domain.status not in reading.WORKING or domain.drifted_at is not None


def _next(domain: Domain, *, now: datetime) -> datetime:
    """Every 20 s for ten minutes, then ever slower; a working one about once a day; always a little different."""
    if not _is_waited_for(domain):
        pause = reading.LOOK_DAILY
    elif domain.looks <= _QUICK_FOR:
        pause = _QUICK
    else:
        pause = min(_QUICK * 1.5 ** min(domain.looks - _QUICK_FOR, _STEPS), _SLOWEST)
    return now + pause * random.uniform(0.9, 1.1)  # noqa: S311 - spreads work, guards nothing


def _note_drift(domain: Domain, report: dns.Report | None, *, now: datetime) -> None:
    """A domain that worked and does not lead here any more; told until it does, or until it could be asked and was
    right.
    """
    drifted = dns.has_drifted(domain.status, report)
    if drifted and domain.drifted_at is None:
        domain.drifted_at = now
        logger.warning("domain drifted", extra={"domain": domain.name})
    elif not drifted and report is not None and report.has_answers:
        domain.drifted_at = None
    else:
        return
    if domain.customer_id:
        customer_rows.bump_generation({domain.customer_id})
