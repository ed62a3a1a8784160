"""The text of logs: remove what customers may not see, and find the line with the cause of a failure.

`find_failure` strips ANSI sequences first, since no pattern matches a word that a colour code touches.
"""

import re
from urllib.parse import urlsplit

from django.conf import settings

_STORES = re.compile(r"\b(?:s3|gs|r2|minio|oci|docker)://[^\s\x1b\"'<>]+", re.IGNORECASE)
_INTERNAL = re.compile(r"\b(?:tnt|host|node|vm|user|svc|wh|evt|org)_[A-Za-z0-9_-]+", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){1,3}(?::\d+)?\b")
_VENDOR = re.compile("miosa", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]")
_REST = re.compile(r"[\w.-]*")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")
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
    host = urlsplit(settings.MIOSA.base_url).hostname
    text = _STORES.sub("[…]", text)
    text = _INTERNAL.sub("[…]", text)
    text = _ADDRESS.sub("[…]", text)
    if host and "." in host and not host.replace(".", "").isdigit():
        text = text.replace(host, "[…]")
    return _without_vendor(text)


def find_failure(text: str) -> str:
    """The line with the cause: the last that mentions an error, without colours and timestamps; or empty."""
    plain = _ANSI.sub("", text)
    # Long lines are no sentences, and the expressions below would take long on them.
    lines = [line.strip()[:_LONGEST_LINE] for line in plain.splitlines() if line.strip()]
    with_error = [line for line in lines if _ERROR.search(line)]
    for pattern in _REASONS:
        for line in reversed(with_error):
            if pattern.search(line):
                return _trim(line)
    return _trim(with_error[-1]) if with_error else ""


def _without_vendor(text: str) -> str:
    """Each word that contains the name, found from the name outwards: one expression over words would be quadratic."""
    pieces, end = [], 0
    for found in _VENDOR.finditer(text):
        begin, stop = found.span()
        if begin < end:
            continue
        while begin > end and _WORD.match(text[begin - 1]):
            begin -= 1
        rest = _REST.match(text, stop)
        pieces += [text[end:begin], "[…]"]
        end = rest.end() if rest else stop
    return "".join((*pieces, text[end:]))


def _trim(line: str) -> str:
    line = _TIMESTAMP.sub("", line).strip()
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
