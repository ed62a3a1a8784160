"""Logs that are not kept: of builds, and of what runs. Whoever looks within the same seconds shares one reading."""

import zlib
from collections.abc import Callable

from django.core.cache import cache
from django.utils.translation import gettext as _

from portal import miosa
from portal.access import Person
from portal.services import logs
from portal.services.logs import LogPage

_MOST = 2_000_000
_GROWING_S = 2
_FINISHED_S = 300
_FAILED_S = 5

# Compressed text, whether it will not grow, whether its beginning is missing, and why there is none.
Read = tuple[bytes, bool, bool, str]


def read(ask: Callable[[], miosa.LogText], *, name: str, is_finished: bool, by: Person) -> LogPage:
    """Raises nothing: what went wrong is in `missing`. `name` tells this log from all others."""
    key = f"stream:{name}"
    found: Read | None = cache.get(key)
    if found is None:
        found, seconds = _read(ask, is_finished=is_finished)
        cache.set(key, found, seconds)
    body, complete, truncated, missing = found
    text = zlib.decompress(body).decode() if body else ""
    if not missing and not text.strip():
        missing = _("The log is empty.") if complete else _("Nothing was written yet.")
    return LogPage(text if by.is_staff else logs.scrub(text), complete, truncated, missing)


def _read(ask: Callable[[], miosa.LogText], *, is_finished: bool) -> tuple[Read, int]:
    try:
        told = ask()
    except miosa.MiosaError as error:
        return (b"", is_finished, False, logs.why_not(error)), _FAILED_S
    text = str(told)
    # A stream of something at work is cut by our own deadline, which says nothing about its length.
    truncated = len(text) > _MOST or (is_finished and not told.complete)
    body = zlib.compress(text[-_MOST:].encode(), 1)
    return (body, is_finished, truncated, ""), _FINISHED_S if is_finished and told.complete else _GROWING_S
