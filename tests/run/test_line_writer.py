"""Output goes on when its reader is stuck or gone."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Iterator

import pytest

from portal.line_writer import LineHandler, LineWriter

LINE = "x" * 1000


class Pipe:
    """`stream` can be written to until the pipe is full, since nobody reads it."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.stream = os.fdopen(writer, "w")

    def close(self) -> None:
        os.close(self.reader)
        with contextlib.suppress(BrokenPipeError):
            self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    with contextlib.suppress(OSError):
        pipe.close()


def describe(count: int) -> str:
    return f"{count} lines dropped"


def test_a_stuck_reader_stops_nobody_and_lines_are_counted(pipe: Pipe) -> None:
    lines = LineWriter(pipe.stream, describe, most_lines=100)
    for _ in range(1000):
        lines.write(LINE)
    read = ""
    while "lines dropped" not in read:
        read += os.read(pipe.reader, 65536).decode()
    dropped = int(read.partition(" lines dropped")[0].rpartition("\n")[2])
    assert 0 < dropped < 1000


def test_a_reader_that_is_gone_stops_nobody(pipe: Pipe) -> None:
    lines = LineWriter(pipe.stream, describe)
    os.close(pipe.reader)
    for _ in range(3):
        lines.write("nobody reads this")
        lines.flush()
    with pytest.raises(BrokenPipeError):
        pipe.stream.flush()


def test_everything_is_written_at_the_end() -> None:
    stream = io.StringIO()
    handler = LineHandler(LineWriter(stream, describe))
    logger = logging.getLogger("tests.line_writer")
    logger.propagate = False
    logger.addHandler(handler)
    for number in range(100):
        logger.warning("line %s", number)
    handler.flush()
    assert stream.getvalue().splitlines() == [f"line {number}" for number in range(100)]


def test_lines_are_written_after_a_fork(pipe: Pipe) -> None:
    """The thread that writes is left behind in the parent."""
    lines = LineWriter(pipe.stream, describe)
    lines.write("parent")
    lines.flush()
    pid = os.fork()
    if pid == 0:
        lines.write("child")
        lines.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(pipe.reader, 100).decode().split() == ["parent", "child"]
