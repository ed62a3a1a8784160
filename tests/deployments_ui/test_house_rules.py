"""What every template and stylesheet keeps to."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from deployments_ui import assets

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SHEETS = sorted((ROOT / "static/css").glob("*.css"))
# Only staff sees it: the text is inside a condition that only an operator's page meets.
NAMES_THE_VENDOR = {"deployments/_hosting.html", "settings/_sections.html", "settings/page.html"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
class TestTemplates:
    def test_no_line_is_wide(self, path: Path) -> None:
        assert max(map(len, path.read_text().splitlines())) <= 120

    def test_nothing_is_written_inline(self, path: Path) -> None:
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:|hx-on", text)

    def test_no_filter_has_a_constant(self, path: Path) -> None:
        """Jinja evaluates it once, when it compiles the template, in the language of that moment."""
        assert not re.search(r"""["'][A-Za-z_ ]+["']\s*\|\s*[a-z_]+""", path.read_text())

    def test_nothing_is_marked_safe(self, path: Path) -> None:
        assert not re.search(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq", path.read_text())

    def test_the_vendor_is_not_named(self, path: Path) -> None:
        if str(path.relative_to(ROOT / "templates")) not in NAMES_THE_VENDOR:
            assert "miosa" not in path.read_text().lower()

    def test_no_other_host_is_requested(self, path: Path) -> None:
        assert not re.search(r'(?:src|href|action|hx-get|hx-post)="(?:https?:)?//', path.read_text())

    def test_every_htmx_request_has_a_plain_link(self, path: Path) -> None:
        for tag in re.findall(r"<(?:a|form)\b[^>]*hx-(?:get|post)=[^>]*>", path.read_text()):
            assert re.search(r"\b(?:href|action)=", tag), tag

    def test_every_htmx_request_says_its_own_target_and_swap(self, path: Path) -> None:
        """Nothing is inherited (`disableInheritance`), and htmx's defaults would put a part into its own link."""
        for tag in re.findall(
            r"""<\w+\b(?:"[^"]*"|'[^']*'|[^>"'])*\bhx-(?:get|post)=(?:"[^"]*"|'[^']*'|[^>"'])*>""", path.read_text()
        ):
            assert "hx-target=" in tag, tag
            assert "hx-swap=" in tag, tag


def test_components_have_no_domain_words() -> None:
    words = re.compile(r"\b(?:deployment|version|customer|rollback|domain|publish)", re.IGNORECASE)
    for path in (ROOT / "templates/components").glob("*.html"):
        assert not words.search(path.read_text()), path


def test_the_styles_stay_small() -> None:
    """As they are sent: in one file, compressed."""
    assert {sheet.stem for sheet in SHEETS} == {*assets.STYLESHEETS}
    assert len(assets.get_bundle("css").gzipped) < 18_000


def test_the_scripts_of_every_page_stay_small() -> None:
    """With htmx, which is 16 KB of it."""
    assert len(assets.get_bundle("js").gzipped) < 26_000


def test_every_rule_is_in_a_layer() -> None:
    for sheet in SHEETS:
        outside = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert re.fullmatch(r"\s*(?:@layer [\w, ]+;\s*)?@layer \w+ \{.*\}\s*", outside, flags=re.DOTALL), sheet


def test_no_style_loads_from_another_host_or_uses_important() -> None:
    for sheet in SHEETS:
        assert "url(" not in sheet.read_text()
        assert "@import" not in sheet.read_text()
