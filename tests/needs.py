"""System programs some tests need. Without them a test is left out aloud; with CI=true it fails."""

from __future__ import annotations

import os
import shutil

import pytest

HINT = "make test-deps adds it"


def program(name: str) -> str:
    found = shutil.which(name)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {name}, and nothing may be left out with CI=true")
    pytest.skip(f"needs {name}; {HINT}")
