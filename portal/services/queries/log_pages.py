"""A log as a page shows it."""

from dataclasses import dataclass
from datetime import datetime

from portal.terminal import StyledText


@dataclass(frozen=True, slots=True)
class LogPage:
    """A log as its reader may see it.

    `missing` is a sentence: why there is no log, or nothing newer than `as_of`. `complete`: it will not grow.
    `truncated`: its end is missing. Behind line `gap_line`, `gap_bytes` of a very long log are missing. `first_error`
    is the number of a line, of a log of something that failed, and `failure` the line with the cause. `checksum`
    changes whenever the log does.
    """

    text: StyledText
    complete: bool
    missing: str = ""
    as_of: datetime | None = None
    truncated: bool = False
    gap_line: int | None = None
    gap_bytes: int = 0
    first_error: int | None = None
    failure: str = ""
    checksum: str = ""
