"""Figures of the code's shape and cost: `python -m tests.measure`.

The first part reads the source. The second part signs in, opens a customer's history and rolls a version back over a
simulator and a database of its own, and counts what that calls.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
import tempfile
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OWN = ("portal", "deployments_ui")
OWN_FOLDERS = tuple(f"{ROOT / package}/" for package in OWN)
WIDE = 120
MANY_PARAMETERS = 5
SLUG = "brightsmile-dental"
DEPLOYMENTS = 3


def main() -> int:
    rows = [*shape(), *cost()]
    width = max(len(name) for name, _figure in rows)
    sys.stdout.writelines(f"{name:<{width}}  {figure}\n" for name, figure in rows)
    return 0


# --- The shape of the code ---


def shape() -> Iterator[tuple[str, str]]:
    sources = {path: path.read_text() for path in python_files()}
    trees = {path: ast.parse(text) for path, text in sources.items()}
    yield "Python lines, without simulator, migrations and tests", f"{sum(map(count_lines, sources.values())):,}"
    graph = import_graph(trees)
    views = [module for module in graph if module.startswith("deployments_ui.views.")]
    yield "longest import chain from a view", str(max(longest_chain(graph, view) for view in views))
    yield "most modules reached by one view", str(max(len(reached(graph, view)) for view in views))
    yield "files that name one operation kind, at most", files_per_kind(trees)
    yield "template characters on lines over 120 columns", f"{share_of_wide_lines():.1%}"
    functions = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    many = sum(count_parameters(node) > MANY_PARAMETERS for node in functions)
    yield "functions with more than five parameters", f"{many} of {len(functions)} ({many / len(functions):.1%})"
    yield "noqa and type-ignore comments", str(sum(map(count_exceptions, sources.values())))


def python_files() -> list[Path]:
    found = [path for package in OWN for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if not {"simulator", "migrations"} & set(path.relative_to(ROOT).parts)]


def count_lines(text: str) -> int:
    return text.count("\n")


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(trees: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """The project's modules, each with those that it imports anywhere in its text."""
    known = {module_of(path) for path in trees}
    return {module_of(path): set(imports_of(tree, known)) - {module_of(path)} for path, tree in trees.items()}


