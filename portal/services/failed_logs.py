"""The worker's part: read the log of each app's last publish if that failed, so that lists say why before somebody
opens it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from portal import miosa
from portal.models import Deployment, KeptLog
from portal.services import logs
from portal.services.sync import budget, polling, upstream
from portal.services.sync.budget import Purpose
from portal.worker import Due, Source

logger = logging.getLogger(__name__)

_FAILED_WITHIN = timedelta(days=30)
_MOST_LISTED = 50
# Those without a log stay among the newest for days.
_MOST_LOOKED_AT = 1_000
_PATIENCE_S = 3.0
# A log that is missing or has no end yet, or that a worker which died was reading.
_AGAIN_AFTER_S = 24 * 3600
_AGAIN_AFTER_FAILURE_S = 600


class FailedLogSource(Source[Deployment]):
    """One request for each failed version, the newest first, if a customer owns it for certain."""

    limits: ClassVar = {"failed_logs": 1}

    def find_due(self, *, now: datetime) -> Due[Deployment]:
        found = _list_unread(now=now)
        if not found:
            return Due()
        wait_s = budget.wait_s(Purpose.BACKGROUND, now=now.timestamp())
        return Due((), now + timedelta(seconds=wait_s)) if wait_s else Due(found)

    def key(self, item: Deployment) -> str:
        return f"failed_log:{item.newest_version_id}"

    def claim(self, item: Deployment, *, now: datetime) -> bool:
        return cache.add(_get_tried_key(item.newest_version_id), 1, _AGAIN_AFTER_S)

    def run(self, item: Deployment, *, now: datetime) -> None:
        if item.newest_version is None:
            return
        client = upstream.client(Purpose.BACKGROUND, patience_s=_PATIENCE_S)
        try:
            logs.fetch_log(client, item.newest_version, item, now=now)
        except polling.ABSENT:
            logger.info("a failed version has no log", extra={"version": item.newest_version.miosa_id})
        except miosa.MiosaError as error:
            cache.set(_get_tried_key(item.newest_version_id), 1, _AGAIN_AFTER_FAILURE_S)
            logger.warning("a failed version's log was not read", extra={"reason": str(error)})


def _list_unread(*, now: datetime) -> Sequence[Deployment]:
    stored = KeptLog.objects.filter(version=OuterRef("newest_version"), stage="")
    failed = Deployment.objects.filter(
        ~Exists(stored),
        gone_at=None,
        failed_at__gte=now - _FAILED_WITHIN,
        newest_version__state="failed",
        newest_version__is_readable=True,
        newest_version__customer__isnull=False,
        newest_version__gone_at=None,
    )
    newest = failed.order_by("-failed_at").values_list("newest_version", flat=True)[:_MOST_LOOKED_AT]
    keys = {version: _get_tried_key(version) for version in newest}
    tried = cache.get_many(keys.values()) if keys else {}
    untried = [version for version, key in keys.items() if key not in tried][:_MOST_LISTED]
    rows = failed.filter(newest_version__in=untried).select_related("newest_version")
    return list(rows.order_by("-failed_at"))


def _get_tried_key(version: int | None) -> str:
    return f"failed-log:{version}"
