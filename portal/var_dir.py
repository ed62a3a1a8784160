"""The folder that holds everything the portal keeps on disk, and the signing key in it.

It holds customers' data and keys, so it is readable by its owner alone, also if it existed before.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

KEY_BYTES = 64


def make_private(folder: Path) -> Path:
    """Creates the folder, or removes the permissions of others from it and from the files in it.

    Raises a ValueError, in words for the person who set VAR_DIR.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & stat.S_ISVTX:
            raise ValueError(f"must be a folder of its own, not one that everybody may write to: {folder}")
        for path in (folder, *(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())):
            remove_permissions_of_others(path)
    except OSError as error:
        raise ValueError(f"can't be written or made private ({error.strerror}): {folder}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"can't be written: {folder}")
    return folder


def remove_permissions_of_others(path: Path) -> None:
    """The file may be gone: another process may delete a journal of SQLite or a draft of the secret key."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            path.chmod(mode & 0o700)
    except FileNotFoundError:
        return


def load_or_create_secret_key(folder: Path) -> str:
    path = folder / "secret_key"
    if not path.exists():
        create_secret_key(path)
    return path.read_text(encoding="ascii").strip()


def create_secret_key(path: Path) -> None:
    """Writes a draft and links it into place, so that two processes that start together end up with the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        draft.write_text(secrets.token_urlsafe(KEY_BYTES), encoding="ascii")
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
