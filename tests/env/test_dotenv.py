"""A pasted file: what is understood, what is told of it, and what is never shown as a name."""

import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.services.env_vars import dotenv

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7abc=="
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"


def pairs(text: str) -> dict[str, str]:
    return {line.key: line.value for line in dotenv.parse(text).lines}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("A = 1 ", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ("A='x y'", {"A": "x y"}),
        ('A="x y"', {"A": "x y"}),
        ('A="x\\ny"', {"A": "x\ny"}),
        ("A='x\\ny'", {"A": "x\\ny"}),
        ("A=x # told", {"A": "x"}),
        ("A='x # y'", {"A": "x # y"}),
        ("A=x#y", {"A": "x#y"}),
        ("# only told\n\nA=1", {"A": "1"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=1\rB=2", {"A": "1", "B": "2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=", {"A": ""}),
        ("A=x=y==", {"A": "x=y=="}),
        ('A="one\ntwo\nthree"\nB=1', {"A": "one\ntwo\nthree", "B": "1"}),
        ("\ufeffA=1", {"A": "1"}),
        ("A=${B}-$C", {"A": "${B}-$C"}),
        ('A={"x": "y"}', {"A": '{"x": "y"}'}),
        (f"A={KEY}\nB=1", {"A": KEY, "B": "1"}),
        (f'A="{KEY}"\nB=1', {"A": KEY, "B": "1"}),
        (f"A={KEY}\n{KEY}\nB=1", {"A": f"{KEY}\n{KEY}", "B": "1"}),
        ("A=ümlaut ☃", {"A": "ümlaut ☃"}),
        ("no assignment", {}),
        ("just_a_word\nA=1", {"A": "1"}),
    ],
)
def test_what_is_understood(text: str, expected: dict[str, str]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A='x'", "quotes"),
        ("A=x # y", "comment"),
        (f"A={KEY}", "several lines"),
    ],
)
def test_what_is_told_of_a_value(text: str, told: str) -> None:
    (line,) = dotenv.parse(text).lines
    assert told in " ".join(line.notices)


def test_a_name_that_comes_twice_says_so() -> None:
    (line,) = dotenv.parse("A=1\nA=2\nA=3").lines
    assert (line.value, line.times) == ("3", 3)
    assert "3 times" in " ".join(dotenv.about_name(line.name, line.times))


@pytest.mark.parametrize("name", ["NEXT_PUBLIC_X", "VITE_X", "REACT_APP_X"])
def test_a_public_name_warns(name: str) -> None:
    assert "every visitor" in " ".join(dotenv.about_name(name, 1))


@pytest.mark.parametrize("name", ["1A", "A-B", "A.B", "", "A" * 129])
def test_a_name_that_can_not_be_set_has_a_problem(name: str) -> None:
    assert dotenv.problem(name, "x")


@pytest.mark.parametrize(("value", "is_fine"), [("x" * 32_768, True), ("x" * 32_769, False), ("\x00", False)])
def test_a_value_that_can_not_be_set_has_one_too(value: str, is_fine: bool) -> None:
    assert bool(dotenv.problem("A", value)) is not is_fine


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.split("\n", 1)[1],
        f"A={KEY.rsplit(chr(10), 1)[0]}",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC=",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC==",
        "aGVsbG8gd29ybGQ=",
        "abc==",
        "aBc=",
        "Tr0ub4dor&3=x",
        "correct horse battery=staple",
        "https://user:hunter2@host/?a=b",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig=1",
        "A='unclosed MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "sk_live_51HqLyjWDarjtT1zdp7dcXYZ0123456789=1",
    ],
)
def test_a_piece_of_a_secret_is_no_name(text: str) -> None:
    """The pieces are those of the text that any line was made of."""
    for line in dotenv.parse(text).lines:
        assert line.name in {"", "A"}
    assert not dotenv.looks_like_name(text.partition("=")[0]) or not pairs(text) or "A" in pairs(text)


def test_the_end_of_a_key_that_is_missing_is_told() -> None:
    (line,) = dotenv.parse("A=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nB=1").lines
    assert line.name == "A"
    assert "last line of this key" in line.problem


def test_lines_that_say_nothing_are_told_by_number() -> None:
    assert dotenv.parse("A=1\nwhat\n\nB=2\n'x").unread == (2, 5)


def test_one_value_is_taken_as_it_is() -> None:
    assert dotenv.one("A", '"x"').value == '"x"'
    assert dotenv.one("A", "x\r\n").value == "x"
    assert "line break" in dotenv.one("A", "x\n").notices[0]
    assert "space" in dotenv.one("A", " x").notices[0]
    assert "quotes" in dotenv.one("A", "'x'").notices[0]


def test_a_line_shows_no_value() -> None:
    assert "hunter2" not in repr(dotenv.parse("A=hunter2"))


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,14}", fullmatch=True)
VALUES = st.text(
    st.characters(min_codepoint=32, exclude_characters="'\\\x7f", exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
    max_size=60,
)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
@example({"A": "="})
def test_what_was_quoted_comes_back(values: dict[str, str]) -> None:
    text = "\n".join(f"export {name}='{value}'" for name, value in values.items())
    assert pairs(text) == values


@given(st.text(max_size=300))
def test_any_text_is_read_and_no_piece_of_it_is_a_name(text: str) -> None:
    parsed = dotenv.parse(text)
    assert len({line.key for line in parsed.lines}) == len(parsed.lines)
    for line in parsed.lines:
        assert not line.name or dotenv.looks_like_name(line.name)
        assert line.problem or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", line.name)


@given(st.lists(st.text(string.ascii_letters + string.digits + "+/", min_size=40, max_size=64), min_size=2, max_size=6))
def test_base_64_pasted_without_quotes_shows_none_of_its_lines(rows: list[str]) -> None:
    text = "A=" + "\n".join([*rows, rows[-1][:30] + "=="])
    shown = {line.name for line in dotenv.parse(text).lines}
    assert shown <= {"A", ""}
