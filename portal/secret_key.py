"""The signing key of an installation that was given none: made once, kept in `var/`, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

LENGTH_BYTES = 64


def find_or_make(var: Path) -> str:
    path = var / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return make(path)


def make(path: Path) -> str:
    """Written aside and linked into place, so that of two processes that start together one wins and both agree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(secrets.token_urlsafe(LENGTH_BYTES), encoding="ascii")
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
