"""Words of open sets that the hosting service sends: states, kinds and the like (docs/rules.md, 9 and 11).

Staff see what it sent. Customers see the words that this portal knows, and `OTHER` for every other one, which may be
anything; pages translate both.
"""

from collections.abc import Collection
from functools import lru_cache

from django.conf import settings

from portal.permissions import Person
from portal.services import log_text

OTHER = "other"

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
    if by.is_staff or not word or word in known:
        return word
    return word.lower() if word.lower() in known else OTHER


def show_text(text: str, *, by: Person) -> str:
    """`text` for staff; for customers without what names the hosting service. For names, paths and commands."""
    return text if by.is_staff else _scrub(text, settings.MIOSA.base_url)


@lru_cache(maxsize=4096)
def _scrub(text: str, _base_url: str) -> str:
    """A long list repeats few names. What is hidden depends on the address of the hosting service."""
    return log_text.scrub(text)
