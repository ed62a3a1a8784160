"""Every text is marked for translation: in a pseudo-language no English word is left on any page.

The pseudo-language has each extracted text in ⟦brackets⟧. A word outside of brackets has to be data: something that
the hosting service sent or a person typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client, override_settings
from django.utils import dates, translation

from tests.deployments_ui.catalog import extract_messages
from tests.deployments_ui.conftest import SLUG, World
from tests.security.crawler import Crawl, body_of

PSEUDO = "xx"
# Attributes that people read or hear.
TEXT_ATTRIBUTES = frozenset({"alt", "aria-label", "data-copied", "placeholder", "title"})
# Elements whose text is data. The classes are those that the style sheets give to data.
DATA_ELEMENTS = frozenset({"code", "pre", "script", "style"})
DATA_CLASSES = frozenset({"log", "mark", "mono", "name"})
VOID_ELEMENTS = frozenset({"br", "hr", "img", "input", "link", "meta"})
# The same in every language: types of DNS records, protocols, units, keys, and examples of what to type.
UNIVERSAL = """
A AAAA CAA CNAME DNS GB HTTP HTTPS Ctrl Enter Esc ID JSON KB MB NAME NS SHA SOA TTL TXT UTC URL kB https http
npm run build start dist postgres redis www example com Django MIOSA PostgreSQL Python SQLite
"""


def words_of(text: str) -> set[str]:
    """Words of two letters or more, without the ends of shortened ids: …ZFXZCB."""
    return set(re.findall(r"(?<!…)\b[^\W\d_]{2,}\b", text))


@pytest.fixture(scope="session")
def locale_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    target = folder / PSEUDO / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    catalog = Catalog(locale="en", domain="django")
    for message in extract_messages():
        if message.id:
            catalog.add(message.id, string=put_in_brackets(message), context=message.context)
    with target.open("wb") as file:
        write_mo(file, catalog)
    return folder


def put_in_brackets(message: Message) -> str | tuple[str, ...]:
    if isinstance(message.id, tuple | list):
        return tuple(f"⟦{text}⟧" for text in message.id)
    return f"⟦{message.id}⟧"


@pytest.fixture
def pseudo_language(locale_folder: Path) -> Iterator[None]:
    languages = [("en", "English"), (PSEUDO, "Pseudo")]
    with (
        override_settings(LOCALE_PATHS=[str(locale_folder)], LANGUAGES=languages, LANGUAGE_CODE=PSEUDO),
        translation.override(PSEUDO),
    ):
        yield


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize(("who", "start"), [("operator", "/customers/"), ("owner", f"/c/{SLUG}/")])
def test_every_text_of_a_page_is_marked(who: str, start: str, world: World) -> None:
    client = Client()
    client.force_login(getattr(world.people, who))
    pages = list_pages(client, start)
    assert len(pages) > 50
    data = list_data_words(world)
    unmarked: dict[str, str] = {}
    for path, html in pages:
        for word in list_words_outside_brackets(html) - data:
            unmarked.setdefault(word, path)
    assert not unmarked, "\n".join(f"{word}: {path}" for word, path in sorted(unmarked.items()))


def test_a_text_in_brackets_may_hold_elements_and_other_texts() -> None:
    html = '⟦since <time title="⟦Tuesday⟧">⟦3 min⟧</time> by⟧ <b class="name">Ana</b> lost <i title="hint">⟦word⟧</i>'
    assert list_words_outside_brackets(html) == {"lost", "hint"}


def list_pages(client: Client, start: str) -> list[tuple[str, str]]:
    return [
        (path, body_of(response))
        for path, response in Crawl(client, start, "/operations/").walk()
        if response.headers["Content-Type"].startswith("text/html")
    ]


def list_words_outside_brackets(html: str) -> set[str]:
    parser = TextParser()
    parser.feed(html)
    # The text of a page is one: a text in brackets may hold elements.
    texts = [" ".join(parser.texts), *parser.attributes]
    return set().union(*(words_of(remove_brackets(text)) for text in texts))


def remove_brackets(text: str) -> str:
    """Innermost first: a text may hold other texts."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return text


def list_data_words(world: World) -> set[str]:
    """Words of the simulator's and the portal's data, and those that need no translation of ours."""
    names: Iterable[object] = [*dates.WEEKDAYS.values(), *dates.WEEKDAYS_ABBR.values(), *dates.MONTHS.values()]
    with translation.override("en"):
        calendar = words_of(" ".join(map(str, names)))
    return calendar | words_of(f"{UNIVERSAL} {settings.PORTAL_NAME}") | words_of_simulator(world) | words_of_database()


def words_of_simulator(world: World) -> set[str]:
    return words_of(json.dumps(world.control.state(), ensure_ascii=False))


def words_of_database() -> set[str]:
    found: set[str] = set()
    for model in apps.get_app_config("portal").get_models():
        fields = model._meta.concrete_fields
        names = [
            each.attname for each in fields if isinstance(each, models.CharField | models.TextField | models.JSONField)
        ]
        for row in model._default_manager.values_list(*names) if names else ():
            found |= words_of(" ".join(map(str, row)))
    return found


class TextParser(HTMLParser):
    """Collects what people read or hear, without the elements that hold data."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[str] = []
        self._open_data_elements: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        is_data = tag in DATA_ELEMENTS or bool(DATA_CLASSES & set(values.get("class", "").split()))
        if tag not in VOID_ELEMENTS:
            self._open_data_elements.append(is_data)
        if not self._is_in_data():
            self.attributes += [value for name, value in values.items() if name in TEXT_ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID_ELEMENTS:
            self._open_data_elements.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<path />` within an icon: it has no text."""

    def handle_data(self, data: str) -> None:
        if not self._is_in_data():
            self.texts.append(data)

    def _is_in_data(self) -> bool:
        return any(self._open_data_elements)
