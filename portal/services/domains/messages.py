"""Messages of `portal.dns` in the reader's language: what was found and, if there is a fix, what to do."""

from django.utils.functional import Promise

from portal.dns import Message
from portal.services.domains.fixes import FIXES
from portal.services.domains.texts import TEXTS


def word_message(message: Message | None) -> str:
    """In the reader's language. Empty without a message."""
    return _fill(TEXTS[message.code], message) if message else ""


def word_fix(message: Message | None) -> str:
    """What to do about it, in the reader's language. Empty if there is nothing to do."""
    return _fill(FIXES[message.code], message) if message and message.code in FIXES else ""


def _fill(template: Promise, message: Message) -> str:
    return str(template) % {name: _word_value(value) for name, value in message.params.items()}


def _word_value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_word_value(each) for each in value)
    return word_message(value) if isinstance(value, Message) else str(value)
