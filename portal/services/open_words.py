"""Words of open sets that the hosting service sends: states, kinds and the like (docs/rules.md, 9 and 11).

Staff see what it sent. Customers see the words that this portal knows, and `OTHER` for every other one, which may be
anything; pages translate both.
"""

from collections.abc import Collection
from functools import lru_cache

from django.conf import settings

from portal.permissions import Person
from portal.services import clean_text, log_text

OTHER = "other"
_LONGEST = 4000

BUILD_STATES = frozenset({"building", "cancelled", "canceled", "failed", "queued", "succeeded", "error"})
DEPLOYMENT_STATES = frozenset({"active", "building", "error", "failed", "pending", "running", "stopped"})
DOMAIN_STATES = frozenset({"active", "failed", "pending", "removed", "verified", "verifying"})
INSTANCE_STATES = frozenset({
    *("destroyed", "error", "failed", "healthy", "pending", "provisioning", "running", "starting", "stopped"),
    *("stopping", "unhealthy"),
})  # fmt: skip
REDIRECT_POLICIES = frozenset({"apex_to_www", "none", "www_to_apex"})
SANDBOX_STATES = frozenset({"creating", "error", "failed", "paused", "pending", "provisioning", "running", "stopped"})
SOURCES = frozenset({"forge", "git", "repo", "sandbox", "upload"})
VERSION_KINDS = frozenset({"dynamic", "sandbox_backed", "static"})
VERSION_STATES = frozenset({"archived", "building", "created", "failed", "ready"})


def show_word(word: str, known: Collection[str], *, by: Person) -> str:
    """`word` for staff; for customers only if it is one of `known`, or empty."""
    if not word or word in known:
        return word
    if by.is_staff:
        return _clean(word)
    return word.lower() if word.lower() in known else OTHER


def show_text(text: str, *, by: Person) -> str:
    """One line of text, without control characters; for customers also without what names the hosting service.

    For names, paths and commands.
    """
    return _clean(text) if by.is_staff else show_text_to_customers(text)


def show_text_to_customers(text: str) -> str:
    """The same for somebody who has no account yet."""
    return _scrub(text, settings.MIOSA.base_url)


# A long list repeats few texts.


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    return text if text.isprintable() else clean_text.clean_line(text, most=_LONGEST)


@lru_cache(maxsize=4096)
def _scrub(text: str, _base_url: str) -> str:
    """What is hidden depends on the address of the hosting service."""
    return log_text.scrub(_clean(text))
