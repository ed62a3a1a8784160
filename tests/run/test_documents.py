"""URLs, files, commands and code named in the documents exist."""

import re
from pathlib import Path

import pytest
from django.urls import resolve

from portal.services.operations.base import Kind
from portal.services.operations.kinds.stop import Stop
from tests.pictures import MOST_BYTES, PICTURES, THEMES, name_file

ROOT = Path(__file__).resolve().parents[2]
# In CONTRIBUTING.md, the walk through a new kind of operation adds this file.
FICTIONAL_FILES = {"restart.py"}
PICTURES_FOLDER = ROOT / "docs" / "pictures"
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


@pytest.mark.parametrize("document", DOCUMENTS)
def test_pictures_exist_in_both_themes_and_have_a_description(document: str) -> None:
    path = ROOT / document
    for light, text in re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]*)"', path.read_text()):
        assert text, light
        dark = light.replace("-light.", "-dark.")
        assert f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">' in path.read_text()
        assert {(path.parent / name).resolve() for name in (light, dark)} <= set(PICTURES_FOLDER.iterdir())


def test_make_pictures_takes_all_pictures_and_they_are_small() -> None:
    taken = {name_file(picture, theme) for picture in PICTURES for theme in THEMES}
    stored = {path.name: path.stat().st_size for path in PICTURES_FOLDER.iterdir()}
    assert set(stored) == taken
    assert max(stored.values()) <= MOST_BYTES


def test_every_picture_is_shown() -> None:
    shown = {name for document in DOCUMENTS for name in re.findall(r"[\w-]+\.webp", (ROOT / document).read_text())}
    assert shown == {path.name for path in PICTURES_FOLDER.iterdir()}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE)
        assert {in_code or in_block for in_code, in_block in named} <= targets


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_named_files_exist(document: str) -> None:
    paths = list_paths((ROOT / document).read_text())
    assert len(paths) > 10
    missing = [path for path in paths if not exists(path)]
    assert missing == []


def test_the_walk_through_a_new_kind_names_real_code() -> None:
    """The files that it shows or changes exist, and a kind has the attributes and methods of its table."""
    walk = (ROOT / "CONTRIBUTING.md").read_text().partition("## Add an operation kind")[2].partition("\n## ")[0]
    assert {"portal/services/operations/kinds/stop.py", "portal/services/operations/base.py"} <= set(list_paths(walk))
    table = re.findall(r"^ *\| (`.*?) \|", walk, re.MULTILINE)
    members = {member for cell in table for member in re.findall(r"`(\w+)`", cell)}
    assert members >= {"permission", "lane", "call", "detect_on", "follow_up"}
    assert members <= {name for kind in (Kind, Stop) for name in (*dir(kind), *kind.__annotations__)}


def list_paths(text: str) -> list[str]:
    """Paths of files and folders in backticks. URLs begin with a slash; placeholders have < > or *."""
    code = re.findall(r"`([^`\s]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    paths = {each for each in code if re.fullmatch(r"(?!/)[\w./<>*-]*(/|\.(py|md|html|toml|txt|css|js))", each)}
    return sorted(path for path in paths if not re.search(r"[<>*]", path) and path not in FICTIONAL_FILES)


def exists(path: str) -> bool:
    """A name without folder is a file somewhere in the project, next to the ones that the text speaks of."""
    if (ROOT / path).exists():
        return True
    folders = ("portal", "deployments_ui", "templates", "docs", "tests")
    return "/" not in path.rstrip("/") and any(found for folder in folders for found in (ROOT / folder).rglob(path))
