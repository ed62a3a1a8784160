"""Why something is changed: asked of staff, offered to owners, shown to the customer."""

from django.utils.translation import gettext as _

from portal.access import Person
from portal.services.remembering import texts

LONGEST = 500
LONGEST_NOTE = 2000


def ready() -> tuple[tuple[str, str], ...]:
    """The ready reasons, as (key, sentence)."""
    return (
        ("checkout", _("Checkout broken")),
        ("content", _("Wrong content")),
        ("slow", _("Slow or failing")),
        ("mistake", _("Published by mistake")),
    )


def is_required(by: Person) -> bool:
    """Staff act on somebody else's app, so they say why."""
    return by.is_staff


def read(choice: str, text: str, note: str, *, by: Person) -> tuple[str, str, dict[str, str]]:
    """The reason, the internal note (staff only), and what is wrong with them, by field."""
    chosen = dict(ready()).get(choice, "")
    written = texts.line(text, most=LONGEST + 1)
    reason = ": ".join(part for part in (chosen, written) if part)
    internal = texts.line(note, most=LONGEST_NOTE) if by.is_staff else ""
    problems = {}
    if is_required(by) and not reason:
        problems["reason"] = _("Say why, in a few words; the customer will read it.")
    elif len(reason) > LONGEST:
        problems["reason"] = _("Please keep the reason below %(most)s characters.") % {"most": LONGEST}
    return reason, internal, problems
