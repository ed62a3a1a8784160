"""Find anything by a few letters: a customer, a deployment, #number, a domain, an id."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.access import Person


class Kind(StrEnum):
    CUSTOMER = "customer"
    DEPLOYMENT = "deployment"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. `deployment_id`/`version_id` are empty where they do not apply; `detail` is a short second line."""

    kind: Kind
    title: str
    detail: str
    slug: str
    deployment_id: str = ""
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """At most 20 hits, best first. `more`: there were more."""

    text: str
    hits: tuple[Hit, ...]
    more: bool


def find(*, by: Person, text: str, now: datetime) -> Found:
    """Only what this person may see, from memory alone: MIOSA is never asked."""
    raise NotImplementedError