def imports_of(tree: ast.Module, known: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield from {full, node.module} & known if full not in known else {full}
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & known


def reached(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = [start]
    while left:
        for module in graph[left.pop()] - found:
            found.add(module)
            left.append(module)
    return found - {start}


def longest_chain(graph: dict[str, set[str]], start: str) -> int:
    """Links of the longest path. A module that is on the path already ends it."""

    @cache
    def depth(module: str) -> int:
        if module in path:
            return 0
        path.append(module)
        longest = max((1 + depth(each) for each in graph[module]), default=0)
        path.pop()
        return longest

    path: list[str] = []
    return depth(start)


def files_per_kind(trees: dict[Path, ast.Module]) -> str:
    """The kind named by the most files, by its value or its class. An English word in a text names no kind."""
    counts = {}
    python = [names_in(tree) for tree in trees.values()]
    templates = [path.read_text() for path in template_files()]
    for kind in kinds():
        class_name = "".join(word.capitalize() for word in kind.split("_"))
        in_templates = sum(f'"{kind}"' in text for text in templates)
        counts[kind] = in_templates + sum(bool({class_name, f'"{kind}"'} & names) for names in python)
    most = max(counts, key=lambda kind: counts[kind])
    return f"{counts[most]} ({most}); median {sorted(counts.values())[len(counts) // 2]}"


def names_in(tree: ast.Module) -> set[str]:
    """The names that a module uses, and its whole strings, in quotes."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ClassDef | ast.alias):
            names.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(f'"{node.value}"')
    return names


def kinds() -> tuple[str, ...]:
    return (
        *("add_domain", "create", "delete", "delete_env", "detach_domain", "promote", "publish", "redeploy"),
        *("redirect_domain", "rename", "roll_back", "set_env", "stop", "verify_domain"),
    )


def template_files() -> list[Path]:
    return sorted(path for folder in ROOT.glob("templates*") for path in folder.rglob("*.html"))


def share_of_wide_lines() -> float:
    lines = [line for path in template_files() for line in path.read_text().splitlines()]
    return sum(len(line) for line in lines if len(line) > WIDE) / sum(map(len, lines))


def count_parameters(node: ast.FunctionDef) -> int:
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def count_exceptions(text: str) -> int:
    comments = (
        token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT
    )
    return sum(bool(re.search(r"#\s*(noqa|type:\s*ignore)", comment)) for comment in comments)


# --- What a request costs ---


def cost() -> Iterator[tuple[str, str]]:
    with portal_over_simulator() as client:
        history = f"/c/{SLUG}/"
        read_versions(client, f"{history}refresh/")
        client.get(history)
        with counted() as count:
            expect(client.get(history), 200)
        yield "own functions for GET history, distinct", str(len(count.functions))
        yield "SQL statements for GET history", str(count.statements)
        with counted() as count:
            expect(client.post(f"{history}refresh/"), 302, 303)
        yield "SQL statements to refresh a customer of three deployments", str(count.statements)
        url = rollback_url()
        form = hidden_fields(expect(client.get(url), 200).content.decode())
        with counted() as count:
            expect(client.post(url, {**form, "choice": "checkout"}), 302, 303)
        yield "own functions for POST rollback, distinct", str(len(count.functions))
        yield "SQL statements for POST rollback", str(count.statements)


class Count:
    """Own functions by file and name, and SQL statements, in the thread of the test client."""

    def __init__(self) -> None:
        self.functions: dict[tuple[str, str, int], int] = defaultdict(int)
        self.statements = 0

    def note_call(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if (
            event == "call"
            and code.co_name[0] != "<"
            and code.co_filename.startswith(tuple(f"{ROOT / package}/" for package in OWN))
        ):
            self.functions[code.co_filename, code.co_name, code.co_firstlineno] += 1

    def note_statement(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)


@contextmanager
def counted() -> Iterator[Count]:
    from django.db import connection  # noqa: PLC0415  # after setup

    count = Count()
    with connection.execute_wrapper(count.note_statement):
        sys.setprofile(count.note_call)
        try:
            yield count
        finally:
            sys.setprofile(None)


@contextmanager
def portal_over_simulator() -> Iterator[Any]:
    """A test client signed in as an operator, on a database of its own that has seen every app of a simulator."""
    from portal.simulator.simulator import Simulator  # noqa: PLC0415  # needs no settings, unlike the rest

    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        for name in [name for name in os.environ if name.startswith(("MIOSA_", "DATABASE_", "CACHE_"))]:
            del os.environ[name]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "VAR_DIR": folder,
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
            "MIOSA_API_KEY": "msk_test_demo",
            "MIOSA_BASE_URL": f"{simulator.url}/api/v1",
            "MIOSA_RPM": "100000",
        }
        import django  # noqa: PLC0415  # with the settings above

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  # after setup
        from django.test import Client  # noqa: PLC0415  # after setup

        from portal.models import User  # noqa: PLC0415  # after setup

        call_command("migrate", verbosity=0)
        call_command("createcachetable")
        call_command("collectstatic", interactive=False, verbosity=0)
        read_everything()
        client = Client()
        client.force_login(User.objects.create_superuser("operator@portal.test", name="Olga Petrov"))
        yield client


def read_everything() -> None:
    """Customers appear with the sweep, versions with a visit of their page."""
    from django.utils import timezone  # noqa: PLC0415  # after setup

    from portal.services.sync import upstream  # noqa: PLC0415  # after setup
    from portal.services.sync.budget import Purpose  # noqa: PLC0415  # after setup
    from portal.services.sync.fetch import sweeps  # noqa: PLC0415  # after setup

    client = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=client, now=timezone.now())
    sweeps.sweep_deployments(client=client, now=timezone.now())


def read_versions(client: Any, url: str) -> None:
    """One refresh begins no request after 1.5 s, so a busy machine needs several."""
    from portal.models import Version  # noqa: PLC0415  # after setup

    for _attempt in range(20):
        expect(client.post(url), 302, 303)
        if Version.objects.filter(deployment__customer__slug=SLUG, number=1).count() == DEPLOYMENTS:
            return
    raise SystemExit("the versions were not read")


def rollback_url() -> str:
    from portal.models import Version  # noqa: PLC0415  # after setup

    version = Version.objects.get(deployment__customer__slug=SLUG, deployment__name="Main site", number=23)
    return f"/c/{SLUG}/deployments/{version.deployment.miosa_id}/versions/{version.miosa_id}/rollback/"


def hidden_fields(html: str) -> dict[str, str]:
    inputs: Iterable[str] = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", html)
    found = {}
    for each in inputs:
        name, value = re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)
        if name and value and name[1] == "token":
            found[name[1]] = value[1]
    return found


def expect(response: Any, *statuses: int) -> Any:
    if response.status_code not in statuses:
        raise SystemExit(f"expected {statuses}, got {response.status_code}: {response.content[:400]!r}")
    return response


if __name__ == "__main__":
    sys.exit(main())
