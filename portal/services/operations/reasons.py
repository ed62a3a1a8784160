"""Why something is changed: asked of staff, offered to owners, shown to the customer."""

from django.utils.translation import gettext as _

from portal.permissions import Person
from portal.services import clean_text
from portal.services.operations.kinds import Kind

LONGEST = 500
LONGEST_NOTE = 2000


_READY: dict[Kind, tuple[str, ...]] = {
    Kind.ADD_DOMAIN: ("asked",),
    Kind.CREATE: ("asked",),
    Kind.DELETE_ENV: ("asked", "unused", "mistyped"),
    Kind.DELETE: ("asked", "unused", "test"),
    Kind.DETACH_DOMAIN: ("asked", "unused", "mistyped"),
    Kind.PROMOTE: ("asked", "tested", "fixed", "undo"),
    Kind.PUBLISH: ("asked", "news", "fixed"),
    Kind.REDEPLOY: ("env", "slow", "silent", "asked"),
    Kind.REDIRECT_DOMAIN: ("asked",),
    Kind.RENAME: ("asked",),
    Kind.SET_ENV: ("asked", "renewed", "fixed"),
    Kind.STOP: ("asked", "unused", "harm"),
}
_OTHERWISE = ("checkout", "content", "slow", "mistake")


def ready(kind: Kind = Kind.ROLL_BACK) -> tuple[tuple[str, str], ...]:
    """The ready reasons for a deed, as (key, sentence)."""
    sentences = _sentences()
    return tuple((key, sentences[key]) for key in _READY.get(kind, _OTHERWISE))


def _sentences() -> dict[str, str]:
    return {
        "asked": _("The customer asked for it"),
        "checkout": _("Checkout broken"),
        "content": _("Wrong content"),
        "env": _("Env vars have changed"),
        "fixed": _("Fixes what was broken"),
        "harm": _("It does harm"),
        "mistyped": _("It was mistyped"),
        "renewed": _("A key was renewed"),
        "mistake": _("Published by mistake"),
        "news": _("New content"),
        "silent": _("It does not answer"),
        "slow": _("Slow or failing"),
        "test": _("It was only a test"),
        "tested": _("Tested and approved"),
        "undo": _("The rollback is not needed any more"),
        "unused": _("Not used any more"),
    }


def is_required(by: Person) -> bool:
    """Staff act on somebody else's app, so they say why."""
    return by.is_staff


def read(choice: str, text: str, note: str, *, by: Person) -> tuple[str, str, dict[str, str]]:
    """The reason, the internal note (staff only), and what is wrong with them, by field."""
    chosen = _sentences().get(choice, "")
    written = clean_text.line(text, most=LONGEST + 1)
    reason = ": ".join(part for part in (chosen, written) if part)
    internal = clean_text.line(note, most=LONGEST_NOTE) if by.is_staff else ""
    problems = {}
    if is_required(by) and not reason:
        problems["reason"] = _("Say why, in a few words; the customer will read it.")
    elif len(reason) > LONGEST:
        problems["reason"] = _("Please keep the reason below %(most)s characters.") % {"most": LONGEST}
    return reason, internal, problems
