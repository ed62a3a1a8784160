"""What a person submits with a form, and the form's signed token.

A token is one human action, created with the form, good for one person, target and 12 hours.
"""

import uuid
from dataclasses import dataclass, replace

from django.core import signing
from django.utils.translation import gettext as _

from portal.permissions import Person
from portal.services.errors import ServiceError

MAX_AGE_S = 12 * 3600
_SALT = "operation"


class BadToken(ServiceError):
    """The token is another person's, changed, too old, or for another target: 400, and nothing is sent."""

    def __init__(self) -> None:
        super().__init__(
            _("This form is no longer valid. Nothing was sent; open it again and check before you confirm.")
        )


@dataclass(frozen=True, slots=True)
class Token:
    """What a form was opened for. `id` becomes the operation's key.

    `deployment_id`, `target_id` and `seen_live_id` are MIOSA's; the last is what was live when the form was opened.
    """

    id: uuid.UUID
    kind: str
    customer_id: int
    deployment_id: str
    target_id: str = ""
    seen_live_id: str = ""

    def for_new_deployment(self) -> "Token":
        """A new deployment has no id yet; one made from the action's own key gives it a lane of its own."""
        return replace(self, deployment_id=f"new:{self.id.hex}")

    def without_target(self) -> "Token":
        """Where the target is no version: the operation's `target_id` names versions only."""
        return replace(self, target_id="", seen_live_id="")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form acts on: it must be the same when the form is opened and when it is sent."""

    kind: str
    customer_id: int
    deployment_id: str
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person submitted. `choice` is the key of a ready-made reason, `reason` the typed one.

    `override` is the key of an unfinished operation to override.
    """

    token: str
    choice: str = ""
    reason: str = ""
    note: str = ""
    environment: str = ""
    override: str = ""


def create_token(subject: Subject, *, by: Person, seen_live_id: str = "", key: uuid.UUID | None = None) -> str:
    """Signed text for a hidden field; with a fresh id, unless the action has its `key` already."""
    action = (key or uuid.uuid4()).hex
    facts = [action, subject.kind, subject.customer_id, subject.deployment_id, subject.target_id, seen_live_id]
    return signing.dumps([by.id, *facts], salt=_SALT)


def read_token(text: str, subject: Subject, *, by: Person) -> Token:
    """The token of a submitted form. Raises BadToken unless it was created for this person and subject."""
    try:
        person_id, action, *facts, seen_live_id = signing.loads(text, salt=_SALT, max_age=MAX_AGE_S)
        key = uuid.UUID(hex=action)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadToken from None
    expected = [subject.kind, subject.customer_id, subject.deployment_id, subject.target_id]
    if person_id != by.id or facts != expected:
        raise BadToken
    return Token(key, subject.kind, subject.customer_id, subject.deployment_id, subject.target_id, seen_live_id)
