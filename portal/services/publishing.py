"""A sandbox becomes a version: the form, the wish, and the progress that everybody watches together."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.access import Person, Right
from portal.models import Customer, Deployment, Freshness, Operation, Version
from portal.services import briefs, customers, deployments, doing, logs, operations, reasons, sandboxes, upstream
from portal.services.answers import CustomerHead, DeploymentBrief, State, VersionBrief
from portal.services.budget import Purpose
from portal.services.errors import Invalid, ServiceError
from portal.services.journal import reading, tokens
from portal.services.journal.accepting import Wish
from portal.services.journal.kinds import Kind
from portal.services.operations import OperationPage
from portal.services.refreshing import lease
from portal.services.remembering import pointers, texts, versions
from portal.services.sandboxes import Sandbox

logger = logging.getLogger(__name__)

KINDS = ("auto", "static", "dynamic")
_NEW = "new"
_LONGEST = 500
_POLL_EVERY = timedelta(seconds=2)
_TAIL = 4000


@dataclass(frozen=True, slots=True)
class PublishForm:
    """`deployment` None: a new one is made. `sandboxes_missing` says why there is nothing to choose from.

    `on_rollback`: what is live was rolled back to; a publish that goes live would go over it and asks for `over_rollback`.
    """

    token: str
    customer: CustomerHead
    deployment: DeploymentBrief | None
    sandboxes: tuple[Sandbox, ...]
    sandboxes_missing: str
    kinds: tuple[str, ...]
    environments: tuple[str, ...]
    on_rollback: bool
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


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


@dataclass(frozen=True, slots=True)
class Progress:
    """A publish on its way. `step` is sending, created, building, ready, live, failed or unknown; `moments` when each began.

    `still_live` is what is live meanwhile. `failure` is one sentence. `log_tail` is the end of the log, scrubbed for customers.
    """

    operation: OperationPage
    step: str
    moments: tuple[tuple[str, datetime], ...]
    started_at: datetime
    is_done: bool
    goes_live: bool
    version: VersionBrief | None
    still_live: VersionBrief | None
    failure: str
    log_tail: str
    poll_every_s: int


def draw_publish(*, by: Person, slug: str, deployment_id: str = "", now: datetime) -> PublishForm:
    """The form for an existing deployment, or for a new one. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(Right.PUBLISH, customer, deployment, by=by)
    missing = ""
    try:
        found = sandboxes.list_sandboxes(customer, by=by)
    except ServiceError as error:
        found, missing = (), error.for_people
    if not found and not missing:
        missing = _("There is no sandbox to publish from.")
    return PublishForm(
        token=tokens.draw(
            Kind.PUBLISH,
            by=by,
            customer_id=customer.pk,
            deployment_id=deployment.miosa_id if deployment else _NEW,
            seen_live=deployment.active_version_id if deployment else "",
        ),
        customer=briefs.head(customer, by=by),
        deployment=briefs.deployment(deployment, customer, by=by) if deployment else None,
        sandboxes=found,
        sandboxes_missing=missing,
        kinds=KINDS,
        environments=settings.MIOSA.environments,
        on_rollback=bool(deployment and deployment.on_rollback),
        reasons=reasons.ready(),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=_gone(deployment) or doing.obstacle(deployment, now=now),
    )


