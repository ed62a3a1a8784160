"""Only kinds of operations call the client's changing methods, and the client is created in one place."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from portal import miosa

ROOT = Path(__file__).resolve().parents[2]
KINDS = "portal/services/operations/kinds/"
CLIENT_IS_CREATED_IN = {"portal/services/sync/upstream.py"}
# The client itself, and the simulator, which answers such calls.
NOT_CALLERS = ("portal/miosa/", "portal/simulator/")
SENDING = {"portal.services.operations.client", "portal.services.operations.execute"}


def list_resources() -> dict[str, type]:
    client = miosa.Client(base_url="http://127.0.0.1:1", api_key="msk_x")
    return {
        name: type(resource)
        for name, resource in vars(client).items()
        if not name.startswith("_") and type(resource).__module__.startswith("portal.miosa.")
    }


def list_changing_methods() -> dict[str, set[str]]:
    """By resource, the methods that send something with an idempotency key."""
    return {
        name: {
            method
            for method, function in inspect.getmembers(resource, inspect.isfunction)
            if not method.startswith("_") and "idempotency_key" in inspect.signature(function).parameters
        }
        for name, resource in list_resources().items()
    }


def list_sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted([*ROOT.glob("portal/**/*.py"), *ROOT.glob("deployments_ui/**/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(NOT_CALLERS):
            yield name, ast.parse(path.read_text())


def test_the_client_has_methods_that_change_something() -> None:
    found = list_changing_methods()
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


def test_only_kinds_call_them() -> None:
    changing = list_changing_methods()
    callers = set()
    for name, tree in list_sources():
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Attribute(attr=resource), attr=method):
                    if method in changing.get(resource, set()):
                        callers.add(name)
    assert callers
    assert all(name.startswith(KINDS) for name in callers), callers


def test_only_kinds_pass_idempotency_keys() -> None:
    for name, tree in list_sources():
        passed = {keyword.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords}
        assert "idempotency_key" not in passed or name.startswith(KINDS), name


def test_the_client_is_created_in_one_place() -> None:
    for name, tree in list_sources():
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        created = [ast.unparse(function) for function in calls if ast.unparse(function) == "miosa.Client"]
        assert not created or name in CLIENT_IS_CREATED_IN, name


def test_pages_and_api_do_not_import_the_client() -> None:
    for name, tree in list_sources():
        if name.startswith(("deployments_ui/", "portal/api/")):
            modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not modules & SENDING, name
