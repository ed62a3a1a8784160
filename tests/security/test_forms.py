"""Every form on every page, sent as a browser without JavaScript sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.db import transaction

from tests.security.dataset import Dataset
from tests.security.matrix import ACCESS, get_arguments, get_url

PAGES = sorted(name for name, access in ACCESS.items() if "GET" in access.methods and not access.is_json)
# Only a script can send these.
SCRIPTED = {"data-passkey", "data-hand-off"}
# It works, what was typed is not valid, or it can't be done now; never 403, as without the token of its page.
FINE = {200, 302, 303, 400, 409, 422}

Attributes = dict[str, str | None]


@dataclass
class Form:
    """`has_button`: something that a person can press sends it."""

    attributes: Attributes
    values: dict[str, str] = field(default_factory=dict)
    has_button: bool = False


class FormReader(HTMLParser):
    """Finds the forms of a page, with the values that they have when nobody changes anything."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.distant_buttons: set[str | None] = set()
        self.textarea = self.select = ""
        self.feed(text)
        for form in self.forms:
            form.has_button |= form.attributes.get("id", "") in self.distant_buttons

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self.forms.append(Form(has))
        if not self.forms:
            return
        form, name, value = self.forms[-1], has.get("name") or "", has.get("value") or ""
        if tag == "textarea":
            self.textarea = name
        elif tag == "select":
            self.select = name
        elif tag == "option" and ("selected" in has or self.select not in form.values):
            form.values[self.select] = value
        elif tag == "button" and "form" in has:
            self.distant_buttons.add(has["form"])
        elif tag == "button" and has.get("type", "submit") == "submit":
            form.has_button = True
            form.values.setdefault(name, value)
        elif tag == "input" and name and is_sent(has):
            form.values[name] = value

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.forms[-1].values[self.textarea] = data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.textarea = ""


def is_sent(attributes: Attributes) -> bool:
    kind = attributes.get("type")
    return kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in attributes)


@pytest.mark.parametrize("name", PAGES)
def test_every_form_works_without_javascript(dataset: Dataset, name: str) -> None:
    who = "anonymous" if ACCESS[name].is_open else "operator"
    client = dataset.client(who)
    client.handler.enforce_csrf_checks = True
    page = client.get(get_url(name, get_arguments(dataset.own, name, who=who)), follow=True)
    if not page["Content-Type"].startswith("text/html"):
        return
    for form in FormReader(page.content.decode()).forms:
        address = form.attributes.get("action") or page.request["PATH_INFO"]
        if SCRIPTED & set(form.attributes) or address == "/accounts/logout/":
            continue
        assert form.has_button or form.attributes.get("role") == "search", form
        assert "hidden" not in form.attributes, form
        send = client.post if form.attributes.get("method") == "post" else client.get
        with transaction.atomic():
            answer = send(address, form.values)
            transaction.set_rollback(True)
        assert answer.status_code in FINE, (form, answer.status_code)
        assert b"<html" in answer.content or answer.status_code in {302, 303}
