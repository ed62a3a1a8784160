"""Logs as they are shown, once to staff and once to customers: rendered and scrubbed once for all who read them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from portal import miosa, terminal
from portal.permissions import Person
from portal.services import log_text
from portal.terminal import StyledText

# A longer line is continued on the next one, so that a page of a thousand lines has a limit.
COLUMNS = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """What one audience sees of a log.

    `text` is a packed `StyledText`. `failure` is the line with the cause of a failure, `first_error` the number of the
    first line with an error. Behind `gap_line` lines some are missing; None if the log is whole.
    """

    text: bytes
    failure: str
    first_error: int | None
    gap_line: int | None


@dataclass(frozen=True, slots=True)
class RenderedLog:
    """`checksum` is that of the log as MIOSA sent it. `gap_bytes` are missing in its middle.

    If `is_truncated`, its end is missing.
    """

    staff: Shown
    customers: Shown
    checksum: str
    gap_bytes: int
    is_truncated: bool

    def shown_to(self, by: Person) -> Shown:
        return self.staff if by.is_staff else self.customers


def render_log(log: miosa.LogText, *, has_failed: bool, is_truncated: bool, before: RenderedLog | None) -> RenderedLog:
    """`before` is returned if nothing has changed since. A log of something that did not fail has no errors."""
    checksum = _get_checksum(log, has_failed=has_failed, is_truncated=is_truncated)
    if before is not None and before.checksum == checksum:
        return before
    parts = [log[: log.gap.at], log[log.gap.at :]] if log.gap else [str(log)]
    rendered = [terminal.render(part) for part in parts]
    for_staff = [part.show_links() for part in rendered]
    for_customers = [_scrub(part) for part in rendered]
    staff = _show(for_staff, has_failed=has_failed)
    is_same = all(one is other for one, other in zip(for_staff, for_customers, strict=True))
    return RenderedLog(
        staff=staff,
        customers=staff if is_same else _show(for_customers, has_failed=has_failed),
        checksum=checksum,
        gap_bytes=log.gap.size if log.gap else 0,
        is_truncated=is_truncated,
    )


def _show(parts: list[StyledText], *, has_failed: bool) -> Shown:
    head, *tail = (part.wrap(COLUMNS) for part in parts)
    text = head + tail[0] if tail else head
    lines = text.text.split("\n") if has_failed else []
    return Shown(
        text=text.pack(),
        failure=log_text.find_failure(lines)[:300],
        first_error=log_text.find_first_error(lines),
        gap_line=head.text.count("\n") + 1 if tail else None,
    )


def _scrub(part: StyledText) -> StyledText:
    return part.splice([(start, end, log_text.HIDDEN) for start, end in log_text.find_private(part.text)])


def _get_checksum(log: miosa.LogText, *, has_failed: bool, is_truncated: bool) -> str:
    found = hashlib.blake2b(log.encode("utf-8", "surrogatepass"), digest_size=8)
    found.update(repr((has_failed, is_truncated, log.gap)).encode())
    return found.hexdigest()
