"""What a terminal reads besides text: control characters and escape sequences (ECMA-48), also cut and broken ones."""

from __future__ import annotations

import re

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_END = r"(?:\x07|\x1b\\|\x9c)"

# Text with its line feeds, then whatever moves the cursor or sets a style.
TEXT = r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]+"
CSI = r"(?:\x1b\[|\x9b)(?P<codes>[0-?]*)(?P<inner>[ -/]*)(?P<final>[@-~])"
LINK = rf"(?:\x1b\]|\x9d)8;[^;{_CONTROL}]*;(?P<link>[^{_CONTROL}]*){_END}"

# What no terminal shows: titles, images and other strings, unknown sequences, and sequences that were cut. A string
# whose end is missing goes to the end of its line if an escape sequence began it; a single character from 0x80 to 0x9f
# is more likely to be text in a wrong encoding.
DROPPED = (
    rf"(?:\x1b\]|\x9d)[^{_CONTROL}]*{_END}"
    r"|\x1b[PX^_][^\x18\x1a\x1b\x9c]*(?:\x1b\\|\x9c)"
    rf"|\x1bk[^{_CONTROL}]*\x1b\\"
    rf"|\x1b[\]PX^_][^{_CONTROL}]*"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
TOKENS = re.compile(
    rf"(?P<text>{TEXT})|{CSI}|(?P<move>\r+|\x08+|\t+|[\x0b\x0c\x84\x85])|{LINK}|\x1b(?P<escape>[78DEMc])|{DROPPED}"
)
ANY_SEQUENCE = re.compile(rf"{CSI}|{LINK}|{DROPPED}")

# A control character within a sequence acts as if it stood before the sequence. Only where the rest is sure to be one:
# after a sequence that was cut at the end of a line, the next line is text.
_INTERRUPTED = re.compile(
    r"\x1b(?:\[[0-9;:]*+[\x00-\x17\x19\x1c-\x1f]++[0-9;:]++|[\x00-\x17\x19\x1c-\x1f]++\[[0-9;:]*+)[mKGJ]"
)
_CONTROLS = re.compile(r"[\x00-\x17\x19\x1c-\x1f]+")
_LINE_ENDS = re.compile(r"(?<!\r)\r+\n")

# Characters without a width, which would split a word that is searched for (Unicode's Default_Ignorable_Code_Point),
# and marks of direction. Emoji and scripts other than Latin need joiners and variants.
_NEEDED = "\u200c\u200d\ufe0e\ufe0f"
_INVISIBLE = re.compile(
    rf"(?<![^\x00-\x7f])[{_NEEDED}]|[{_NEEDED}](?=[\x21-\x7e])"
    "|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SEPARATORS = re.compile("[\u2028\u2029]")


def normalize(text: str) -> str:
    """With the ends of lines as line feeds, sequences in one piece, and no invisible characters."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = _INVISIBLE.sub("", _SEPARATORS.sub(" ", text))
    return _INTERRUPTED.sub(_put_controls_first, text)


def _put_controls_first(found: re.Match[str]) -> str:
    return "".join(_CONTROLS.findall(found[0])) + _CONTROLS.sub("", found[0])
