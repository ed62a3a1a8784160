"""Texts for people are plain: no private vocabulary, no literary turns, no exclamation marks."""

from __future__ import annotations

import re

import pytest

from tests.deployments_ui.catalog import list_texts

# With what to write in its place.
REPLACED = {
    "aftermath": "follow-up reads",
    "any more": "no longer",
    "as if it had never": "say what is true",
    "as the system": "System",
    "asked by": "Requested by",
    "asked for": "requested",
    "by itself": "automatically",
    "by themselves": "automatically",
    "deed": "action",
    "deeds": "actions",
    "fleet": "all customers",
    "found out by": "detected automatically",
    "go out": "are sent",
    "goes out": "is sent",
    "got a domain": "domain added",
    "got env vars": "env vars updated",
    "if you like": "optional",
    "is there": "exists",
    "is told": "is shown",
    "it is said": "it is reported",
    "lamp": "status",
    "lamps": "status",
    "life": "timeline",
    "lights": "status",
    "line is no": "expected NAME=value",
    "look again": "check again",
    "look at": "review, view",
    "looking": "checking",
    "lost a domain": "domain removed",
    "mend": "fix",
    "mended": "fixed",
    "mends": "fixes",
    "never come back": "can't be viewed after saving",
    "new app… and publish": "one button",
    "nothing like that": "No results",
    "on to line": "Next",
    "platform's people": "platform's staff",
    "since the beginning": "elapsed",
    "spoken of": "listed",
    "stand here": "are listed here",
    "stands here": "is listed here",
    "stands in bold": "is bold",
    "stands there": "is listed there",
    "stranger": "someone without access",
    "successfully": "say what happened",
    "surroundings": "related objects",
    "take the new names": "Apply new names",
    "tenancy": "customer",
    "that is everything": "nothing",
    "the whole log": "View full log",
    "theirs": "the owner",
    "to the start": "Go to home",
    "told": "shown",
    "wait sealed": "can't be viewed after saving",
    "whoever": "the person who",
    "whose": "the owner",
    "wish": "request",
    "wishes": "requests",
    "yours to do": "You don't have permission",
    "yours to see": "you don't have access",
}


@pytest.mark.parametrize("phrase", REPLACED)
def test_no_text_uses_a_replaced_phrase(phrase: str) -> None:
    pattern = re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)
    found = [text for text in list_texts() if pattern.search(text.replace("’", "'"))]
    assert not found, f"write: {REPLACED[phrase]}"


def test_no_text_exclaims() -> None:
    assert not [text for text in list_texts() if "!" in text]


def test_no_text_is_longer_than_a_short_paragraph() -> None:
    assert not [text for text in list_texts() if len(text) > 220]
