"""Of many threads of one process that want the same thing at once, one does the work and the others wait for it."""

import threading
from collections.abc import Callable

_running: dict[str, threading.Event] = {}
_lock = threading.Lock()


def run_once(name: str, work: Callable[[], None], *, wait_s: float) -> None:
    """Do `work`, or wait for the thread that is doing it, for `wait_s` seconds at most."""
    with _lock:
        others = _running.get(name)
        ours = threading.Event()
        if others is None:
            _running[name] = ours
    if others is not None:
        others.wait(wait_s)
        return
    try:
        work()
    finally:
        with _lock:
            del _running[name]
        ours.set()


def finish_early(name: str) -> None:
    """Let the waiting threads go on, while the work continues with something they don't need."""
    with _lock:
        running = _running.get(name)
    if running is not None:
        running.set()
