"""Each kind of operation is complete in its file, and no other code depends on the kind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import get_resolver
from django.utils.functional import Promise

from portal.permissions import Permission
from portal.services.operations.base import Kind
from portal.services.operations.kinds import KINDS, get_kind
from portal.services.operations.reasons import get_sentences

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "portal/services/operations"
FILES = [path for path in (OPERATIONS / "kinds").glob("*.py") if not path.stem.startswith("_")]


def test_every_file_is_a_kind() -> None:
    assert len(FILES) == len(KINDS)
    assert {type(kind).__module__.rsplit(".", 1)[1] for kind in KINDS.values()} == {path.stem for path in FILES}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_is_complete(kind: Kind) -> None:
    assert kind.name == get_kind(kind.name).name
    assert len(kind.name) <= 30
    assert kind.permission in Permission
    labels = kind.labels
    assert all(isinstance(each, Promise) for each in (labels.done, labels.in_progress, labels.unknown, labels.not_done))
    names = {"app": "Main site", "customer": "Bright Smile Dental", "number": "#23"}
    assert all(str(text) % names for text in (kind.title, kind.button))
    assert kind.done_title is None or "#23" in str(kind.done_title) % names
    assert set(kind.reasons) <= set(get_sentences())
    routes = set(get_resolver().reverse_dict)
    assert {kind.result_route, kind.form_route} - {""} <= routes
    assert "call" in vars(type(kind))


def list_names_of_kinds(tree: ast.Module) -> Iterator[str]:
    """Names of kinds that the module compares with, or has as keys of a dictionary."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                values = [node.left, *node.comparators]
            case ast.Dict():
                values = [key for key in node.keys if key is not None]
            case ast.Set() | ast.Tuple():
                values = list(node.elts)
            case _:
                continue
        found = [value.value for value in values if isinstance(value, ast.Constant) and value.value in KINDS]
        # One may be any word; several are a table of kinds.
        yield from found if len(found) > 1 or isinstance(node, ast.Compare) else ()


def test_nothing_in_operations_and_queries_switches_on_a_kind() -> None:
    for folder in (OPERATIONS, OPERATIONS.parent / "queries"):
        for path in folder.glob("*.py"):
            assert list(list_names_of_kinds(ast.parse(path.read_text()))) == [], path
