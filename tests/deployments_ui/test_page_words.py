"""Texts for people are plain: no private vocabulary, no literary turns, no exclamation marks."""

from __future__ import annotations

import re

import pytest

from tests.deployments_ui.catalog import extract_messages, list_texts

# With what to write in its place.
REPLACED = {
    "account closed": "deactivated",
    "aftermath": "follow-up reads",
    "any more": "no longer",
    "are gone then": "for good",
    "as if it had never": "say what is true",
    "as in:": "such as:",
    "as the system": "System",
    "asked by": "Requested by",
    "asked for": "requested",
    "at once": "immediately",
    "beside the": "next to the",
    "by itself": "automatically",
    "by themselves": "automatically",
    "came from the platform": "signed in from the platform",
    "deed": "action",
    "deeds": "actions",
    "did not succeed": "failed",
    "do not succeed": "fail",
    "detach": "remove",
    "detached": "removed",
    "does not fit": "doesn't match",
    "fleet": "all customers",
    "for ever": "forever",
    "found out by": "detected automatically",
    "given up": "not sent",
    "go out": "are sent",
    "goes out": "is sent",
    "got a domain": "domain added",
    "got env vars": "env vars updated",
    "has ended": "no longer works",
    "if you like": "optional",
    "in each line": "one per line",
    "is closed": "is deactivated",
    "is left out": "is skipped",
    "is there": "exists",
    "is told": "is shown",
    "it is asked": "it is checked",
    "it is said": "it is reported",
    "lamp": "status",
    "lamps": "status",
    "left out": "skipped",
    "life": "timeline",
    "lights": "status",
    "line is no": "expected NAME=value",
    "look again": "check again",
    "look at": "review, view",
    "look into": "check",
    "looking": "checking",
    "lost a domain": "domain removed",
    "made a token": "created a token",
    "mend": "fix",
    "mended": "fixed",
    "mends": "fixes",
    "never come back": "can't be viewed after saving",
    "new app… and publish": "one button",
    "nobody has": "no one has",
    "nothing is due": "None",
    "nothing like that": "No results",
    "on to line": "Next",
    "platform's people": "platform's staff",
    "please": "the sentence without it",
    "since the beginning": "elapsed",
    "somebody else": "someone else",
    "somebody, probably": "someone",
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
    "the hosting service is not reachable": "can't be reached",
    "the whole log": "View full log",
    "theirs": "the owner",
    "there is nothing to do": "you don't need to do anything",
    "to reopen": "to reactivate",
    "to the start": "Go to home",
    "told": "shown",
    "too many tries": "too many attempts",
    "wait sealed": "can't be viewed after saving",
    "what became of": "the outcome of",
    "who they are": "their identity",
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


def test_plural_texts_have_two_forms_that_count() -> None:
    """A number beside a noun is worded with ngettext: 1 customer, 2 customers."""
    nouns = "app|byte|change|code|customer|day|domain|event|file|invitation|line|match|mail|operation|record|version"
    pattern = re.compile(rf"%\((?:num|count|n)\)[sd] (?:{nouns})s\b")
    singular = [message.id for message in extract_messages() if isinstance(message.id, str)]
    assert not [text for text in singular if pattern.search(text)]
