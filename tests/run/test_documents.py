"""URLs, files and commands named in the documents exist."""

import re
from pathlib import Path

import pytest
from django.urls import resolve

ROOT = Path(__file__).resolve().parents[2]
FOR_MACHINES = {"/healthz", "/readyz", "/metrics"}
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]


def list_urls() -> list[str]:
    section = (ROOT / "README.md").read_text().partition("## Pages")[2]
    first_cells = re.findall(r"^\| (`/.*?) \|", section, re.MULTILINE)
    return [url for cell in first_cells for url in re.findall(r"`(/[^`]*)`", cell)]


@pytest.mark.parametrize("url", sorted({*list_urls()} - FOR_MACHINES))
def test_a_url_in_the_table_of_pages_exists(url: str) -> None:
    resolve(re.sub(r"<\w+>", "x1", url.partition("?")[0]))


def test_the_table_of_pages_is_found() -> None:
    assert set(list_urls()) >= FOR_MACHINES | {"/", "/customers/"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_linked_files_exist(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE)
        assert {in_code or in_block for in_code, in_block in named} <= targets
