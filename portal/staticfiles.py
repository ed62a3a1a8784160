"""Collecting static files, only if their sources have changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Files of libraries' pages that have no URL here, and of the htmx version that is not used.
IGNORED = ["account", "admin", "drf_spectacular", "rest_framework", "*-4.js", "*-4.min.js"]


def collect_if_changed() -> bool:
    """Whether files were collected. A digest of their sources is kept beside STATIC_ROOT."""
    stamp = Path(settings.STATIC_ROOT).with_name("static.collected")
    digest = digest_sources()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=IGNORED)
    stamp.write_text(digest, encoding="ascii")
    return True


def digest_sources() -> str:
    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for path, storage in finder.list(IGNORED):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
