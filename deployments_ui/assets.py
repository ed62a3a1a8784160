"""The site's styles and scripts, each joined into one file, so that a first visit needs one request for each.

Their addresses change with their content. There is no build step: files are joined when the process first needs them,
in development again for each page.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

# In this order; `@layer` in tokens.css decides which rules win.
STYLESHEETS = (
    *("tokens", "base", "layout", "components", "pages", "home", "apps", "timeline", "charts", "palette"),
    *("forms", "domains", "logs", "people", "print"),
)
SCRIPTS = ("app", "focus", "forms", "dialogs", "palette", "shortcuts", "logs")
FILES = {
    "css": tuple(f"css/{name}.css" for name in STYLESHEETS),
    "js": ("django_htmx/htmx-2.min.js", *(f"js/{name}.js" for name in SCRIPTS)),
}


@dataclass(frozen=True, slots=True)
class Bundle:
    """`digest` is of the content; `gzipped` is the same content, compressed once."""

    digest: str
    content: bytes
    gzipped: bytes


def get_bundle(kind: str) -> Bundle:
    """`kind` is css or js. Raises KeyError for another one."""
    changed_at = max(path.stat().st_mtime_ns for path in _find_files(kind)) if settings.DEBUG else 0
    return _join(kind, changed_at)


@cache
def _find_files(kind: str) -> list[Path]:
    """Every page links to both bundles, and to look for a file in all folders takes longer than to write out a row."""
    return [Path(str(finders.find(name))) for name in FILES[kind]]


@lru_cache(maxsize=8)
def _join(kind: str, changed_at: int) -> Bundle:
    """`changed_at` only keeps the contents of a file that was edited apart."""
    content = b"\n".join(path.read_bytes() for path in _find_files(kind))
    return Bundle(hashlib.sha256(content).hexdigest()[:20], content, gzip.compress(content, mtime=0))
