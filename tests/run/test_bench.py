"""Every part of `make bench` can start. Nothing else runs them between two measurements."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.bench.__main__ import PARTS


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_bench_can_be_loaded(part: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    command = [sys.executable, "-c", f"import tests.bench.{part}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
