"""Every test that `docs/security.md` names exists, and it names every file of this folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def list_tests(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_named_tests_exist() -> None:
    named = NAMED.findall((ROOT / "docs/security.md").read_text())
    assert len(named) > 30
    missing = [(file, test) for file, test in named if test not in list_tests(ROOT / file)]
    assert missing == []


def test_every_file_is_named() -> None:
    named = {file for file, _test in NAMED.findall((ROOT / "docs/security.md").read_text())}
    files = {f"tests/security/{file.name}" for file in (ROOT / "tests/security").glob("test_*.py")}
    assert files - named == {"tests/security/test_document.py"}
