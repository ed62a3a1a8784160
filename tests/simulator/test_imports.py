"""The imports inside `portal/simulator` form no cycle, those for type checkers included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "portal" / "simulator"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> Iterator[str]:
    """Every name that an import statement anywhere in the file could refer to as a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_graph() -> dict[str, set[str]]:
    paths = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    return {name: set(imported_names(path)) & set(paths) for name, path in paths.items()}


def test_no_import_cycle() -> None:
    graph = import_graph()
    assert len(graph) > 40
    assert "portal.simulator.store" in graph["portal.simulator.lifecycle"]
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_packages_export_nothing() -> None:
    for path in PACKAGE.rglob("__init__.py"):
        assert list(imported_names(path)) == []
