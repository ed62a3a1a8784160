"""A sandbox becomes a version: the form and the wish. How far it is, is told by `progress`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Permission, Person
from portal.services import clean_text, sandboxes
from portal.services.errors import Invalid, ServiceError
from portal.services.operations import accepting, doing, reasons, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import RULES, Kind
from portal.services.operations.progress import Progress, get_progress
from portal.services.queries import customers, deployments, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary
from portal.services.sandboxes import Sandbox
from portal.services.sync import single_flight

__all__ = ["KINDS", "Progress", "Publication", "PublishForm", "draw_publish", "get_progress", "publish"]

KINDS = ("auto", "static", "dynamic")
_NEW = "new"
_LONGEST = 500
_LONGEST_NAME = 100
_PATIENCE_S = 5.0
_WAITS = 3


@dataclass(frozen=True, slots=True)
class PublishForm:
    """`deployment` None: a new one is made. `sandboxes_missing` says why there is nothing to choose from.

    `on_rollback`: what is live was rolled back to; a publish that goes live would go over it and asks for
    `over_rollback`.
    """

    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary | None
    sandboxes: tuple[Sandbox, ...]
    sandboxes_missing: str
    kinds: tuple[str, ...]
    environments: tuple[str, ...]
    on_rollback: bool
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str
    unknown: UUID | None = None
    running: UUID | None = None
    running_name: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a person filled in. Texts as typed; `port` too."""

    token: str
    sandbox_id: str
    name: str = ""
    kind: str = "auto"
    environment: str = ""
    output_path: str = ""
    build_command: str = ""
    run_command: str = ""
    port: str = ""
    health_check_path: str = ""
    data_services: str = ""
    go_live: bool = True
    over_rollback: bool = False
    choice: str = ""
    reason: str = ""
    note: str = ""
    override: str = ""


