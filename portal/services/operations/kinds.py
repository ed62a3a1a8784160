"""What can be asked of MIOSA."""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from portal.permissions import Permission


class Kind(StrEnum):
    """An operation's verb, in alphabetical order."""

    ADD_DOMAIN = "add_domain"
    CREATE = "create"
    DELETE = "delete"
    DELETE_ENV = "delete_env"
    DETACH_DOMAIN = "detach_domain"
    PROMOTE = "promote"
    PUBLISH = "publish"
    REDEPLOY = "redeploy"
    RENAME = "rename"
    REDIRECT_DOMAIN = "redirect_domain"
    ROLL_BACK = "roll_back"
    SET_ENV = "set_env"
    STOP = "stop"
    VERIFY_DOMAIN = "verify_domain"


POINTER = "pointer"
ENV = "env"
DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Rule:
    """`slow`: carried out by the worker, up to 60 s; else in the request, up to 10 s (contract 1).

    `repeatable`: doing it twice has the effect of doing it once, so that it may be repeated even without idempotency
    upstream, and what is not there a minute later will not come any more.
    `moves_pointer`: it makes `target` live, so reading tells whether it happened.
    `minds_live`: it was asked in view of what was live; if that has changed just before sending, nothing is sent.
    """

    right: Permission
    lane: str = POINTER
    slow: bool = False
    repeatable: bool = True
    moves_pointer: bool = False
    minds_live: bool = False

    @property
    def deadline_s(self) -> float:
        return 60.0 if self.slow else 10.0


RULES: dict[Kind, Rule] = {
    # A domain's lane is its own: the wish names it ("domain:<name>").
    Kind.ADD_DOMAIN: Rule(Permission.ADD_DOMAIN, lane=DOMAIN),
    Kind.CREATE: Rule(Permission.CREATE_DEPLOYMENT, repeatable=False),
    Kind.DELETE: Rule(Permission.DELETE_DEPLOYMENT),
    Kind.DELETE_ENV: Rule(Permission.SET_ENV, lane=ENV),
    Kind.DETACH_DOMAIN: Rule(Permission.DETACH_DOMAIN, lane=DOMAIN),
    Kind.PROMOTE: Rule(Permission.PROMOTE, moves_pointer=True, minds_live=True),
    Kind.PUBLISH: Rule(Permission.PUBLISH, slow=True, repeatable=False, minds_live=True),
    Kind.REDEPLOY: Rule(Permission.REDEPLOY, slow=True, repeatable=False, minds_live=True),
    Kind.REDIRECT_DOMAIN: Rule(Permission.ADD_DOMAIN, lane=DOMAIN),
    Kind.RENAME: Rule(Permission.RENAME_DEPLOYMENT, lane="name"),
    Kind.ROLL_BACK: Rule(Permission.ROLL_BACK, moves_pointer=True, minds_live=True),
    Kind.SET_ENV: Rule(Permission.SET_ENV, lane=ENV),
    Kind.STOP: Rule(Permission.STOP, minds_live=True),
    Kind.VERIFY_DOMAIN: Rule(Permission.VERIFY_DOMAIN, lane=DOMAIN),
}


def is_main(environment: str) -> bool:
    """Only the first environment has a live pointer that MIOSA tells of (docs/architecture.md)."""
    return environment in {"", settings.MIOSA.environments[0]}
