"""How long a call takes to fail."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from portal import miosa


def elapsed_near(
    seconds: float, call: Callable[[], object], error: type[miosa.MiosaError] = miosa.DeadlineExceeded
) -> miosa.MiosaError:
    """The error, raised within 100 ms of `seconds`: a busy machine gets some tries."""
    for _ in range(8):
        took, raised = elapsed(call, error)
        if abs(took - seconds) <= 0.1:
            return raised
    raise AssertionError(f"took {took:.3f} s instead of {seconds} s")


def elapsed(call: Callable[[], object], error: type[miosa.MiosaError]) -> tuple[float, miosa.MiosaError]:
    began = time.monotonic()
    with pytest.raises(error) as caught:
        call()
    return time.monotonic() - began, caught.value
