"""Add, verify, redirect and detach a domain: what the dialog shows, and submitting it."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal import dns
from portal.models import Domain
from portal.permissions import Person, Role
from portal.services.domains import checks, messages, queries
from portal.services.errors import Conflict, Invalid, ServiceError, Unavailable
from portal.services.open_words import REDIRECT_POLICIES
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.kinds._domain import DomainKind, require_policy
from portal.services.operations.kinds.add_domain import AddDomain
from portal.services.operations.kinds.verify_domain import VerifyDomain
from portal.services.operations.submit import (
    Authorized,
    Dialog,
    DialogIds,
    authorize,
    get_dialog_facts,
    require_override,
    submit_request,
)
from portal.services.operations.tokens import Confirmation, Token, create_token, read_token
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import DeploymentSummary
from portal.services.sync.upsert.customer_rows import get_unassigned

_VERIFY_INTERVAL = timedelta(seconds=60)
_LONGEST_TYPED = 300


@dataclass(frozen=True, slots=True)
class Addition:
    """What a person filled in, as typed. `with_twin`: add the other of example.com and www.example.com too."""

    typed: str
    policy: str = "none"
    with_twin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDialog(Dialog):
    """`typed` is what the person typed; `clean` the name it means, with `notes` on what was changed, or empty with the
    `problem`. `twin` can be added too; empty if there is none or it is attached already.
    """

    deployment: DeploymentSummary
    typed: str
    clean: str
    shown: str
    notes: tuple[str, ...]
    is_apex: bool
    twin: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainDialog(Dialog):
    """The dialog to detach a domain or change its redirect."""

    deployment: DeploymentSummary
    domain_id: str
    name: str
    redirect_policy: str


def get_add_dialog(ids: DialogIds, *, typed: str = "", portal_host: str = "", by: Person, now: datetime) -> AddDialog:
    """The dialog, with what was typed so far cleaned and explained. Raises NotFound, Forbidden."""
    authorized = authorize(AddDomain.name, ids, by=by, now=now)
    name, problem = _parse(typed, portal_host) if typed.strip() else (None, "")
    return AddDialog(
        **get_dialog_facts(
            authorized,
            token=create_token(authorized.get_subject(), by=by),
            lane=AddDomain().get_lane(name.ascii if name else ""),
        ),
        typed=typed[:_LONGEST_TYPED],
        clean=name.ascii if name else "",
        shown=name.shown if name else "",
        notes=tuple(messages.word_message(note) for note in name.notes) if name else (),
        is_apex=bool(name and name.is_apex),
        twin=queries.find_free_twin(authorized.existing, name.ascii) if name else "",
        problem=problem,
    )


def submit_add(
    ids: DialogIds,
    addition: Addition,
    confirmation: Confirmation,
    *,
    portal_host: str = "",
    by: Person,
    now: datetime,
) -> tuple[OperationPage, ...]:
    """Add a domain and, if requested, its twin: one operation each. Raises as `releases.submit` does."""
    authorized = authorize(AddDomain.name, ids, by=by, now=now)
    customer, deployment = authorized.customer, authorized.existing
    token = read_token(confirmation.token, authorized.get_subject(), by=by)
    name, problem = _parse(addition.typed, portal_host)
    if name is None:
        raise Invalid({"domain": problem})
    policy = require_policy(addition.policy)
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    kind = AddDomain()
    pages: list[OperationPage] = []
    for domain_name in [name.ascii, *([name.twin] if addition.with_twin and name.twin else [])]:
        # The twin's operation needs a key of its own, and the same one if the form is sent again.
        key = token.id if domain_name == name.ascii else uuid.uuid5(token.id, domain_name)
        request = OperationRequest(
            token=replace(token, id=key),
            by=by,
            customer=customer,
            deployment_name=deployment.name,
            reason=reason,
            note=reasons.read_note(confirmation.note, by=by),
            lane=kind.get_lane(domain_name),
            override=require_override(confirmation.override, by=by),
            body=kind.build_body(domain_name, policy, customer),
        )
        pages.append(submit_request(request, deployment, now=now))
        if pages[-1].domain != domain_name:
            raise Conflict(_("This form has already added another domain. Open it again to add one more."))
    return tuple(pages)


def get_dialog(kind: str, ids: DialogIds, *, by: Person, now: datetime) -> DomainDialog:
    """Raises NotFound, Forbidden."""
    authorized, domain_kind, domain = _open(kind, ids, by=by, now=now)
    current = domain.redirect_policy or "none"
    return DomainDialog(
        **get_dialog_facts(
            authorized,
            token=create_token(authorized.get_subject(domain.miosa_id), by=by),
            lane=domain_kind.get_lane(domain.name),
        ),
        domain_id=domain.miosa_id,
        name=domain.name,
        redirect_policy=current if current in REDIRECT_POLICIES else "",
    )


def submit(
    kind: str, ids: DialogIds, confirmation: Confirmation, *, value: str = "", by: Person, now: datetime
) -> OperationPage:
    """`value`: the redirect policy, or the domain's name typed to confirm a detachment. Raises as `releases.submit`."""
    authorized, domain_kind, domain = _open(kind, ids, by=by, now=now)
    deployment = authorized.existing
    token = read_token(confirmation.token, authorized.get_subject(domain.miosa_id), by=by)
    body = domain_kind.clean_change(domain, value)
    reason = note = ""
    if domain_kind.reasons:
        reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
        note = reasons.read_note(confirmation.note, by=by)
    request = OperationRequest(
        token=token.without_target(),
        by=by,
        customer=domain.customer or get_unassigned(),
        deployment_name=deployment.name,
        reason=reason,
        note=note,
        lane=domain_kind.get_lane(domain.name),
        override=require_override(confirmation.override, by=by),
        body=body,
    )
    return submit_request(request, deployment, now=now)


