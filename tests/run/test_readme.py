"""What the documents say about addresses, files and commands is so."""

import re
from pathlib import Path

import pytest
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
FOR_MACHINES = {"/healthz", "/readyz", "/metrics"}


def page_map() -> list[str]:
    section = (ROOT / "README.md").read_text().partition("## Where things are")[2]
    first_cells = re.findall(r"^\| (`/.*?) \|", section, re.MULTILINE)
    return [address for cell in first_cells for address in re.findall(r"`(/[^`]*)`", cell)]


@pytest.mark.parametrize("address", sorted({*page_map()} - FOR_MACHINES))
def test_an_address_of_the_map_is_a_page(address: str) -> None:
    resolve(re.sub(r"<\w+>", "x1", address.partition("?")[0]))


def test_the_map_is_not_empty() -> None:
    assert set(page_map()) >= FOR_MACHINES | {"/", "/customers/"}


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/api.md", "docs/architecture.md", "docs/operations.md"]
)
def test_a_linked_file_is_there(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_a_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE))
        assert {one or other for one, other in named} <= targets
