"""`python -m tests.chaos [--kills 200]`: prints a table, writes JSON, and stops by itself.

Code 1 if a promise is broken.
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
SCENARIOS = [(process, with_keys) for process in ("web", "worker") for with_keys in (True, False)]
# Longer than any scenario may take, whatever hangs.
SECONDS_PER_KILL, SECONDS_AT_MOST = 6, 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "chaos.json")
    parser.add_argument("--only", choices=["web", "worker"])
    parser.add_argument("--scenario", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.scenario:
        return run_one(arguments)
    found = [run_apart(arguments, *each) for each in SCENARIOS if arguments.only in {None, each[0]}]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1))
    say(found)
    return 0 if all(one["kept"] for one in found) else 1


def run_apart(arguments: argparse.Namespace, process: str, with_keys: bool) -> dict[str, Any]:
    """Each scenario in a process of its own, since settings are read once."""
    name = f"{process}-{'keys' if with_keys else 'nokeys'}"
    part = arguments.out.with_name(f"{arguments.out.stem}-{name}.json")
    part.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.chaos", "--scenario", name, "--kills", str(arguments.kills)]
    subprocess.run(
        [*command, "--seed", str(arguments.seed), "--out", str(part)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=SECONDS_AT_MOST + arguments.kills * SECONDS_PER_KILL,
        check=True,
    )
    found: dict[str, Any] = json.loads(part.read_text())
    part.unlink()
    return found


def run_one(arguments: argparse.Namespace) -> int:
    process, _, habit = arguments.scenario.partition("-")
    with_keys = habit == "keys"
    from tests.chaos import world  # noqa: PLC0415  # the scenario's own process

    with world.built(with_keys=with_keys) as there:
        from tests.chaos import kills  # noqa: PLC0415  # after Django was set up

        run = kills.kill_web if process == "web" else kills.kill_worker
        outcome = run(there, arguments.kills, with_keys=with_keys, seed=arguments.seed)
    found = outcome.summary()
    found["kept"] = is_kept(found)
    arguments.out.write_text(json.dumps({**found, "each": outcome.rows()}, indent=1))
    return 0


def is_kept(found: dict[str, Any]) -> bool:
    """Never twice, never undone without being said, nothing left in the dark; exactly once where anybody can know."""
    never = found["twice"] == found["done_unjournalled"] == found["left_unknown"] == 0 and found["slowest_s"] <= 10
    undecided = found["journalled"] - found["exactly_once"]
    may_ask = found["process"] == "worker" and not found["with_keys"]
    return bool(never and (undecided <= found["asks_a_person"] if may_ask else undecided == 0))


def say(found: list[dict[str, Any]]) -> None:
    columns = [name for name in found[0] if name != "each"]
    sys.stdout.write("  ".join(f"{name:>12}" for name in columns) + "\n")
    for one in found:
        sys.stdout.write("  ".join(f"{one[name]!s:>12}" for name in columns) + "\n")


if __name__ == "__main__":
    sys.exit(main())
