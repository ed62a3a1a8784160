"""A draft before it is applied: what each of its lines would do, without values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings

from portal.permissions import Person
from portal.services.env_vars import drafts, lines, names
from portal.services.env_vars.drafts import StoredLine
from portal.services.operations import reasons
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.operations.tokens import Subject, create_token
from portal.services.queries import actions, summaries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


class Effect(StrEnum):
    """What applying a draft does to a line. An empty value keeps what is set."""

    ADDED = "added"
    CHANGED = "changed"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A line of a draft. `problem` is why it is refused. `key` identifies it for `drafts.rename_lines`.

    `name` is empty if the text could be a part of a value, so that only its number can be shown. It is on the lines
    `number` to `last` of the file; 0 if it was typed. `size` is in bytes. `doubt` is what has to be confirmed.
    """

    key: str
    name: str
    number: int
    last: int
    effect: Effect
    size: int
    problem: str
    doubt: str
    can_be_renamed: bool
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A draft before it is applied, without values. `skipped`: which lines of the file set nothing, and why."""

    key: UUID
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    environment: str
    environments: tuple[str, ...]
    lines: tuple[ReviewLine, ...]
    skipped: tuple[str, ...]
    expires_at: datetime
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str

    @property
    def count(self) -> int:
        """How many env vars applying it sets."""
        return sum(line.effect in {Effect.ADDED, Effect.CHANGED} for line in self.lines)

    @property
    def has_doubts(self) -> bool:
        """Whether applying it needs `lines_confirmed`."""
        return any(line.doubt for line in self.lines)


def get_review(*, by: Person, slug: str, deployment_id: str, key: UUID, now: datetime) -> Review:
    """Raises Forbidden, and NotFound for an expired draft or another person's."""
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    draft = drafts.get_draft(key, deployment, by=by, now=now)
    existing = names.list_names(deployment, draft.environment)
    return Review(
        key=key,
        token=create_token(Subject(SetEnv.name, customer.pk, deployment.miosa_id), by=by, key=key),
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        environment=draft.environment,
        environments=settings.MIOSA.environments,
        lines=tuple(_build_line(line, existing) for line in drafts.list_lines(draft)),
        skipped=tuple(draft.skipped),
        expires_at=draft.expires_at,
        reasons=reasons.list_reasons(SetEnv.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def _build_line(line: StoredLine, existing: set[str]) -> ReviewLine:
    if line["problem"]:
        effect = Effect.REFUSED
    elif not line["size"]:
        effect = Effect.KEPT
    else:
        effect = Effect.CHANGED if line["name"] in existing else Effect.ADDED
    return ReviewLine(
        key=line["key"],
        name=line["name"],
        number=line["number"],
        last=line["last"],
        effect=effect,
        size=line["size"],
        problem=line["problem"],
        doubt=line["doubt"],
        can_be_renamed=effect != Effect.KEPT and not line["fault"],
        notices=(*line["notices"], *lines.list_name_notices(line["name"], line["earlier"])),
    )