def publish(
    *, by: Person, slug: str, publication: Publication, deployment_id: str = "", now: datetime
) -> OperationPage:
    """Into the journal; the worker sends it. Raises NotFound (also for another customer's sandbox), Forbidden, BadToken, Invalid, Running,
    Unavailable."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id) if deployment_id else None
    doing.require_right(Right.PUBLISH, customer, deployment, by=by)
    place = deployment.miosa_id if deployment else _NEW
    token = tokens.read(publication.token, Kind.PUBLISH, by=by, customer_id=customer.pk, deployment_id=place)
    reason, note = doing.require_reason(publication.choice, publication.reason, publication.note, by=by)
    fields = _read(publication, deployment)
    sandbox = sandboxes.require_own(publication.sandbox_id, customer)
    body = fields | _attribution(sandbox, customer) | {"source_sandbox_id": sandbox.id}
    if deployment is None:
        token = _for_new(token)
        body["name"] = publication.name.strip()
    else:
        body |= {"by_bridge": settings.MIOSA.publish_by_bridge, "newest_number": reading.newest_number(deployment)}
    wish = Wish(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name if deployment else texts.line(publication.name, most=300),
        environment=doing.require_environment(publication.environment),
        reason=reason,
        note=note,
        override=doing.require_override(publication.override, by=by),
        body=body,
    )
    return doing.do(wish, deployment=deployment, obstacle=_gone(deployment), by=by, now=now)


def get_progress(*, by: Person, key: UUID, now: datetime) -> Progress:
    """How far a publish is. Watchers share one look at MIOSA each two seconds. Raises NotFound."""
    page = operations.get_operation(by=by, key=key, now=now)
    operation = Operation.objects.get(key=key)
    version_id = operation.result.get("version_id", "")
    deployment = _deployment(operation)
    version = _find_version(deployment, version_id)
    if deployment is not None and version_id and _is_unfinished(version, deployment, operation):
        _look(operation, deployment, version_id, now=now)
        deployment = _deployment(operation)
        version = _find_version(deployment, version_id)
    return _progress(page, operation, deployment, version, by=by, now=now)


def _progress(
    page: OperationPage,
    operation: Operation,
    deployment: Deployment | None,
    version: Version | None,
    *,
    by: Person,
    now: datetime,
) -> Progress:
    step = _step(page, deployment, version)
    customer = Customer.objects.get(pk=operation.customer_id)
    seen = version if briefs.may_see(version, customer, by=by) else None
    live = deployment.live_version if deployment else None
    tail, failure = "", ""
    if seen is not None and deployment is not None and step in {"building", "failed", "ready", "live"}:
        log = logs.read(seen, deployment, customer=customer, by=by, stage="", now=now)
        tail = log.text[-_TAIL:]
        if step == "failed":
            failure = logs.failure_sentence(log.text) or _("It failed; the log does not say why in a sentence.")
    goes_live = bool(operation.body.get("promote", True))
    is_done = step in {"live", "failed"} or (step == "ready" and not goes_live) or page.state in {"refused", "decided"}
    age = now - operation.asked_at
    return Progress(
        operation=page,
        step=step,
        moments=_moments(operation, version, deployment, step),
        started_at=operation.asked_at,
        is_done=is_done,
        goes_live=goes_live,
        version=briefs.version(seen, deployment) if seen and deployment else None,
        still_live=briefs.version(live, deployment)
        if deployment and live and briefs.may_see(live, customer, by=by) and step != "live"
        else None,
        failure=failure,
        log_tail=tail,
        poll_every_s=2 if age < timedelta(minutes=2) else 5 if age < timedelta(minutes=10) else 15,
    )


def _step(page: OperationPage, deployment: Deployment | None, version: Version | None) -> str:
    if page.state in {"refused", "decided"}:
        return "failed"
    if page.state in {"accepted", "sent"}:
        return "sending"
    if version is None or deployment is None:
        return "unknown" if page.state == "unknown" else "created"
    state = briefs.state_of(version, deployment)
    if version.state == "archived":
        return "live"
    return {State.LIVE: "live", State.FAILED: "failed", State.BUILDING: "building", State.CREATED: "created"}.get(
        state, "ready"
    )


def _moments(
    operation: Operation, version: Version | None, deployment: Deployment | None, step: str
) -> tuple[tuple[str, datetime], ...]:
    moments = [("sending", operation.asked_at)]
    if version is not None:
        moments.append(("created", version.created_at or version.first_seen_at))
        if version.promoted_at:
            moments.append(("live", version.promoted_at))
        elif step in {"ready", "failed"} and version.updated_at:
            moments.append((step, version.updated_at))
    return tuple(moments)


def _look(operation: Operation, deployment: Deployment, version_id: str, *, now: datetime) -> None:
    """One look for all watchers: the version, and the deployment once the version has left building."""
    scope = f"progress:{operation.pk}"
    row = lease.get(scope)
    if row.read_at is not None and now - row.read_at < _POLL_EVERY:
        return
    with lease.lease(scope) as held:
        if held is None:
            return
        ask = upstream.client(Purpose.PROGRESS)
        try:
            told = ask.versions.get(deployment.miosa_id, version_id)
            taken = versions.remember(deployment, [told], now=timezone.now())
            if told.state not in {"created", "building"}:
                reading.remember(operation, ask.deployments.get(deployment.miosa_id))
                deployment.refresh_from_db()
            pointers.settle(deployment, taken=taken, now=timezone.now())
            _note_switch(operation, deployment, version_id)
        except miosa.MiosaError:
            # Watching goes on; the page shows how old what it knows is.
            logger.info("progress not read", extra={"operation": str(operation.key)})
        Freshness.objects.filter(pk=row.pk).update(read_at=now)


def _note_switch(operation: Operation, deployment: Deployment, version_id: str) -> None:
    if deployment.active_version_id == version_id and operation.switched_at is None:
        now = timezone.now()
        Operation.objects.filter(pk=operation.pk, switched_at=None).update(switched_at=now, check_due_at=now)


def _is_unfinished(version: Version | None, deployment: Deployment, operation: Operation) -> bool:
    if version is None or version.state in {"created", "building", ""}:
        return True
    waits = version.state == "ready" and bool(operation.body.get("promote", True))
    return waits and deployment.active_version_id != version.miosa_id and not version.was_live


def _deployment(operation: Operation) -> Deployment | None:
    deployment_id = operation.result.get("deployment_id") or operation.deployment_id
    return Deployment.objects.filter(miosa_id=deployment_id).select_related("live_version").first()


def _find_version(deployment: Deployment | None, version_id: str) -> Version | None:
    if deployment is None or not version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=version_id).first()


def _read(publication: Publication, deployment: Deployment | None) -> dict[str, Any]:
    """The fields MIOSA is told, only those that apply (contract 10.3). Raises Invalid."""
    problems: dict[str, str] = {}
    if deployment is None and not publication.name.strip():
        problems["name"] = _("Give the new app a name.")
    if not publication.sandbox_id:
        problems["sandbox_id"] = _("Choose what to publish.")
    if publication.kind not in KINDS:
        problems["kind"] = _("Choose static, dynamic or automatic.")
    if deployment is not None and deployment.on_rollback and publication.go_live and not publication.over_rollback:
        problems["over_rollback"] = _(
            "What is live was rolled back to. Confirm that this goes live over it, or stage it."
        )
    told: dict[str, Any] = {
        "kind": publication.kind if publication.kind != "auto" else None,
        "environment": doing.require_environment(publication.environment),
        "output_path": publication.output_path.strip(),
        "build_command": publication.build_command.strip(),
        "promote": publication.go_live,
    }
    if publication.kind != "static":
        told |= {
            "run_command": publication.run_command.strip(),
            "port": _port(publication.port, problems),
            "health_check_path": _path(publication.health_check_path, problems),
            "data_services": [name.strip() for name in publication.data_services.split(",") if name.strip()],
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
    path = text.strip()
    if path and not path.startswith("/"):
        problems["health_check_path"] = _("A path begins with a slash, like /health.")
    return path


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
