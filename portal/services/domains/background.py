"""In the worker: DNS checks that are due, and verification by MIOSA where our own check says that it can pass."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import DatabaseError, connection
from django.utils import timezone

from portal.models import Domain
from portal.services.domains import changes, checks

logger = logging.getLogger(__name__)

TURN_S = 0.5
_AT_ONCE = 4


def run(stopping: threading.Event) -> None:
    """Run due checks until `stopping` is set."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="dns-check") as pool:
        while not stopping.wait(TURN_S):
            try:
                for domain in list_due_checks(now=timezone.now()):
                    if checks.claim_check(domain, now=timezone.now()):
                        pool.submit(_work, domain)
            except DatabaseError as error:
                logger.warning("DNS checks wait for the database", extra={"reason": type(error).__name__})
                connection.close()
    connection.close()


def list_due_checks(*, now: datetime) -> list[Domain]:
    due = Domain.objects.filter(next_check_at__lte=now, gone_at=None, deployment__gone_at=None)
    return list(due.select_related("deployment__customer", "customer").order_by("next_check_at")[:_AT_ONCE])


def run_due_check(domain: Domain, *, now: datetime) -> None:
    """One check, and a request to verify the domain if it can pass."""
    report = checks.run_check(domain, now=now)
    if report is not None and report.can_pass and domain.is_unverified:
        changes.verify_by_ourselves(domain, now=now)


def _work(domain: Domain) -> None:
    try:
        run_due_check(domain, now=timezone.now())
    except Exception:  # one domain that can't be checked must not end the others
        logger.exception("DNS check failed", extra={"domain": domain.name})
    finally:
        connection.close()
