"""Of many threads of one process that want the same thing at once, one does it and the others wait for it."""

import threading
from collections.abc import Callable

_flying: dict[str, threading.Event] = {}
_lock = threading.Lock()


def join(name: str, work: Callable[[], None], *, patience_s: float) -> None:
    """Do `work`, or wait, but not longer than `patience_s`, for the thread that is doing it."""
    with _lock:
        landed = _flying.get(name)
        if landed is None:
            _flying[name] = threading.Event()
    if landed is not None:
        landed.wait(patience_s)
        return
    try:
        work()
    finally:
        with _lock:
            _flying.pop(name).set()
