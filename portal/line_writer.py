"""Writes lines in a thread of its own, so that a reader that is stuck stops nobody. Knows no Django."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import TextIO

MOST_LINES = 2_000
FLUSH_WITHIN_S = 1.0
_POLL_S = 0.01


class LineWriter:
    """Lines that don't fit into the queue any more are dropped. `describe` turns their number into a line for later."""

    def __init__(self, stream: TextIO, describe: Callable[[int], str], *, most_lines: int = MOST_LINES) -> None:
        self._stream = stream
        self._describe = describe
        self._most_lines = most_lines
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lines: queue.Queue[str] = queue.Queue(self._most_lines)
        self._lock = threading.Lock()
        self._dropped = 0
        threading.Thread(target=self._run, name="line-writer", daemon=True).start()

    def write(self, line: str) -> None:
        """Never waits, and never raises."""
        if self._pid != os.getpid():
            self._start()  # a fork left the thread behind, and the locks as they were
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            with self._lock:
                self._dropped += 1

    def flush(self, within_s: float = FLUSH_WITHIN_S) -> None:
        """Waits until everything is written, but not for a reader that is stuck."""
        until = time.monotonic() + within_s
        while self._lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(_POLL_S)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            with self._lock:
                dropped, self._dropped = self._dropped, 0
            if dropped:
                line = f"{self._describe(dropped)}\n{line}"
            with contextlib.suppress(OSError, ValueError):  # the reader is gone, the disk is full, the stream is closed
                self._stream.write(f"{line}\n")
                self._stream.flush()
            self._lines.task_done()


class LineHandler(logging.Handler):
    """Hands each formatted record to a LineWriter. What is left is written when the process ends."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self.writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.writer.write(self.format(record))
        except Exception:  # noqa: BLE001  # as logging's own handlers do: a line is never worth a request
            self.handleError(record)

    def flush(self) -> None:
        self.writer.flush()
