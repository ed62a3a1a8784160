"""`python -m tests.chaos [--kills 200]`: prints a table and writes JSON.

The exit code is 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = [
    *((process, with_keys) for process in ("web", "worker") for with_keys in (True, False)),
    ("whole", True),
    ("clicks", True),
]
# A whole worker takes seconds to start, and a round of clicks is fifty.
FEWER = {"whole": 20, "clicks": 2}
# The process that reconciles has to be running again first.
LONGEST_S = {"web": 10, "worker": 10, "manage.py worker": 25}
# Guards against scenarios that hang.
SECONDS_PER_KILL, SECONDS_AT_MOST = 6, 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "chaos.json")
    parser.add_argument("--only", choices=["web", "worker", "whole", "clicks"])
    parser.add_argument("--scenario", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.scenario:
        return run_one(arguments)
    found = [run_apart(arguments, *each) for each in SCENARIOS if arguments.only in {None, each[0]}]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1))
    return 0 if all(one["kept"] for one in found) else 1


def run_apart(arguments: argparse.Namespace, process: str, with_keys: bool) -> dict[str, Any]:
    """Runs each scenario in its own process, since settings are read once."""
    kills = max(1, arguments.kills // FEWER.get(process, 1))
    name = f"{process}-{'keys' if with_keys else 'nokeys'}"
    part = arguments.out.with_name(f"{arguments.out.stem}-{name}.json")
    part.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.chaos", "--scenario", name, "--kills", str(kills)]
    subprocess.run(
        [*command, "--seed", str(arguments.seed), "--out", str(part)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=SECONDS_AT_MOST + arguments.kills * SECONDS_PER_KILL,
        check=False,
    )
    found: dict[str, Any] = {"process": process, "with_keys": with_keys, "kept": False}
    if part.exists():
        found = json.loads(part.read_text())
        part.unlink()
    print_result(found)
    return found


def run_one(arguments: argparse.Namespace) -> int:
    process, _, mode = arguments.scenario.partition("-")
    with_keys = mode == "keys"
    from tests.chaos.installation import run_installation  # noqa: PLC0415  # the scenario's own process

    with run_installation(with_keys=with_keys) as installation:
        from tests.chaos import clicks, kills  # noqa: PLC0415  # after Django was set up

        if process == "clicks":
            found = clicks.click(installation, arguments.kills)
            rounds = arguments.kills
            once = {"other_answers": 0, "requests": rounds, "effects": rounds, "operations": rounds}
            found["kept"] = all(found[name] == count for name, count in once.items())
            each = []
        else:
            run = {"web": kills.kill_web, "worker": kills.kill_worker, "whole": kills.kill_whole_worker}[process]
            outcome = run(installation, arguments.kills, with_keys=with_keys, seed=arguments.seed)
            found, each = outcome.summary(), outcome.list_kills()
            found["kept"] = is_kept(found)
    arguments.out.write_text(json.dumps({**found, "each": each}, indent=1))
    return 0


def is_kept(found: dict[str, Any]) -> bool:
    """Nothing is done twice, reported wrongly or left unknown. Where it can be known, all is done exactly once.

    On a very busy machine, MIOSA may be unreachable just before sending: then nothing is sent, as the operation says.
    """
    broken = any(found[name] for name in ("twice", "done_unjournalled", "left_unknown", "reported_wrongly"))
    undecided = found["journalled"] - found["exactly_once"] - found["refused_unsent"]
    may_ask = "worker" in found["process"] and not found["with_keys"]
    is_known = undecided <= found["asks_a_person"] if may_ask else undecided == 0
    return bool(not broken and is_known and found["slowest_s"] <= LONGEST_S[found["process"]])


def print_result(found: dict[str, Any]) -> None:
    told = [f"{name}: {value}" for name, value in found.items() if name != "each"]
    sys.stdout.write("  ".join(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
