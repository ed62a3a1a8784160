"""Names are standard terms: no private vocabulary in the names of modules, functions, classes and CSS classes.

Ordinary English uses of these words in sentences are fine; the texts of pages have a test of their own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UI_TESTS = "tests/deployments_ui"
# As a whole word of a name: `last_look`, `LookForm` and `look-at` contain "look".
PRIVATE_WORDS = {
    "admit", "aftermath", "beating", "beats", "brief", "briefs", "crew", "deed", "deeds", "doing", "door", "doors",
    "drawing", "dress", "evidence", "flights", "holdings", "lamp", "lamps", "look", "looker", "looking", "looks",
    "mend", "mended", "pen", "remember", "remembered", "remembering", "said", "settling", "spoken", "standing",
    "stencil", "stranger", "strangers", "surroundings", "tell", "telling", "tenancy", "theirs", "told", "wanted",
    "whose", "wish", "wishes", "wordings", "yours",
}  # fmt: skip
# As the whole name of a function, where they say nothing.
BARE_NAMES = frozenset({"a", "answers", "do", "effects", "fleet", "lights", "of", "one", "rows", "what"})
# DNS and databases are looked up; that is what everybody calls it.
STANDARD_TERMS = re.compile(r"look(?:ing|ed)?_up")


def test_names_of_the_portal_are_standard() -> None:
    assert list_private_names("portal") == []


def test_names_of_the_pages_are_standard() -> None:
    assert list_private_names("deployments_ui") == []


def test_names_of_the_tests_are_standard() -> None:
    assert [name for name in list_private_names("tests") if not name.startswith(UI_TESTS)] == []


def test_names_of_the_tests_of_pages_are_standard() -> None:
    assert list_private_names(UI_TESTS) == []


def test_names_of_css_are_standard() -> None:
    found = [
        f"{path.name}: {name}"
        for path in sorted((ROOT / "static" / "css").glob("*.css"))
        for name in [path.stem, *re.findall(r"[.#]([a-z][a-z0-9-]*)", path.read_text())]
        if is_private(name)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["last_look", "LookForm", "look-at", "answers", "_rows", "test_what_was_told"])
def test_private_names_are_found(name: str) -> None:
    assert is_private(name)


@pytest.mark.parametrize("name", ["look_up", "outlook", "list_rows", "one_of_two", "single_flight"])
def test_standard_names_are_not_found(name: str) -> None:
    assert not is_private(name)


def list_private_names(folder: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in list_names(path)
        if "migrations" not in path.parts and is_private(name)
    ]


def list_names(path: Path) -> Iterator[str]:
    """The name of the module, and of each function and class in it."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def is_private(name: str) -> bool:
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    words = re.findall(r"[a-z0-9]+", STANDARD_TERMS.sub("", snake))
    return name.strip("_") in BARE_NAMES or bool(PRIVATE_WORDS & set(words))
