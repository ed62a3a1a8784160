"""The parser of a pasted file: what it understands, and that it accounts for every line."""

import io
import re
import string
import time

import dotenv as python_dotenv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.services.env_vars import dotenv, lines
from portal.services.env_vars.lines import Line
from portal.services.errors import Invalid

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7abc=="
KEY = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"
CERT = f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----"
LEGACY_KEY = KEY.replace("KEY-----\nMII", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0B9A\n\nMII")


def parse_values(text: str) -> dict[str, str]:
    """What is set: names and values of the lines without a problem."""
    return {line.name: line.value for line in dotenv.parse(text).lines if not line.problem}


def parse_one(text: str) -> Line:
    (line,) = dotenv.parse(text).lines
    return line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("A = 1 ", {"A": "1"}),
        ("export A=1", {"A": "1"}),
        ("export\tA=1", {"A": "1"}),
        ("export=1", {"export": "1"}),
        ("A='x y'", {"A": "x y"}),
        ('A="x y"', {"A": "x y"}),
        ('A=`it\'s "x"`', {"A": 'it\'s "x"'}),
        ("A=`one\ntwo`\nB=1", {"A": "one\ntwo", "B": "1"}),
        ('A="x\\ny"', {"A": "x\ny"}),
        ('A="\\"x\\"\\t\\\\n"', {"A": '"x"\t\\n'}),
        ('A="C:\\dir \\$x"', {"A": "C:\\dir \\$x"}),
        ("A='x\\ny'", {"A": "x\\ny"}),
        ("A='q\\\\w7'", {"A": "q\\\\w7"}),
        ("A='it\\'s'", {"A": "it's"}),
        ("A='C:\\dir\\'\nB='x'", {"A": "C:\\dir\\", "B": "x"}),
        ("A=x\\ny", {"A": "x\\ny"}),
        ("A=x # told", {"A": "x"}),
        ("A=x\t# told", {"A": "x"}),
        ("A= # told", {"A": ""}),
        ("A='x'#told", {"A": "x"}),
        ("A='x # y'", {"A": "x # y"}),
        ("A=x#y", {"A": "x#y"}),
        ("A=#y", {"A": "#y"}),
        ("A=it's", {"A": "it's"}),
        ("# only told\n\nA=1", {"A": "1"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=1\rB=2", {"A": "1", "B": "2"}),
        ('A="1\r\n2"', {"A": "1\n2"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=", {"A": ""}),
        ("DATABASE_PASSWORD=", {"DATABASE_PASSWORD": ""}),
        ("smtpPassword=\nA=1", {"smtpPassword": "", "A": "1"}),
        ("A=x=y==", {"A": "x=y=="}),
        ('A="one\ntwo\nthree"\nB=1', {"A": "one\ntwo\nthree", "B": "1"}),
        ("\ufeffA=1\n\ufeffB=2\n\u00a0C=3", {"A": "1", "B": "2", "C": "3"}),
        ("A\u200b=1\nexport\u00a0B=2", {"A": "1", "B": "2"}),
        ("A=${B}-$C", {"A": "${B}-$C"}),
        ("A=pa\\$x$$", {"A": "pa\\$x$$"}),
        ("A=\u00a0x\u200by\u00a0", {"A": "\u00a0x\u200by\u00a0"}),
        ("A=\u201cx\u201d", {"A": "\u201cx\u201d"}),
        ('A={"x": "y"}', {"A": '{"x": "y"}'}),
        ("A=ümlaut ☃", {"A": "ümlaut ☃"}),
        ("firebaseMessagingSenderId=1", {"firebaseMessagingSenderId": "1"}),
        ("security__staffDeviceVerification=1", {"security__staffDeviceVerification": "1"}),
        (f"A={KEY}\nB=1", {"A": KEY, "B": "1"}),
        (f'A="{KEY}"\nB=1', {"A": KEY, "B": "1"}),
        (f"A='{KEY}\n{CERT}'\nB=1", {"A": f"{KEY}\n{CERT}", "B": "1"}),
        (f'A="{CERT}\n\n{CERT}"\nB=1', {"A": f"{CERT}\n\n{CERT}", "B": "1"}),
        (f"A={CERT}\n{CERT}\nB=1", {"A": f"{CERT}\n{CERT}", "B": "1"}),
        (f"A={CERT}\n\n{CERT}\nB=1", {"A": f"{CERT}\n\n{CERT}", "B": "1"}),
        (f"A={CERT}\n# the issuer\n{CERT}\n\nB=1", {"A": f"{CERT}\n{CERT}", "B": "1"}),
        (f"A={LEGACY_KEY}\nB=1", {"A": LEGACY_KEY, "B": "1"}),
        ("```env\nA=1\n```", {"A": "1"}),
        ("[app]\nA=1\n[db]\nB=2\n-----\nC=3", {"A": "1", "B": "2", "C": "3"}),
        ("A=1\n\u200b\n\x1a", {"A": "1"}),
        ("A=[\n[x]\n]", {}),
        ("A='x'; B='y'", {}),
        ("A=1; export B=2", {"A": "1; export B=2"}),
        ("no assignment", {}),
    ],
)
def test_values(text: str, expected: dict[str, str]) -> None:
    assert parse_values(text) == expected


@pytest.mark.parametrize(
    ("text", "notices"),
    [
        ("A='x'", ["The quotes around it were removed."]),
        ("A=`x`", ["backticks around it were read as quotes"]),
        ("A=x # y", ["The text after # was removed as a comment. To keep it, put the value in quotes."]),
        ("A=x#y", ["# is part of the value"]),
        (f"A={KEY}", ["All lines of this key are one value."]),
        ('A="x\ny"', ["quotes", "All lines within the quotes are one value."]),
        ("A=\\$x", ["References to other env vars are not replaced"]),
        ("A=${X}", ["References to other env vars are not replaced"]),
        ("A=$'x\\ty' ", ["The quote at its end", "References to other env vars are not replaced"]),
        ('A="$X"', ["quotes", "References to other env vars are not replaced"]),
        ("A=\u2018x", ["typographic quotes"]),
        ("A=x\u200b", ["invisible characters"]),
        ("A=x\u00a0y", ["special spaces"]),
        ("A=x\u2028y", ["special spaces"]),
        ("A=x\x1by", ["invisible characters"]),
        ("A='it\\'s'", ["quotes", "\\' was replaced"]),
        ('A="\\t"', ["quotes", "were replaced by the characters"]),
        ('A="\\d"', ["quotes", "Other backslashes"]),
        ("A=x\\ny", ["\\n is kept as two characters"]),
        ('A=x"', ["The quote at its end is part of the value."]),
        ("A=x", []),
        ('A="x\\ny"', ["quotes"]),
    ],
)
def test_notices_about_a_value(text: str, notices: list[str]) -> None:
    found = parse_one(text).notices
    assert len(found) == len(notices)
    assert all(part in notice for part, notice in zip(notices, found, strict=True))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A=1\n\nwhat", "Line 3 skipped: expected NAME=value"),
        ("B=1\n\nwhat\nwhat\n\nwhat", "Lines 3–4, 6 skipped: expected NAME=value"),
        ("# one\nA=1\n# two", "Lines 1, 3 skipped: a comment"),
        ("PORT: 80", "Line 1 skipped: it has a colon, expected NAME=value"),
        ("export A", "Line 1 skipped: there is no = after the name"),
        ("A\uff1d1", "Line 1 skipped: its equals sign is not the usual one, expected NAME=value"),
        ("set A=1", "Line 1 skipped: expected NAME=value"),
        ("'A'=1", "Line 1 skipped: expected NAME=value"),
        ("A\u200bB=1", "Line 1 skipped: expected NAME=value"),
        (KEY, "Lines 1–4 skipped: a key or certificate without a name"),
        (KEY.split("\n", 1)[1], "Lines 1–3 skipped: expected NAME=value"),
    ],
)
def test_a_skipped_line_has_its_number_and_a_reason(text: str, reason: str) -> None:
    assert dotenv.parse(text).skipped == (reason,)


@pytest.mark.parametrize(
    ("text", "numbers", "reason"),
    [
        ('A="x', (1, 1), "Its quote isn't closed."),
        ("A='''x\ny'''", (1, 1), "There is text after its closing quote."),
        ('A="x" y', (1, 1), "There is text after its closing quote."),
        ("A={\n  apiKey: 'x',\n}", (1, 1), "couldn't be read"),
        ('A={\n\n"x": "a=b"\n}', (1, 1), "couldn't be read"),
        ("A=[\n1,\n]", (1, 1), "couldn't be read"),
        ("A=x \\\n-y", (1, 1), "couldn't be read"),
        (f"A={BODY}", (1, 1), "couldn't be read"),
        ("A=hunter\n2&x=y", (1, 1), "couldn't be read"),
        (f"A={CERT}\n0 s:CN\n{CERT}", (1, 4), "couldn't be read"),
        ("A=-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nB_=1", (1, 2), "no END line"),
        (f"A={KEY}\n-----BEGIN CERTIFICATE-----\nMIIE", (1, 6), "no END line"),
        ("A=<<EOF\nB=1\nEOF", (1, 3), "Here-documents are not supported"),
        ("A=$(cat <<'END'\nEND\n", (1, 2), "Here-documents are not supported"),
    ],
)
def test_a_value_that_is_not_whole_is_not_set(text: str, numbers: tuple[int, int], reason: str) -> None:
    line = dotenv.parse(text).lines[0]
    assert (line.name, line.number, line.last) == ("A", *numbers)
    assert reason in line.problem
    assert "A" not in parse_values(text)


def test_an_unfinished_bracket_is_not_set_although_a_line_within_it_is_an_assignment() -> None:
    assert parse_values("A={\nx=1\n}\nB=2") == {"B": "2"}


def test_lines_below_an_unclosed_quote_are_read_but_have_to_be_confirmed() -> None:
    text = 'LOG_LEVEL="debug\nDEBUG=1\n\nSITE_NAME="x"\nPORT=8080'
    found = {line.name: (line.number, line.problem, line.doubt) for line in dotenv.parse(text).lines}
    doubt = "The lines below it were read as env vars of their own."
    assert found == {
        "LOG_LEVEL": (1, "Its quote isn't closed.", doubt),
        "DEBUG": (2, "", ""),
        "SITE_NAME": (4, "", ""),
        "PORT": (5, "", ""),
    }


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ('A="x\nB=1\nC="\nD=2', "Lines 2–3 look like env vars of their own. Is a quote missing on line 1?"),
        ("A='x\n\nexport B=1'", "Line 3 looks like an env var of its own. Is a quote missing on line 1?"),
        ("A=`x\nB_KEY='1'`", "Line 2 looks like an env var of its own. Is a quote missing on line 1?"),
        ('A="x\n2FA_KEY=1"', "Line 2 looks like an env var of its own. Is a quote missing on line 1?"),
        ('A="x\nB\u200b=1"', "Line 2 looks like an env var of its own. Is a quote missing on line 1?"),
        (f'A="{KEY}\nB=1"', "Line 5 looks like an env var of its own. Is a quote missing on line 1?"),
        (f'A="{KEY}\n{CERT}"', ""),
        ('A="{\n  \\"url\\": \\"http://x?a=b\\"\n}"', ""),
        ('A="x"\nB=1', ""),
        ('B=1\nA="x', ""),
    ],
)
def test_a_quoted_value_over_lines_that_resemble_assignments_has_to_be_confirmed(text: str, doubt: str) -> None:
    (line,) = (line for line in dotenv.parse(text).lines if line.name == "A")
    assert line.doubt == doubt


