"""Ports for the processes that tests start, and ports that nothing listens on."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from portal import var_dir

# Below those that the kernel gives to outgoing connections: 32768 and up on Linux, 49152 and up on macOS.
PORTS = range(20_000, 32_000)


def pick_port() -> int:
    """A free port of 127.0.0.1. No other test process gets the same one until this process has ended."""
    locks = Path(tempfile.gettempdir()) / f"deploy-desk-ports-{os.getuid()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    for port in PORTS:
        lock = var_dir.lock(locks, str(port))
        if lock is None:
            continue
        if is_free(port):
            return port
        os.close(lock)
    raise RuntimeError(f"no port from {PORTS.start} to {PORTS.stop} is free")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
