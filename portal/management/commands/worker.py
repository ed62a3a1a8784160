"""`manage.py worker`: the background work, until it is stopped."""

from __future__ import annotations

import os
import signal
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from portal import var_dir
from portal.services.domains.background import DomainListSource, DomainSource
from portal.services.failed_logs import FailedLogSource
from portal.services.housekeeping import HousekeepingSource
from portal.services.mails.outbox import MailSource
from portal.services.operations.background import OperationSource
from portal.services.sync.schedule import SyncSource
from portal.settings import CONFIG
from portal.worker import Worker

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Runs the background work until it is stopped. One is enough on SQLite; PostgreSQL takes any number."

    def handle(self, **options: Any) -> None:
        worker = Worker(
            [
                OperationSource(),
                MailSource(),
                DomainSource(),
                SyncSource(),
                FailedLogSource(),
                DomainListSource(),
                HousekeepingSource(),
            ]
        )

        def stop(*_signal: object) -> None:
            worker.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        var_dir.lock_for_use(CONFIG.var_dir)
        log.info("worker.started", pid=os.getpid())
        worker.run()
        log.info("worker.stopped", pid=os.getpid())
