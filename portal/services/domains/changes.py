"""Add, verify, redirect and detach a domain: each an operation in the lane of its name."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal import dns
from portal.models import Customer, Deployment, Domain
from portal.permissions import Permission, Person, Role
from portal.services.authorization import require_permission
from portal.services.domains import checks, messages, queries
from portal.services.errors import Conflict, Invalid, ServiceError, Unavailable
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.kinds import get_kind
from portal.services.operations.kinds._domain import REDIRECT_POLICIES, DomainKind, require_policy
from portal.services.operations.kinds.add_domain import AddDomain
from portal.services.operations.kinds.verify_domain import VerifyDomain
from portal.services.operations.submit import Confirmation, submit_request
from portal.services.operations.tokens import Subject, Token, create_token, read_token
from portal.services.queries import actions, customers, deployments, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary
from portal.services.sync.upsert.customer_rows import get_unassigned

_VERIFY_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AddForm:
    """`typed` is what the person typed; `clean` the name it means, with `notes` on what was cleaned. `twin` is offered
    with it.
    """

    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    typed: str
    clean: str
    shown: str
    notes: tuple[str, ...]
    is_apex: bool
    twin: str
    policies: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    problem: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class DomainForm:
    """The form to detach a domain or change its redirect. `row` says what stops working."""

    kind: DomainKind
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    domain_id: str
    name: str
    redirect_policy: str
    policies: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


def draw_add(
    *, by: Person, slug: str, deployment_id: str, typed: str = "", portal_host: str = "", now: datetime
) -> AddForm:
    """The form, with what was typed cleaned and explained. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.get_held(customer, deployment_id)
    require_permission(Permission.ADD_DOMAIN, customer, deployment, by=by)
    name, problem = _read(typed, portal_host) if typed.strip() else (None, "")
    return AddForm(
        token=create_token(Subject(AddDomain.name, customer.pk, deployment.miosa_id), by=by),
        customer=summaries.summarize_customer(customer, by=by),
        deployment=summaries.summarize_deployment(deployment, customer, by=by),
        typed=typed[:300],
        clean=name.ascii if name else "",
        shown=name.shown if name else "",
        notes=tuple(messages.word_message(note) for note in name.notes) if name else (),
        is_apex=bool(name and name.is_apex),
        twin=_twin(name, deployment),
        policies=REDIRECT_POLICIES,
        reasons=reasons.list_reasons(AddDomain.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        problem=problem,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def _twin(name: dns.DomainName | None, deployment: Deployment) -> str:
    """The other of the pair, unless it is attached already."""
    twin = (name.twin or "") if name else ""
    taken = Domain.objects.filter(deployment=deployment, name=twin, gone_at=None).exists()
    return "" if taken else twin


def add(
    *,
    by: Person,
    slug: str,
    deployment_id: str,
    typed: str,
    policy: str,
    with_twin: bool,
    confirmation: Confirmation,
    portal_host: str = "",
    now: datetime,
) -> tuple[OperationPage, ...]:
    """Attach a domain, and its www twin if asked to, each as an operation of its own. Raises as `releases.submit`
    does.
    """
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.get_held(customer, deployment_id)
    require_permission(Permission.ADD_DOMAIN, customer, deployment, by=by)
    token = read_token(confirmation.token, Subject(AddDomain.name, customer.pk, deployment.miosa_id), by=by)
    name, problem = _read(typed, portal_host)
    if name is None:
        raise Invalid({"domain": problem})
    require_policy(policy)
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    kind = AddDomain()
    names = [name.ascii, *([name.twin] if with_twin and name.twin else [])]
    done = []
    for one in names:
        # The twin is a second operation of the same press, under a key that follows from the first.
        key = token.id if one == name.ascii else uuid.uuid5(token.id, one)
        request = OperationRequest(
            token=Token(key, token.kind, token.customer_id, token.deployment_id),
            by=by,
            customer=customer,
            deployment_name=deployment.name,
            reason=reason,
            note=reasons.read_note(confirmation.note, by=by),
            lane=kind.get_lane(one),
            body={"domain": one, "redirect_policy": policy, **_attribution(customer)},
        )
        done.append(submit_request(request, deployment, now=now))
        if done[-1].domain != one:
            raise Conflict(_("This form has already added another domain. Open it again to add one more."))
    return tuple(done)


def draw(*, by: Person, slug: str, deployment_id: str, domain_id: str, kind: str, now: datetime) -> DomainForm:
    """The form to detach or redirect. Raises NotFound, Forbidden."""
    customer, deployment, domain = queries.load_domain(
        by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id
    )
    domain_kind = _get_domain_kind(kind)
    require_permission(domain_kind.permission, customer, deployment, by=by)
    return DomainForm(
        kind=domain_kind,
        token=create_token(Subject(kind, customer.pk, deployment.miosa_id, domain.miosa_id), by=by),
        customer=summaries.summarize_customer(customer, by=by),
        deployment=summaries.summarize_deployment(deployment, customer, by=by),
        domain_id=domain.miosa_id,
        name=domain.name,
        redirect_policy=domain.redirect_policy or "none",
        policies=REDIRECT_POLICIES,
        reasons=reasons.list_reasons(domain_kind.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def change(
    *,
    by: Person,
    slug: str,
    deployment_id: str,
    domain_id: str,
    kind: str,
    typed_name: str = "",
    policy: str = "",
    confirmation: Confirmation,
    now: datetime,
) -> OperationPage:
    """Detach (the name typed), redirect, or verify. Raises as `releases.submit` does."""
    customer, deployment, domain = queries.load_domain(
        by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id
    )
    domain_kind = _get_domain_kind(kind)
    require_permission(domain_kind.permission, customer, deployment, by=by)
    token = read_token(confirmation.token, Subject(kind, customer.pk, deployment.miosa_id, domain.miosa_id), by=by)
    body = domain_kind.clean_change(domain, typed_name=typed_name, policy=policy)
    # A check changes nothing, so nobody has to say why.
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by) if domain_kind.reasons else ""
    request = OperationRequest(
        token=token.without_target(),
        by=by,
        customer=domain.customer or get_unassigned(),
        deployment_name=deployment.name,
        reason=reason,
        note=reasons.read_note(confirmation.note, by=by) if domain_kind.reasons else "",
        lane=domain_kind.get_lane(domain.name),
        body=body,
    )
    return submit_request(request, deployment, now=now)


def look_now(
    *, by: Person, slug: str, deployment_id: str, domain_id: str, confirmation: Confirmation, now: datetime
) -> OperationPage | None:
    """Somebody pressed Look now: we look at the DNS soon, and MIOSA is asked to verify what is not confirmed yet.

    None if there was nothing to ask, or if it could not be asked now: our own look happens all the same. Raises
    NotFound, Forbidden.
    """
    customer, deployment, domain = queries.load_domain(
        by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id
    )
    require_permission(Permission.VERIFY_DOMAIN, customer, deployment, by=by)
    checks.request_check_now(domain, now=now)
    if not domain.is_unverified:
        return None
    try:
        return change(
            by=by,
            slug=slug,
            deployment_id=deployment_id,
            domain_id=domain_id,
            kind=VerifyDomain.name,
            confirmation=confirmation,
            now=now,
        )
    except (Conflict, Unavailable):
        return None


def portal() -> Person:
    """Nobody of the platform: what the portal does by itself, because our own look says that it can pass."""
    return Person(id=0, name=settings.PORTAL_NAME, email="", staff=Role.OPERATOR)


def verify_by_ourselves(domain: Domain, *, now: datetime) -> bool:
    """Our own look says that it can pass: MIOSA is asked, once a minute at most. False if it was not asked."""
    if domain.verification_requested_at is not None and now - domain.verification_requested_at < _VERIFY_AGAIN:
        return False
    Domain.objects.filter(pk=domain.pk).update(verification_requested_at=now)
    deployment = domain.deployment
    customer_id = domain.customer_id or deployment.customer_id
    kind = VerifyDomain()
    request = OperationRequest(
        token=Token(uuid.uuid4(), kind.name, customer_id, deployment.miosa_id),
        by=portal(),
        customer=domain.customer or get_unassigned(),
        deployment_name=deployment.name,
        lane=kind.get_lane(domain.name),
        body=kind.clean_change(domain, typed_name="", policy=""),
    )
    try:
        submit_request(request, deployment, now=now)
    except ServiceError:
        # Another operation holds the lane, or MIOSA can't be reached: the next check comes to it again.
        return False
    return True


def _get_domain_kind(name: str) -> DomainKind:
    kind = get_kind(name)
    if not isinstance(kind, DomainKind):
        raise TypeError(f"{name} is no change of a domain")
    return kind


def _read(typed: str, portal_host: str) -> tuple[dns.DomainName | None, str]:
    platform = [host for host in (urlsplit(settings.MIOSA.base_url).hostname, "miosa.app", "miosa.ai") if host]
    try:
        name = dns.parse_domain(typed, platform_hosts=platform, portal_hosts=[portal_host] if portal_host else [])
    except dns.InvalidDomain as error:
        return None, messages.word_message(error.message)
    return name, ""


def _attribution(customer: Customer) -> dict[str, str]:
    return {"external_workspace_id": customer.external_id} if customer.external_id else {}
