"""`make test`: every check and every test, one after the other, with nothing of the surrounding settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from tests import settings
from tests.databases import running_postgres

# Three processes on two cores: every third test waits for something most of the time.
PYTEST = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "worksteal", "-p", "no:cacheprovider", "--durations=10"]


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # else PostgreSQL would outlive us
    settings.clear_environment()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes would compile everything anew
    failed = []
    for name, command, on_postgres in [
        ("lint", [sys.executable, "-m", "tests.lint"], False),
        ("tests on SQLite", [*PYTEST, *arguments], False),
        ("tests on PostgreSQL", [*PYTEST, "-m", "postgres", *arguments], True),
    ]:
        sys.stdout.write(f"\n=== {name}\n")
        sys.stdout.flush()
        begun = time.monotonic()
        code = run_on_postgres(command) if on_postgres else run(command, {})
        sys.stdout.write(f"=== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s\n")
        if code:
            failed.append(name)
    sys.stdout.write(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'Everything passed.'}\n")
    return 1 if failed else 0


def run(command: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def run_on_postgres(command: list[str]) -> int:
    with running_postgres() as url:
        return run(command, {"TEST_DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
