"""The texts that are marked for translation, extracted as `make messages` does."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from django.conf import settings

KEYWORDS = ("gettext_lazy", "gettext_noop", "ngettext_lazy:1,2", "pgettext_lazy:1c,2")


@cache
def extract_messages() -> Catalog:
    root = Path(settings.BASE_DIR)
    keywords = [option for keyword in KEYWORDS for option in ("-k", keyword)]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "django.pot"
        mapping = str(root / "pyproject.toml")
        options = ["--quiet", "extract", "--mapping", mapping, *keywords, "--output", str(target), str(root)]
        CommandLineInterface().run(["pybabel", *options])  # type: ignore[no-untyped-call]  # Babel has no types here
        with target.open("rb") as file:
            return read_po(file, locale="en")


def list_texts() -> list[str]:
    """Each text; of one with plural forms each form."""
    texts: list[str] = []
    for message in extract_messages():
        texts += message.id if isinstance(message.id, tuple | list) else [message.id]
    return [text for text in texts if text]