def test_of_a_repeated_name_the_last_value_counts() -> None:
    line = parse_one("A=1\nA=2\nA=3")
    assert (line.value, line.number, line.earlier) == ("3", 3, (1, 2))
    assert parse_one("A='1\n2'\nA=3").earlier == (1, 2)


def test_a_repeated_name_is_not_set_if_its_last_value_can_not_be_read() -> None:
    assert parse_values('A=1\nA="2') == {}


SECRETS = [
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
    "A={\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC: 1\n}",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_part_of_a_secret_is_never_a_name_or_in_a_reason(text: str) -> None:
    parsed = dotenv.parse(text)
    assert {line.name for line in parsed.lines} <= {"", "A"}
    shown = " ".join((*parsed.skipped, *(line.problem + line.doubt + " ".join(line.notices) for line in parsed.lines)))
    assert not [word for word in re.findall(r"[A-Za-z0-9]{6,}", text) if word in shown]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\n" * 120_000, "at most 5000 lines"),
        ("A=1\r" * 5000, "at most 5000 lines"),
        ("A=" + "x" * 1_000_000, "at most 500000 characters"),
        ("\n".join(f"A{number}=1" for number in range(201)), "at most 200 env vars"),
        ("A\x00=\x001\x00", "UTF-16"),
        ("what", "No line has the form"),
        ("", "No line has the form"),
    ],
)
def test_a_file_has_limits(text: str, message: str) -> None:
    with pytest.raises(Invalid) as raised:
        dotenv.read_file(text)
    assert message in raised.value.fields["pasted"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["A=-----BEGIN X-----\nMIIE"] * 2000),
        "A=" + "-----BEGIN X-----\nMIIE\n-----END X-----\n" * 1600,
        "\n".join(['A="x'] * 4990),
        "\n".join(["A={"] * 4990),
        "\n".join(["A=<<EOF"] * 4990),
        "A='" + "\\' " * 160_000,
        "A=" + " " * 490_000 + "x",
        "A=-----BEGIN X-----\n" + " " * 490_000 + "!",
        "A=" + '"' * 490_000,
    ],
    ids=["keys", "chain", "quotes", "brackets", "here", "escapes", "spaces", "key", "long"],
)
def test_no_file_within_the_limits_takes_long(text: str) -> None:
    """Each takes less than 0.2 s. With a rule that is quadratic, the shortest takes a minute."""
    started_at = time.process_time()
    dotenv.read_file(text)
    assert time.process_time() - started_at < 5


