"""Everything `make bench` measures, one part after the other, each in processes of its own."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests import settings
from tests.databases import running_postgres

HERE = Path(__file__).resolve().parents[2]
PARTS = ("pages", "searches", "activity", "backfill", "confirm", "worker", "simulator", "idle")


def main() -> int:
    reader = argparse.ArgumentParser(prog="make bench")
    reader.add_argument("--versions", type=int, default=1_000_000)
    reader.add_argument("--rounds", type=int, default=21)
    reader.add_argument("--views", type=int, default=10_000, help="page views before memory is measured")
    reader.add_argument("--only", choices=PARTS, action="append")
    chosen = reader.parse_args()
    settings.clear_environment()
    told: dict[str, Any] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    size = [str(chosen.versions), str(chosen.rounds), str(chosen.views)]
    for part in chosen.only or PARTS:
        if part == "pages":
            told["pages on SQLite"] = run("tests.bench.pages", size, {})
            with running_postgres() as url:
                told["pages on PostgreSQL"] = run("tests.bench.pages", size, {"TEST_DATABASE_URL": url})
        elif part == "searches":
            told["searches on SQLite"] = run("tests.bench.searches", [size[0]], {})
            with running_postgres() as url:
                told["searches on PostgreSQL"] = run("tests.bench.searches", [size[0]], {"TEST_DATABASE_URL": url})
        elif part == "activity":
            told["activity on SQLite"] = run("tests.bench.activity", size[:2], {})
            with running_postgres() as url:
                told["activity on PostgreSQL"] = run("tests.bench.activity", size[:2], {"TEST_DATABASE_URL": url})
        else:
            told[part] = run(f"tests.bench.{part}", [], {})
    kept = HERE / "var" / "bench.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(told, indent=1))
    sys.stdout.write(f"\nKept in {kept.relative_to(HERE)}\n")
    return 0


def run(module: str, arguments: list[str], environment: dict[str, str]) -> Any:
    """A part in its own process; its last line is its figures as JSON."""
    with tempfile.TemporaryDirectory(prefix="deploy-desk-bench-") as folder:
        surroundings = {**os.environ, **environment, "VAR_DIR": folder, "TEST_VAR_DIR": folder}
        surroundings["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
        command = [sys.executable, "-m", module, *arguments]
        last = ""
        with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
            for line in process.stdout or ():
                sys.stdout.write(last)
                sys.stdout.flush()
                last = line
    if process.returncode:
        raise SystemExit(f"{module} failed")
    return json.loads(last)


if __name__ == "__main__":
    sys.exit(main())
