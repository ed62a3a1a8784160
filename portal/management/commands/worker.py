"""`manage.py worker`: runs tasks, the ticker that finds what is due, operations, and DNS checks of domains."""

from __future__ import annotations

import logging
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import DEFAULT_TASK_BACKEND_ALIAS
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from portal import heartbeat
from portal.services.domains import background as domain_checks
from portal.services.operations import background
from portal.services.sync import ticker

TICK_EVERY_S = 1.0
TIDY_EVERY_S = 3600.0
TRY_AGAIN_AFTER_S = 1.0
KEEP_RESULTS_FOR = timedelta(days=1)

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Runs background tasks until it is stopped. One is enough on SQLite; PostgreSQL takes as many as you like."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=float, default=0.25, help="seconds between two looks at an empty queue")

    def handle(self, *, interval: float, **options: Any) -> None:
        logging.getLogger("django_tasks_db").setLevel(logging.ERROR)  # it warns of every stop that is asked for
        beside = (Ticker(), Turner("operations", background.run), Turner("dns-checks", domain_checks.run))
        for thread in beside:
            thread.start()
        try:
            self.work(interval)
        finally:
            for thread in beside:
                thread.stopping.set()
            for thread in beside:
                thread.join(timeout=10)
            connection.close()

    def work(self, interval: float) -> None:
        """The library's worker ends when the database is locked for long; here it looks again."""
        worker = Worker(
            queue_names=["*"],
            interval=interval,
            batch=False,
            backend_name=DEFAULT_TASK_BACKEND_ALIAS,
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        log.info("worker.started", worker_id=worker.worker_id)
        while worker.running:
            try:
                worker.run()
            except DatabaseError as error:
                log.warning("worker.database", error=type(error).__name__)
                connection.close()
                time.sleep(TRY_AGAIN_AFTER_S)


class Ticker(threading.Thread):
    """Once a second, whatever happens: this thread is what makes lost tasks harmless."""

    def __init__(self) -> None:
        super().__init__(name="ticker", daemon=True)
        self.stopping = threading.Event()
        self.next_at = dict.fromkeys((ticker.tick, heartbeat.beat, tidy), 0.0)

    def run(self) -> None:
        while not self.stopping.wait(TICK_EVERY_S):
            close_old_connections()
            self.do(ticker.tick, every_s=0)
            self.do(heartbeat.beat, every_s=heartbeat.EVERY_S)
            self.do(tidy, every_s=TIDY_EVERY_S)
        connection.close()

    def do(self, deed: Callable[[], object], *, every_s: float) -> None:
        if time.monotonic() < self.next_at[deed]:
            return
        self.next_at[deed] = time.monotonic() + every_s
        try:
            deed()
        except DatabaseError as error:
            log.warning("ticker.database", error=type(error).__name__)
            connection.close()
        except Exception:  # one bad tick must not end all later ones
            log.exception("ticker.failed")


class Turner(threading.Thread):
    """Turns until it is stopped: the driver carries operations on, domains get their DNS checks."""

    def __init__(self, name: str, turn: Callable[[threading.Event], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self.turn = turn

    def run(self) -> None:
        self.turn(self.stopping)


def tidy() -> None:
    """Forgets finished tasks, and those a killed worker left running."""
    call_command("prune_db_task_results", verbosity=0, min_age_days=KEEP_RESULTS_FOR.days)
    long_ago = timezone.now() - KEEP_RESULTS_FOR
    DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING, started_at__lt=long_ago).delete()
