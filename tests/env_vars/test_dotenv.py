"""The parser: what it understands, what it reports, and what is never shown as a name."""

import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.services.env_vars import dotenv
from portal.services.errors import Invalid

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7abc=="
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"


def parse_values(text: str) -> dict[str, str]:
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
def test_values(text: str, expected: dict[str, str]) -> None:
    assert parse_values(text) == expected


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("A='x'", "The quotes around it were removed."),
        ("A=x # y", "The text after # was removed as a comment. To keep it, put the value in quotes."),
        (f"A={KEY}", "All lines of this key are one value."),
    ],
)
def test_notices_about_a_value(text: str, notice: str) -> None:
    (line,) = dotenv.parse(text).lines
    assert line.notices == (notice,)


def test_of_a_repeated_name_the_last_value_counts() -> None:
    (line,) = dotenv.parse("A=1\nA=2\nA=3").lines
    assert (line.value, line.times) == ("3", 3)
    assert "3 times" in " ".join(dotenv.list_name_notices(line.name, line.times))


@pytest.mark.parametrize("name", ["NEXT_PUBLIC_X", "VITE_X", "REACT_APP_X"])
def test_a_public_prefix_has_a_notice(name: str) -> None:
    assert "every visitor" in " ".join(dotenv.list_name_notices(name, 1))


@pytest.mark.parametrize("name", ["1A", "A-B", "A.B", "", "A" * 129])
def test_invalid_names(name: str) -> None:
    assert dotenv.find_name_problem(name)


@pytest.mark.parametrize(
    ("value", "is_valid"), [("x" * 32_768, True), ("x" * 32_769, False), ("\x00", False), ("\ud800", False)]
)
def test_values_that_can_be_set(value: str, is_valid: bool) -> None:
    assert bool(dotenv.find_value_problem(value)) is not is_valid


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
def test_a_part_of_a_secret_is_never_a_name(text: str) -> None:
    for line in dotenv.parse(text).lines:
        assert line.name in {"", "A"}
    assert not dotenv.resembles_name(text.partition("=")[0]) or not parse_values(text) or "A" in parse_values(text)


def test_a_key_without_its_end_is_a_problem() -> None:
    (line,) = dotenv.parse("A=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nB=1").lines
    assert line.name == "A"
    assert "no END line" in line.problem


def test_lines_without_an_assignment_are_skipped_by_number() -> None:
    parsed = dotenv.parse("A=1\nwhat\n\nB=2\n'x")
    assert parsed.skipped == (2, 5)
    assert dotenv.describe_skipped(parsed.skipped) == "Lines 2, 5 skipped: expected NAME=value"
    assert dotenv.describe_skipped([4]) == "Line 4 skipped: expected NAME=value"
    assert dotenv.describe_skipped([]) == ""


@pytest.mark.parametrize(
    ("typed", "value", "notice"),
    [
        ("x", "x", ""),
        ("x\r\n", "x", "line break"),
        (" x", " x", "space"),
        ('"x"', '"x"', "quotes are part"),
        ("x\r\ny", "x\ny", ""),
    ],
)
def test_a_typed_value_is_taken_as_it_is(typed: str, value: str, notice: str) -> None:
    line = dotenv.read_pair(" A ", typed)
    assert (line.name, line.value) == ("A", value)
    assert notice in " ".join(line.notices)
    assert bool(line.notices) is bool(notice)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [("", "", "name"), ("1A", "x", "name"), ("A", "", "value"), ("A", "\n", "value"), ("A", "\x00", "value")],
)
def test_a_typed_pair_is_validated_by_field(name: str, value: str, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        dotenv.read_pair(name, value)
    assert set(raised.value.fields) == {field}


def test_the_repr_of_a_line_shows_no_value() -> None:
    assert "hunter2" not in repr(dotenv.parse("A=hunter2"))


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,14}", fullmatch=True)
VALUES = st.text(
    st.characters(min_codepoint=32, exclude_characters="'\\\x7f", exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
    max_size=60,
)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
@example({"A": "="})
def test_quoted_values_are_parsed_unchanged(values: dict[str, str]) -> None:
    text = "\n".join(f"export {name}='{value}'" for name, value in values.items())
    assert parse_values(text) == values


@given(st.text(max_size=300))
def test_any_text_can_be_parsed_and_shows_no_part_of_it(text: str) -> None:
    parsed = dotenv.parse(text)
    assert len({line.key for line in parsed.lines}) == len(parsed.lines)
    for line in parsed.lines:
        assert not line.name or dotenv.resembles_name(line.name)
        assert line.problem or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", line.name)


@given(st.lists(st.text(string.ascii_letters + string.digits + "+/", min_size=40, max_size=64), min_size=2, max_size=6))
def test_base64_without_quotes_shows_none_of_its_lines(rows: list[str]) -> None:
    text = "A=" + "\n".join([*rows, rows[-1][:30] + "=="])
    names = {line.name for line in dotenv.parse(text).lines}
    assert names <= {"A", ""}
