"""`make lint`: every check that reads the code instead of running it. All of them run, also after one has failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import settings

PRODUCTION = {
    "MIOSA_API_KEY": "msk_live_example_of_a_key",
    "SECRET_KEY": "an-example-that-is-long-enough-to-be-taken-for-a-secret-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "deploys.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://deploys.example.com",
    "HTTPS": "true",
    "TRUSTED_PROXY_COUNT": "1",
}


def checks() -> list[tuple[str, list[str], dict[str, str]]]:
    module = [sys.executable, "-m"]
    manage = [sys.executable, "manage.py"]
    tests = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return [
        ("ruff check", [*module, "ruff", "check", "--quiet", "."], {}),
        ("ruff format", [*module, "ruff", "format", "--quiet", "--check", "."], {}),
        ("mypy", [*module, "mypy", "."], {}),
        ("import-linter", [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], {}),
        ("djlint", [*module, "djlint", "--lint", "--quiet", "templates"], {}),
        ("djlint format", [*module, "djlint", "--check", "--quiet", "templates"], {}),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], tests),
        ("check", [*manage, "check", "--fail-level", "WARNING"], tests),
        ("check --deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    ]


def main() -> int:
    settings.clear_environment()
    failed = []
    for name, command, environment in checks():
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        sys.stdout.write(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name}\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(f"{done.stdout}{done.stderr}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
