"""Customers see the words that this portal knows; an unknown one may be anything (docs/rules.md, 9 and 11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployments_ui.labels import builds as labels
from deployments_ui.labels import domains, states
from portal.permissions import Person, Role
from portal.services import open_words
from portal.services.queries import builds
from portal.services.queries.builds import Build

CUSTOMER = Person(id=1, name="Ana", email="a@portal.test")
STAFF = Person(id=2, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
BUILD = Build("b", "failed", "4f1c2d3", "Fix the cart", "webhook", None, None, "")


@pytest.mark.parametrize("word", ["", "failed", "ready"])
def test_a_known_word_is_shown(word: str) -> None:
    assert open_words.show_word(word, open_words.VERSION_STATES, by=CUSTOMER) == word


def test_a_known_word_in_capitals_is_shown() -> None:
    assert open_words.show_word("FAILED", open_words.VERSION_STATES, by=CUSTOMER) == "failed"


@pytest.mark.parametrize("word", ["failed_v2", "miosa-draining", " ready", "<b>"])
def test_an_unknown_word_is_other_for_customers(word: str) -> None:
    assert open_words.show_word(word, open_words.VERSION_STATES, by=CUSTOMER) == "other"
    assert open_words.show_word(word, open_words.VERSION_STATES, by=STAFF) == word


def test_a_text_is_scrubbed_for_customers() -> None:
    text = "/mnt/mi\x1b[1mosa\x1b[0m/10.40.\u200b3.9/dist"
    assert open_words.show_text(text, by=CUSTOMER) == "/mnt/[…]/[…]/dist"
    assert open_words.show_text(text, by=STAFF) == "/mnt/miosa/10.40.3.9/dist"


def test_letters_without_a_width_stay_in_a_name() -> None:
    name = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert open_words.show_text(name, by=CUSTOMER) == open_words.show_text(name, by=STAFF) == name


def test_staff_see_no_control_characters() -> None:
    assert open_words.show_word("rea\x07dy\x9b31m", open_words.VERSION_STATES, by=STAFF) == "ready"
    assert open_words.show_text("Ana\r\nRuiz\x1b[31m", by=STAFF) == "Ana Ruiz"


def test_a_build_shows_no_unknown_word_and_no_name_of_the_hosting_service() -> None:
    build = replace(BUILD, state="draining", message="Deploy to host_01AB", trigger="rebalancer")
    shown = builds.cut(build, by=CUSTOMER)
    assert (shown.state, shown.message, shown.trigger) == ("other", "Deploy to […]", "")
    assert builds.cut(build, by=STAFF) == build


def test_pages_have_a_word_for_other() -> None:
    assert str(labels.get_build_label(replace(BUILD, state="other")).word) == "Other"
    assert str(labels.get_build_label(replace(BUILD, state="")).word) == "Unknown"
    assert str(labels.get_build_label(replace(BUILD, state="draining")).word) == "draining"
    assert states.kind("other") == "other"
    assert domains.redirect_policy("other") == "Another redirect"
