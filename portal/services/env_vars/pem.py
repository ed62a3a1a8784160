"""Keys and certificates in PEM format (RFC 7468) that were pasted into a .env file without quotes."""

import re
from collections.abc import Sequence

BEGIN = "-----BEGIN "

# With a byte order mark, a zero-width space, and the end of a file of DOS.
_BLANK = " \t\x0b\x0c\xa0\ufeff\u200b\x1a"
_END = re.compile(r".*-----END [A-Z0-9 ]+-----")
# Base64 without padding, the checksum of OpenPGP, a header such as `Proc-Type: 4,ENCRYPTED`, or nothing.
_BODY = re.compile(r"(?:[A-Za-z0-9+/]+|=[A-Za-z0-9+/]{4}|[A-Za-z0-9-]+: .*)?")
_PADDED = re.compile(r"[A-Za-z0-9+/]+={1,2}")
_AFTER_PADDED = re.compile(r"=[A-Za-z0-9+/]{4}|-----END .*")


def find_last_row(rows: Sequence[str], at: int) -> tuple[int, bool]:
    """Where the block that begins on row `at` ends, with further ones that follow it: a chain, or a key and its
    certificate. Blank rows and comments may be between them.

    (index of the last row that belongs to it, whether each block has its END row)
    """
    while True:
        last, is_complete = _find_end(rows, at)
        if not is_complete:
            return last, False
        following = last + 1
        while following < len(rows) and is_blank_or_comment(rows[following]):
            following += 1
        if following == len(rows) or not rows[following].lstrip().startswith(BEGIN):
            return last, True
        at = following


def is_blank_or_comment(row: str) -> bool:
    return not row.strip(_BLANK) or row.lstrip().startswith("#")


def _find_end(rows: Sequence[str], at: int) -> tuple[int, bool]:
    """The row with END, or the last one before it that can be part of the block."""
    for row in range(at, len(rows)):
        text = rows[row].strip()
        if _END.fullmatch(text):
            return row, True
        # NAME= looks like padded base64 too. That is only the last row of a block.
        following = rows[row + 1].strip() if row + 1 < len(rows) else ""
        is_last = _PADDED.fullmatch(text) and _AFTER_PADDED.fullmatch(following)
        if row > at and not (is_last or _BODY.fullmatch(text)):
            return row - 1, False
    return len(rows) - 1, False