def request_check(ids: DialogIds, confirmation: Confirmation, *, by: Person, now: datetime) -> OperationPage | None:
    """A person pressed the button: the worker checks DNS at once, and MIOSA verifies a domain that is not verified.

    None if MIOSA has nothing to verify, or can't be reached; the DNS check runs all the same. Raises NotFound,
    Forbidden, BadToken.
    """
    _authorized, _kind, domain = _open(VerifyDomain.name, ids, by=by, now=now)
    checks.request_check_now(domain, now=now)
    if not domain.is_unverified:
        return None
    try:
        return submit(VerifyDomain.name, ids, confirmation, by=by, now=now)
    except (Conflict, Unavailable):
        return None


def verify_automatically(domain: Domain, *, now: datetime) -> bool:
    """Our DNS check found that MIOSA can verify the domain: request that, at most once a minute.

    False if it was not requested. The operation is shown as the portal's own.
    """
    if domain.verification_requested_at is not None and now - domain.verification_requested_at < _VERIFY_INTERVAL:
        return False
    Domain.objects.filter(pk=domain.pk).update(verification_requested_at=now)
    deployment, kind = domain.deployment, VerifyDomain()
    customer_id = domain.customer_id or deployment.customer_id
    request = OperationRequest(
        token=Token(uuid.uuid4(), kind.name, customer_id, deployment.miosa_id),
        by=Person(id=0, name=settings.PORTAL_NAME, email="", staff=Role.OPERATOR),
        customer=domain.customer or get_unassigned(),
        deployment_name=deployment.name,
        lane=kind.get_lane(domain.name),
        body=kind.clean_change(domain, ""),
    )
    try:
        submit_request(request, deployment, now=now)
    except ServiceError:
        # Another operation holds the lane, or MIOSA can't be reached. The next check tries again.
        return False
    return True


def _open(kind: str, ids: DialogIds, *, by: Person, now: datetime) -> tuple[Authorized, DomainKind, Domain]:
    authorized = authorize(kind, ids, by=by, now=now)
    if not isinstance(authorized.kind, DomainKind):
        raise TypeError(f"{kind} does not change a domain")
    domain = queries.get_visible_domain(authorized.existing, authorized.customer, ids.domain_id, by=by)
    return authorized, authorized.kind, domain


def _parse(typed: str, portal_host: str) -> tuple[dns.DomainName | None, str]:
    """The name that was typed, or why it can't be added."""
    platform = [host for host in (urlsplit(settings.MIOSA.base_url).hostname, "miosa.app", "miosa.ai") if host]
    try:
        name = dns.parse_domain(typed, platform_hosts=platform, portal_hosts=[portal_host] if portal_host else [])
    except dns.InvalidDomain as error:
        return None, messages.word_message(error.message)
    return name, ""
