"""Base class of changes to a domain: a lane for each domain, and an effect that shows in the list of domains."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.translation import gettext

from portal import miosa
from portal.models import Deployment, Domain, Entry, Operation
from portal.services.domains import fetch
from portal.services.errors import Invalid
from portal.services.open_words import REDIRECT_POLICIES
from portal.services.operations.base import Detection, Kind

_MOST_PAGES = 20


class DomainKind(Kind):
    event = Entry.Event.DOMAINS_CHANGED
    concerns = Operation.Concerns.CUSTOMER
    lane = "domain"
    result_route = "domains"

    def get_lane(self, domain_name: str) -> str:
        return f"{self.lane}:{domain_name}"

    def clean_change(self, domain: Domain, value: str) -> dict[str, Any]:
        """The body to store, from the value entered in the dialog of an attached domain. Raises Invalid."""
        return {"domain_id": domain.miosa_id, "domain": domain.name}

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.NotFound | miosa.NotSupported | miosa.Gone):
            return gettext("This domain no longer exists at the hosting service.")
        return ""

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        fetch.refresh(deployment, client=client, now=now)


def require_policy(policy: str) -> str:
    """Raises Invalid."""
    if policy not in REDIRECT_POLICIES:
        raise Invalid({"policy": gettext("Choose one of these.")})
    return policy


def list_domains(operation: Operation, client: miosa.Client) -> tuple[list[miosa.Domain], bool]:
    """The attached domains, and whether these are all. Raises miosa.MiosaError."""
    rows: list[miosa.Domain] = []
    is_complete, next_token = True, None
    for page in islice(client.domains.pages(operation.deployment_id), _MOST_PAGES):
        rows += [row for row in page.items if row.status.lower() != "removed"]
        is_complete, next_token = is_complete and not page.unreadable and not page.loop, page.next
    return rows, is_complete and next_token is None


def detect_domain(operation: Operation, client: miosa.Client, *, matches: Callable[[miosa.Domain], bool]) -> Detection:
    """DONE if some domain matches. Its absence means something only if the whole list could be read."""
    rows, is_complete = list_domains(operation, client)
    if any(matches(row) for row in rows):
        return Detection.DONE
    return Detection.NOT_DONE if is_complete else Detection.HIDDEN
