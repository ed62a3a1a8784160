"""The text of logs: remove what customers may not see, and find the line with the cause of a failure."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from django.conf import settings

from portal import terminal

HIDDEN = "[…]"

_STORES = re.compile(r"\b(?:s3|gs|r2|minio|oci|docker)://[^\s\x1b\"'<>]+", re.IGNORECASE)
_INTERNAL = re.compile(r"\b(?:tnt|host|node|vm|user|svc|wh|evt|org)_[A-Za-z0-9_-]+", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){1,3}(?::\d+)?\b")
_VENDOR = re.compile("miosa", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]")
_REST = re.compile(r"[\w.-]*")
_FIRST = re.compile(
    r"\b(?:fatal|panic|traceback|exception|segmentation fault|npm err!|exited with code [1-9]|exit code [1-9])"
    r"|\berror\b(?!s?\s*[:=]?\s*0\b)|\bfailed\b|^\s*✕",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(r"\b(?:0|no) (?:errors?|failed)\b", re.IGNORECASE)
_ERROR = re.compile(
    r"error|fail|fatal|panic|exception|unhealthy|not found|cannot|refused|timed? ?out|\b[45]\d\d\b", re.IGNORECASE
)
# The first of these that a line with an error matches wins; of several lines the last.
_REASONS = (
    re.compile(r"health", re.IGNORECASE),
    re.compile(r"^(?:[\w.]*(?:Error|Exception)|error|fatal)\b.*[:!]", re.IGNORECASE),
    re.compile(r"\berror\b", re.IGNORECASE),
)
_TIMESTAMP = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ][\d:.]+Z?\]?\s*|^\[?\d\d:\d\d:\d\d(?:\.\d+)?\]?\s*")
_LONGEST_LINE = 2000
_LONGEST_REASON = 240


def scrub(text: str) -> str:
    """Without the hosting service's name, stores, internal ids and private addresses (docs/rules.md, 9)."""
    plain = terminal.to_plain(text)
    pieces, end = [], 0
    for begin, stop in find_private(plain):
        pieces += [plain[end:begin], HIDDEN]
        end = stop
    return "".join((*pieces, plain[end:]))


def find_private(text: str) -> list[tuple[int, int]]:
    """Ranges of what customers may not see, in order, in plain text of any number of lines."""
    patterns = [_STORES, _INTERNAL, _ADDRESS]
    host = urlsplit(settings.MIOSA.base_url).hostname
    if host and "." in host and not host.replace(".", "").isdigit():
        patterns.append(re.compile(re.escape(host)))
    found = [each.span() for pattern in patterns for each in pattern.finditer(text)]
    found += _find_vendor(text)
    merged: list[tuple[int, int]] = []
    for begin, stop in sorted(found):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((begin, stop))
    return merged


def find_failure(lines: Sequence[str]) -> str:
    """The line with the cause: the last that mentions an error, without its timestamp; or empty."""
    # Long lines are no sentences, and the expressions below would take long on them.
    lines = [line.strip()[:_LONGEST_LINE] for line in lines if line.strip()]
    with_error = [line for line in lines if _ERROR.search(line)]
    for pattern in _REASONS:
        for line in reversed(with_error):
            if pattern.search(line):
                return _trim(line)
    return _trim(with_error[-1]) if with_error else ""


def find_first_error(lines: Sequence[str]) -> int | None:
    """The number, counted from 1, of the first line that looks like an error."""
    errors = (number for number, line in enumerate(lines, 1) if _FIRST.search(line) and not _NO_ERROR.search(line))
    return next(errors, None)


def _find_vendor(text: str) -> Iterator[tuple[int, int]]:
    """Each word that contains the name, found from the name outwards: one expression over words would be quadratic."""
    end = 0
    for found in _VENDOR.finditer(text):
        begin, stop = found.span()
        if begin < end:
            continue
        while begin > end and _WORD.match(text[begin - 1]):
            begin -= 1
        rest = _REST.match(text, stop)
        end = rest.end() if rest else stop
        yield begin, end


def _trim(line: str) -> str:
    line = _TIMESTAMP.sub("", line).strip()
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
