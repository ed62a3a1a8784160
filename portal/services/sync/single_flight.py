"""Of many threads of one process that want the same thing at once, one does it and the others wait for it."""

import threading
from collections.abc import Callable

_flying: dict[str, threading.Event] = {}
_lock = threading.Lock()


def join(name: str, work: Callable[[], None], *, patience_s: float) -> None:
    """Do `work`, or wait, but not longer than `patience_s`, for the thread that is doing it."""
    with _lock:
        others = _flying.get(name)
        mine = threading.Event()
        if others is None:
            _flying[name] = mine
    if others is not None:
        others.wait(patience_s)
        return
    try:
        work()
    finally:
        with _lock:
            del _flying[name]
        mine.set()


def land(name: str) -> None:
    """What the others wait for is there, though the work goes on with something else."""
    with _lock:
        flying = _flying.get(name)
    if flying is not None:
        flying.set()