@pytest.mark.parametrize(
    ("typed", "value", "notice"),
    [
        ("x", "x", ""),
        ("x\r\n", "x", "line break"),
        (" x", " x", "space"),
        ('"x"', '"x"', "quotes are part"),
        ("`x`", "`x`", "quotes are part"),
        ("${X}", "${X}", "References"),
        ("x\r\ny", "x\ny", ""),
    ],
)
def test_a_typed_value_is_taken_as_it_is(typed: str, value: str, notice: str) -> None:
    line = dotenv.read_pair(" \u200bA\ufeff ", typed)
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


def test_a_name_that_resembles_a_secret_can_be_confirmed() -> None:
    name = "x7f3a9c2e8b1d4a6f0c5e9b2d7"
    with pytest.raises(Invalid) as raised:
        dotenv.read_pair(name, "1")
    assert "looks like a secret" in raised.value.fields["name"]
    assert dotenv.read_pair(name, "1", is_name=True).problem == ""


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,14}", fullmatch=True)
PRINTABLE = st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs", "Cc", "Zl", "Zp"])
VALUES = st.text(PRINTABLE.filter(lambda letter: letter not in "'\\"), max_size=60)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
@example({"A": "="})
def test_quoted_values_are_parsed_unchanged(values: dict[str, str]) -> None:
    text = "\n".join(f"export {name}='{value}'" for name, value in values.items())
    assert parse_values(text) == values


