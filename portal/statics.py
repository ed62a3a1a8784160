"""Static files, collected and compressed once for each state of their sources."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Of pages of libraries that are not mounted here, and of the htmx that is not used yet.
UNUSED = ["account", "admin", "drf_spectacular", "rest_framework", "*-4.js", "*-4.min.js"]


def collect_if_changed() -> None:
    stamp = Path(settings.STATIC_ROOT).with_name("static.collected")
    state = state_of_sources()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == state:
        return
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED)
    stamp.write_text(state, encoding="ascii")


def state_of_sources() -> str:
    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
