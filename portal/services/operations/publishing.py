"""Publish a sandbox: what the dialog shows, and submitting it. Its progress: `status.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import clean_text, environments, notes, sandboxes
from portal.services.errors import Invalid, ServiceError
from portal.services.operations import accept, publish_defaults, reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.kinds._name import LONGEST_NAME
from portal.services.operations.kinds.publish import Publish
from portal.services.operations.submit import (
    Authorized,
    Dialog,
    DialogIds,
    authorize,
    find_number,
    get_dialog_facts,
    require_override,
    submit_request,
)
from portal.services.operations.tokens import Confirmation, Token, create_token, read_token
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.operations import get_page
from portal.services.sandboxes import Sandbox
from portal.services.sync import single_flight

VERSION_KINDS = ("auto", "static", "dynamic")
_LONGEST = 500
_WAIT_S = 5.0
_WAITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishDialog(Dialog):
    """`sandboxes_missing` is why no sandbox is offered. `kinds` are those of the version.

    `defaults` are the form's fields as it opens. `on_rollback`: the live version was rolled back to, so a publish
    that goes live requires `over_rollback`.
    """

    sandboxes: tuple[Sandbox, ...]
    sandboxes_missing: str
    kinds: tuple[str, ...]
    environments: tuple[str, ...]
    on_rollback: bool
    defaults: dict[str, str]


@dataclass(frozen=True, slots=True)
class Publication:
    """The form as typed; `port` too is text. `version_note` is shown with the version from its build on."""

    confirmation: Confirmation
    sandbox_id: str
    name: str = ""
    kind: str = "auto"
    output_path: str = ""
    build_command: str = ""
    run_command: str = ""
    port: str = ""
    health_check_path: str = ""
    data_services: str = ""
    go_live: bool = True
    over_rollback: bool = False
    version_note: str = ""


def get_dialog(ids: DialogIds, *, again: str = "", by: Person, now: datetime) -> PublishDialog:
    """`again` names what to publish once more, see `publish_defaults`. Raises NotFound, Forbidden."""
    authorized = authorize(Publish.name, ids, by=by, now=now)
    deployment = authorized.deployment
    missing = ""
    try:
        found = sandboxes.list_sandboxes(authorized.customer, by=by)
    except ServiceError as error:
        found, missing = (), error.for_people
    if not found and not missing:
        missing = _("There is no sandbox to publish from.")
    live_id = deployment.active_version_id if deployment else ""
    return PublishDialog(
        **get_dialog_facts(authorized, token=create_token(authorized.get_subject(), by=by, seen_live_id=live_id)),
        sandboxes=found,
        sandboxes_missing=missing,
        kinds=VERSION_KINDS,
        environments=settings.MIOSA.environments,
        on_rollback=bool(deployment and deployment.on_rollback),
        defaults=publish_defaults.get_defaults(deployment, authorized.customer, found, again=again, by=by),
    )


def submit(ids: DialogIds, publication: Publication, *, by: Person, now: datetime) -> OperationPage:
    """Accept it; the worker sends it. NotFound also for another customer's sandbox.

    Raises NotFound, Forbidden, BadToken, Invalid, LaneBusy, Unavailable.
    """
    authorized = authorize(Publish.name, ids, by=by, now=now)
    token = read_token(publication.confirmation.token, authorized.get_subject(), by=by)
    pages: list[OperationPage] = []

    def accept_once() -> None:
        pages.append(_submit(publication, token, authorized))

    for _wait in range(_WAITS):
        found = accept.find_operation(token)
        if found is not None:
            return get_page(found, by=by, now=now)
        # Of several clicks one reads the sandbox; the others find the operation it has created.
        single_flight.run_once(f"operation:{token.id}", accept_once, wait_s=_WAIT_S)
        if pages:
            return pages[0]
    return _submit(publication, token, authorized)


def _submit(publication: Publication, token: Token, authorized: Authorized) -> OperationPage:
    by, customer, deployment = authorized.by, authorized.customer, authorized.deployment
    confirmation = publication.confirmation
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    fields = _clean_fields(publication, deployment)
    note = notes.clean_note(publication.version_note, field="version_note")
    sandbox = sandboxes.get_own_sandbox(publication.sandbox_id, customer)
    body = fields | _get_attribution(sandbox, customer) | {"source_sandbox_id": sandbox.id}
    body |= {"sandbox_name": sandboxes.get_name(sandbox), "version_note": note}
    if deployment is None:
        body["name"] = clean_text.clean_line(publication.name, most=LONGEST_NAME)
    elif settings.MIOSA.publish_by_bridge:
        body["by_bridge"] = True
    request = OperationRequest(
        token=token if deployment else token.for_new_deployment(),
        by=by,
        customer=customer,
        deployment_name=deployment.name if deployment else body["name"],
        seen_live_number=find_number(deployment, token.seen_live_id) if deployment else None,
        environment=environments.require_known(confirmation.environment),
        reason=reason,
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body=body,
    )
    return submit_request(request, deployment, now=authorized.now)


def _clean_fields(publication: Publication, deployment: Deployment | None) -> dict[str, Any]:
    """The fields of MIOSA's request, only those that apply (contract 10.3). Raises Invalid."""
    problems: dict[str, str] = {}
    name = clean_text.clean_line(publication.name, most=LONGEST_NAME + 1)
    if deployment is None and not 0 < len(name) <= LONGEST_NAME:
        problems["name"] = _("Give the new app a name of at most %(most)s characters.") % {"most": LONGEST_NAME}
    if not publication.sandbox_id:
        problems["sandbox_id"] = _("Choose what to publish.")
    if publication.kind not in VERSION_KINDS:
        problems["kind"] = _("Choose static, dynamic or automatic.")
    if deployment is not None and deployment.on_rollback and publication.go_live and not publication.over_rollback:
        problems["over_rollback"] = _("The app is on a rollback. Confirm that this goes live over it, or stage it.")
    fields: dict[str, Any] = {
        "kind": publication.kind if publication.kind != "auto" else None,
        "environment": environments.require_known(publication.confirmation.environment),
        "output_path": clean_text.clean_line(publication.output_path, most=_LONGEST + 1),
        "build_command": clean_text.clean_line(publication.build_command, most=_LONGEST + 1),
        "promote": publication.go_live,
    }
    if publication.kind != "static":
        services = clean_text.clean_line(publication.data_services, most=_LONGEST)
        fields |= {
            "run_command": clean_text.clean_line(publication.run_command, most=_LONGEST + 1),
            "port": _clean_port(publication.port, problems),
            "health_check_path": _clean_path(publication.health_check_path, problems),
            "data_services": [name.strip() for name in services.split(",") if name.strip()],
        }
    for field, value in fields.items():
        if isinstance(value, str) and len(value) > _LONGEST:
            problems[field] = _("This is too long.")
    if problems:
        raise Invalid(problems)
    return {field: value for field, value in fields.items() if value not in (None, "", [])}


def _clean_port(text: str, problems: dict[str, str]) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text) <= 65535:
        problems["port"] = _("A port is a number from 1 to 65535.")
        return None
    return int(text)


def _clean_path(text: str, problems: dict[str, str]) -> str:
    path = clean_text.clean_line(text, most=_LONGEST + 1)
    if path and not path.startswith("/"):
        problems["health_check_path"] = _("A path begins with a slash, like /health.")
    return path


def _get_attribution(sandbox: miosa.Sandbox, customer: Customer) -> dict[str, str]:
    facts = {
        "external_workspace_id": customer.external_id,
        "external_user_id": sandbox.external_user_id,
        "external_project_id": sandbox.external_project_id,
    }
    return {name: value for name, value in facts.items() if isinstance(value, str) and value}
