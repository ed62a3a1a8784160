"""Calls that must end at their deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from portal import miosa

FAR_BEYOND_S = 10.0  # without a working deadline, the calls below would take minutes or never end


def exceed_deadline(deadline_s: float, call: Callable[[], object]) -> miosa.MiosaError:
    """The DeadlineExceeded that `call` raises: not before its deadline, and without waiting much longer."""
    started_at = time.monotonic()
    with pytest.raises(miosa.DeadlineExceeded) as caught:
        call()
    assert deadline_s <= time.monotonic() - started_at < deadline_s + FAR_BEYOND_S
    return caught.value
