"""The signed form token: one human action, minted when its form is drawn."""

import uuid
from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

from portal.permissions import Person
from portal.services.errors import ServiceError
from portal.services.operations.kinds import Kind

LASTS_S = 12 * 3600


class BadToken(ServiceError):
    """Another person's, changed, too old, or for another thing: 400, and nothing is sent."""

    def __init__(self) -> None:
        super().__init__(
            _("This form is no longer valid. Nothing was sent; open it again and look before you confirm.")
        )


@dataclass(frozen=True, slots=True)
class Token:
    """What a form was drawn for. `seen_live` is MIOSA's id of the version that was live when the person looked."""

    id: uuid.UUID
    kind: Kind
    customer_id: int
    deployment_id: str
    target_id: str
    seen_live: str


def draw(
    kind: Kind,
    *,
    by: Person,
    customer_id: int,
    deployment_id: str,
    target_id: str = "",
    seen_live: str = "",
    key: uuid.UUID | None = None,
) -> str:
    """A token for a form that this person is looking at; fresh, unless the action has its `key` already."""
    facts = [(key or uuid.uuid4()).hex, kind.value, customer_id, deployment_id, target_id, seen_live]
    return signing.dumps([by.id, *facts], salt="operation")


def read(text: str, kind: Kind, *, by: Person, customer_id: int, deployment_id: str, target_id: str = "") -> Token:
    """The token of a posted form. Raises BadToken unless it was drawn for this person, kind, deployment and target."""
    try:
        person_id, key, *facts, seen_live = signing.loads(text, salt="operation", max_age=LASTS_S)
        token_id = uuid.UUID(hex=key)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadToken from None
    if person_id != by.id or facts != [kind.value, customer_id, deployment_id, target_id]:
        raise BadToken
    return Token(token_id, kind, customer_id, deployment_id, target_id, seen_live)
