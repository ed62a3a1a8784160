"""Values as they are written in a .env file: quotes, escapes and comments.

What the dialects say: dotenv of Node <https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow>,
Docker Compose <https://docs.docker.com/reference/compose-file/interpolation/> and
<https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>, and
python-dotenv <https://github.com/theskumar/python-dotenv#file-format>.
"""

import re

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.services.env_vars.lines import list_value_notices

QUOTES = ("'", '"', "`")
# What may follow a closing quote.
REST_OF_ROW = re.compile(r"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")

_PIECES = {quote: re.compile(rf"\\.|{quote}", re.DOTALL) for quote in QUOTES}
_COMMENT = re.compile(r"(?<=[ \t])#")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
# Which escapes all three dialects replace.
_AGREED_ESCAPES = "nr"


def find_closing_quote(text: str, opening: int) -> int:
    """The position of the quote that closes the one at `opening`; -1 if there is none.

    A backslash escapes a quote. But single quotes are literal, so one at the end of a row closes: 'C:\\dir\\'.
    """
    quote = text[opening]
    for piece in _PIECES[quote].finditer(text, opening + 1):
        if piece[0] == quote:
            return piece.start()
        if quote == "'" and piece[0] == "\\'" and REST_OF_ROW.match(text, piece.end()):
            return piece.end() - 1
    return -1


@sensitive_variables()
def unquote(written: str) -> tuple[str, tuple[str, ...]]:
    """The value of text with its quotes, and notices about it."""
    quote, inner = written[0], written[1:-1]
    notices = [_("The quotes around it were removed.")]
    if quote == "`":
        notices = [_("The backticks around it were read as quotes and removed.")]
    value = inner
    if quote == '"':
        value = _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[0]), inner)
        notices += _list_escape_notices(inner)
    elif quote == "'":
        value = _ESCAPE.sub(lambda match: "'" if match[1] == "'" else match[0], inner)
        if value != inner:
            notices.append(_("\\' was replaced by '."))
        if "\\n" in value:
            notices.append(_("\\n is kept as two characters. For a line break, use double quotes."))
    if "\n" in written:
        notices.append(_("All lines within the quotes are one value."))
    return value, (*notices, *list_value_notices(value))


@sensitive_variables()
def strip_comment(written: str) -> tuple[str, tuple[str, ...]]:
    """The value of text without quotes, and notices about it. Only a # after a space begins a comment."""
    match = _COMMENT.search(written)
    value = (written[: match.start()] if match else written).strip(" \t")
    notices = []
    if match:
        notices.append(_("The text after # was removed as a comment. To keep it, put the value in quotes."))
    if "#" in value:
        notices.append(_("# is part of the value, since there is no space before it."))
    if "\\n" in value:
        notices.append(_("\\n is kept as two characters. For a line break, use double quotes."))
    if value.endswith(QUOTES):
        notices.append(_("The quote at its end is part of the value."))
    return value, (*notices, *list_value_notices(value))


@sensitive_variables()
def clean_typed(value: str) -> tuple[str, tuple[str, ...]]:
    """The value of a form field, and notices about it."""
    notices = []
    clean = value.replace("\r\n", "\n")
    if clean.endswith("\n"):
        clean = clean.rstrip("\n")
        notices.append(_("The line break at its end was removed."))
    if len(clean) > 1 and clean[0] == clean[-1] and clean[0] in QUOTES:
        notices.append(_("The quotes are part of the value."))
    elif clean != clean.strip():
        notices.append(_("The space at its start or end is part of the value."))
    return clean, (*notices, *list_value_notices(clean))


def _list_escape_notices(inner: str) -> list[str]:
    escaped = set(_ESCAPE.findall(inner))
    notices = []
    if escaped & set(_ESCAPED) - set(_AGREED_ESCAPES):
        notices.append(_('\\t, \\" and \\\\ were replaced by the characters that they stand for.'))
    if escaped - set(_ESCAPED):
        notices.append(_("Other backslashes are part of the value."))
    return notices