@st.composite
def agreed_files(draw: st.DrawFn) -> str:
    """Files of the subset that the dialects read alike."""
    plain = st.text(st.sampled_from("abXY09.,:;/+-_@%&?!*()[]<>|~^= "), max_size=20).map(str.strip)
    unquoted = plain.filter(lambda text: not text.endswith(("=", "[", "(")) and "<<" not in text)
    single = plain.map(lambda text: f"'{text} # \"`'")
    double = st.lists(st.sampled_from(["x", " ", "# ", "'", "`", "\\n", "\\t", '\\"', "\\\\", "\n", "é"]), max_size=12)
    value = st.one_of(unquoted, single, double.map(lambda parts: '"' + "".join(parts) + '"'))
    assignment = st.tuples(st.sampled_from(["", "export ", "  "]), NAMES, st.sampled_from(["=", " = "]), value).map(
        "".join
    )
    comment = st.sampled_from(["", "# told", "  # A=1", "   "])
    ending = st.sampled_from(["\n", "\r\n"])
    return "".join(draw(st.lists(st.tuples(assignment | comment, ending).map("".join), max_size=8)))


@given(agreed_files())
def test_the_common_subset_is_read_as_python_dotenv_reads_it(text: str) -> None:
    expected = python_dotenv.dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False)
    assert parse_values(text) == {name: (value or "").replace("\r\n", "\n") for name, value in expected.items()}


FRAGMENTS = [
    "A=",
    "b",
    "=",
    '"',
    "'",
    "`",
    "\\",
    "#",
    " ",
    "\n",
    "{",
    "}",
    "-----BEGIN X-----",
    "-----END X-----",
    "<<E",
    "E",
]


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)))
def test_any_text_can_be_parsed_and_each_of_its_lines_is_accounted_for(text: str) -> None:
    parsed = dotenv.parse(text)
    assert len({line.key for line in parsed.lines}) == len(parsed.lines)
    for line in parsed.lines:
        assert not line.name or lines.resembles_name(line.name)
        assert line.problem or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", line.name)
    covered = {number for line in parsed.lines for number in (*range(line.number, line.last + 1), *line.earlier)}
    for first, last in re.findall(r"(\d+)(?:–(\d+))?(?=[\d–, ]* skipped)", " ".join(parsed.skipped)):
        covered |= set(range(int(first), int(last or first) + 1))
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert {
        number for number, row in enumerate(rows, 1) if row.strip("\ufeff\u200b\x1a" + string.whitespace)
    } <= covered


@given(st.lists(st.text(string.ascii_letters + string.digits + "+/", min_size=40, max_size=64), min_size=2, max_size=6))
def test_base64_without_quotes_shows_none_of_its_lines_and_is_not_set(rows: list[str]) -> None:
    text = "A=" + "\n".join([*rows, rows[-1][:30] + "=="])
    assert {line.name for line in dotenv.parse(text).lines} == {"A"}
    assert parse_values(text) == {}