def draw_publish(*, by: Person, slug: str, deployment_id: str = "", now: datetime) -> PublishForm:
    """The form for an existing deployment, or for a new one. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(Permission.PUBLISH, customer, deployment, by=by)
    missing = ""
    try:
        found = sandboxes.list_sandboxes(customer, by=by)
    except ServiceError as error:
        found, missing = (), error.for_people
    if not found and not missing:
        missing = _("There is no sandbox to publish from.")
    lane = doing.look_at_lane(deployment, RULES[Kind.PUBLISH].lane, by=by, now=now)
    return PublishForm(
        token=tokens.draw(
            Kind.PUBLISH,
            by=by,
            customer_id=customer.pk,
            deployment_id=deployment.miosa_id if deployment else _NEW,
            seen_live=deployment.active_version_id if deployment else "",
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by) if deployment else None,
        sandboxes=found,
        sandboxes_missing=missing,
        kinds=KINDS,
        environments=settings.MIOSA.environments,
        on_rollback=bool(deployment and deployment.on_rollback),
        reasons=reasons.ready(Kind.PUBLISH),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=_gone(deployment) or doing.obstacle(deployment, now=now),
        unknown=lane.unknown,
        running=lane.running,
        running_name=lane.running_name,
    )


def publish(
    *, by: Person, slug: str, publication: Publication, deployment_id: str = "", now: datetime
) -> OperationPage:
    """Into the journal; the worker sends it. Raises NotFound (also for another customer's sandbox), Forbidden,
    BadToken, Invalid, Running,
    Unavailable."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(Permission.PUBLISH, customer, deployment, by=by)
    place = deployment.miosa_id if deployment else _NEW
    token = tokens.read(publication.token, Kind.PUBLISH, by=by, customer_id=customer.pk, deployment_id=place)
    done: list[OperationPage] = []

    def accept() -> None:
        done.append(_accept(publication, token, customer, deployment, by=by, now=now))

    for _wait in range(_WAITS):
        found = accepting.find(token)
        if done or found is not None:
            break
        # The sandbox is read again for one of many clicks; the others find what it has become.
        single_flight.run_once(f"operation:{token.id}", accept, wait_s=_PATIENCE_S)
    found = accepting.find(token)
    if not done and found is None:
        accept()
    return done[0] if done or found is None else doing.show(found, by=by, now=now)


def _accept(
    publication: Publication,
    token: tokens.Token,
    customer: Customer,
    deployment: Deployment | None,
    *,
    by: Person,
    now: datetime,
) -> OperationPage:
    reason, note = doing.require_reason(publication.choice, publication.reason, publication.note, by=by)
    fields = _read(publication, deployment)
    sandbox = sandboxes.require_own(publication.sandbox_id, customer)
    body = fields | _attribution(sandbox, customer) | {"source_sandbox_id": sandbox.id}
    name = deployment.name if deployment else clean_text.line(publication.name, most=_LONGEST_NAME)
    if deployment is None:
        token = _for_new(token)
        body["name"] = name
    elif settings.MIOSA.publish_by_bridge:
        body["by_bridge"] = True
    live = deployment.live_version if deployment and deployment.live_version else None
    wish = OperationRequest(
        token=token,
        by=by,
        customer=customer,
        deployment_name=name,
        seen_live_number=live.number if live and live.miosa_id == token.seen_live else None,
        environment=doing.require_environment(publication.environment),
        reason=reason,
        note=note,
        override=doing.require_override(publication.override, by=by),
        body=body,
    )
    return doing.do(wish, deployment=deployment, obstacle=_gone(deployment), by=by, now=now)


def _read(publication: Publication, deployment: Deployment | None) -> dict[str, Any]:
    """The fields MIOSA is told, only those that apply (contract 10.3). Raises Invalid."""
    problems: dict[str, str] = {}
    if deployment is None and not 0 < len(clean_text.line(publication.name, most=_LONGEST_NAME + 1)) <= _LONGEST_NAME:
        problems["name"] = _("Give the new app a name of at most %(most)s characters.") % {"most": _LONGEST_NAME}
    if not publication.sandbox_id:
        problems["sandbox_id"] = _("Choose what to publish.")
    if publication.kind not in KINDS:
        problems["kind"] = _("Choose static, dynamic or automatic.")
    if deployment is not None and deployment.on_rollback and publication.go_live and not publication.over_rollback:
        problems["over_rollback"] = _(
            "What is live was rolled back to. Confirm that this goes live over it, or stage it."
        )
    typed = {
        name: clean_text.line(getattr(publication, name), most=_LONGEST + 1)
        for name in ("output_path", "build_command", "run_command")
    }
    told: dict[str, Any] = {
        "kind": publication.kind if publication.kind != "auto" else None,
        "environment": doing.require_environment(publication.environment),
        "output_path": typed["output_path"],
        "build_command": typed["build_command"],
        "promote": publication.go_live,
    }
    if publication.kind != "static":
        told |= {
            "run_command": typed["run_command"],
            "port": _port(publication.port, problems),
            "health_check_path": _path(publication.health_check_path, problems),
            "data_services": _names(publication.data_services),
        }
    for name, value in told.items():
        if isinstance(value, str) and len(value) > _LONGEST:
            problems[name] = _("This is too long.")
    if problems:
        raise Invalid(problems)
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _port(text: str, problems: dict[str, str]) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text) <= 65535:
        problems["port"] = _("A port is a number from 1 to 65535.")
        return None
    return int(text)


def _path(text: str, problems: dict[str, str]) -> str:
    path = clean_text.line(text, most=_LONGEST + 1)
    if path and not path.startswith("/"):
        problems["health_check_path"] = _("A path begins with a slash, like /health.")
    return path


def _names(text: str) -> list[str]:
    return [name.strip() for name in clean_text.line(text, most=_LONGEST).split(",") if name.strip()]


def _attribution(sandbox: miosa.Sandbox, customer: Customer) -> dict[str, str]:
    told = {
        "external_workspace_id": customer.external_id,
        "external_user_id": sandbox.external_user_id,
        "external_project_id": sandbox.external_project_id,
    }
    return {name: value for name, value in told.items() if isinstance(value, str) and value}


def _for_new(token: tokens.Token) -> tokens.Token:
    """A new deployment has no id yet; its own action stands for it, so that its lane is its own."""
    return tokens.Token(
        token.id, token.kind, token.customer_id, f"{_NEW}:{token.id.hex}", token.target_id, token.seen_live
    )


def _gone(deployment: Deployment | None) -> str:
    if deployment is not None and deployment.gone_at is not None:
        return _("The hosting service does not know this app any more.")
    return ""
