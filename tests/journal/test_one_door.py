"""Nothing but the journal's calls asks the client to change anything, and the client is made in one place."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from portal import miosa

ROOT = Path(__file__).resolve().parents[2]
DOOR = "portal/services/journal/calls.py"
CLIENT_IS_MADE_IN = {"portal/services/upstream.py"}
# Those of the client itself, of the simulator (which answers such calls), and of tests are no callers of ours.
OTHERS = ("portal/miosa/", "portal/simulator/", "tests/")


def nouns_of_the_client() -> dict[str, type]:
    client = miosa.Client(base_url="http://127.0.0.1:1", api_key="msk_x")
    return {
        name: type(noun)
        for name, noun in vars(client).items()
        if not name.startswith("_") and type(noun).__module__.startswith("portal.miosa.")
    }


def changing() -> dict[str, set[str]]:
    """By noun, the methods that send something with an idempotency key."""
    return {
        noun: {
            name
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_") and "idempotency_key" in inspect.signature(method).parameters
        }
        for noun, kind in nouns_of_the_client().items()
    }


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(
        [*ROOT.glob("portal/**/*.py"), *ROOT.glob("deployments_ui/**/*.py"), *ROOT.glob("bench/**/*.py")]
    ):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(OTHERS):
            yield name, ast.parse(path.read_text())


def test_the_client_has_methods_that_change_something() -> None:
    found = changing()
    assert found["deployments"] >= {
        "rollback",
        "publish",
        "publish_from_sandbox",
        "redeploy",
        "stop",
        "delete",
        "create",
    }
    assert found["versions"] >= {"promote"}


def test_only_the_journal_calls_them() -> None:
    by_noun = changing()
    found = []
    for name, tree in sources():
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Attribute(attr=noun), attr=verb) if verb in by_noun.get(noun, set()):
                    found += [f"{name}:{node.lineno} {noun}.{verb}"] if name != DOOR else []
    assert found == []


def test_only_the_journal_mints_idempotency_keys() -> None:
    for name, tree in sources():
        said = {keyword.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords}
        assert "idempotency_key" not in said or name == DOOR, name


def test_the_client_is_made_in_one_place() -> None:
    for name, tree in sources():
        made = [
            node for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Client"
            and isinstance(node.func.value, ast.Name) and node.func.value.id == "miosa"
        ]  # fmt: skip
        assert not made or name in CLIENT_IS_MADE_IN, name


def test_no_face_imports_what_sends() -> None:
    for name, tree in sources():
        if name.startswith(("deployments_ui/", "portal/api/")):
            modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not modules & {
                "portal.services.operations.calls",
                "portal.services.operations.sending",
            }, name
