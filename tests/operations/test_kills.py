"""Real kills: SIGKILL at random moments 0 to 60 ms around a change. `make chaos` does two hundred of each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("process", "kills"), [("web", 10), ("worker", 10), ("whole", 60), ("clicks", 4)])
def test_a_killed_process_loses_nothing_and_repeats_nothing(process: str, kills: int, tmp_path: Path) -> None:
    out = tmp_path / "chaos.json"
    chaos = [sys.executable, "-m", "tests.chaos", "--kills", str(kills), "--only", process, "--out", str(out)]
    done = subprocess.run(chaos, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for found in json.loads(out.read_text()):
        assert found["kept"], found
        assert process == "clicks" or found["journalled"] >= kills // (20 if process == "whole" else 1)
