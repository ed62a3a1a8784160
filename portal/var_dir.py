"""The folder that holds everything the portal keeps on disk, and the keys in it.

It holds customers' data and keys, so it is readable by its owner alone, also if it existed before.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

KEY_BYTES = 64
# Held by the one `manage.py up` on the folder; and, shared, by each web server and worker.
UP_LOCK = "up.lock"
USE_LOCK = "use.lock"


def make_private(folder: Path) -> Path:
    """Creates the folder, or removes the permissions of others from it and from the files in it.

    Raises a ValueError, in words for the person who set VAR_DIR.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & stat.S_ISVTX:
            raise ValueError(f"must be a folder of its own, not one that everybody may write to: {folder}")
        limit_mode(folder, 0o700)
        for path in folder.iterdir():
            if path.is_file() and not path.is_symlink():
                limit_mode(path, 0o600)
    except OSError as error:
        raise ValueError(f"can't be written or made private ({error.strerror}): {folder}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"can't be written: {folder}")
    return folder


def limit_mode(path: Path, most: int) -> None:
    """The file may be gone: another process may delete a journal of SQLite or a draft of the secret key."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & ~most:
            path.chmod(mode & most)
    except FileNotFoundError:
        return


def load_or_create_secret_key(folder: Path) -> str:
    """Raises a ValueError, in words for the person who runs the portal, and OSError."""
    path = folder / "secret_key"
    if not path.exists():
        create_once(path, secrets.token_urlsafe(KEY_BYTES))
    key = path.read_bytes().strip()
    if len(key) < KEY_BYTES or not key.isascii():
        raise ValueError(
            f"is not set, and {path} holds no key. Put the key from a backup there, or delete the file: a new key is "
            "then generated, and everybody has to sign in again"
        )
    return key.decode()


def lock(folder: Path, name: str, *, shared: bool = False) -> int | None:
    """The descriptor of a lock that ends with this process; None if another process holds it."""
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lock_for_use(folder: Path) -> None:
    """For web server and worker, until they end. Ends them at once while a backup is being restored."""
    if lock(folder, USE_LOCK, shared=True) is None:
        sys.exit(f"VAR_DIR: a backup is being restored to {folder}. Start again when that has ended.")


def load_or_create_hand_off_key(folder: Path) -> Path:
    """The PEM file with the private key of the demo's own app (docs/handoff.md)."""
    path = folder / "hand_off_key.pem"
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        create_once(path, pem.decode())
    return path


def read_public_pem(private_key: Path) -> str:
    key = load_pem_private_key(private_key.read_bytes(), password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def create_once(path: Path, text: str) -> None:
    """Writes a draft and links it into place, so that two processes that start together end up with the same key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        draft.write_text(text, encoding="ascii")
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
