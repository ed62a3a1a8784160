"""The reason for a change: required from staff, optional for owners, shown to the customer."""

from django.utils.translation import gettext as _

from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import Invalid

LONGEST = 500
LONGEST_NOTE = 2000


def list_reasons(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Ready-made reasons as (key, sentence)."""
    sentences = get_sentences()
    return tuple((key, sentences[key]) for key in keys)


def get_sentences() -> dict[str, str]:
    return {
        "asked": _("Requested by the customer"),
        "checkout": _("Checkout broken"),
        "content": _("Wrong content"),
        "env": _("Env vars changed"),
        "fixed": _("Fixes a problem"),
        "harm": _("Causes problems"),
        "mistake": _("Published by mistake"),
        "mistyped": _("Typo"),
        "news": _("New content"),
        "renewed": _("Key rotated"),
        "silent": _("Not responding"),
        "slow": _("Slow or failing"),
        "test": _("Only a test"),
        "tested": _("Tested and approved"),
        "undo": _("Rollback no longer needed"),
        "unused": _("No longer used"),
    }


def is_required(by: Person) -> bool:
    """Staff change a customer's app, so they have to give a reason."""
    return by.is_staff


def read_reason(choice: str, text: str, *, by: Person) -> str:
    """The ready-made reason and what was typed, as one line. Raises Invalid."""
    parts = (get_sentences().get(choice, ""), clean_text.clean_line(text, most=LONGEST + 1))
    reason = ": ".join(part for part in parts if part)
    if is_required(by) and not reason:
        raise Invalid({"reason": _("Enter a reason. The customer sees it.")})
    if len(reason) > LONGEST:
        raise Invalid({"reason": _("A reason can have at most %(most)s characters.") % {"most": LONGEST}})
    return reason


def read_note(note: str, *, by: Person) -> str:
    """The internal note. Only staff write one."""
    return clean_text.clean_line(note, most=LONGEST_NOTE) if by.is_staff else ""
