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
from portal.services.domains import looking, messages, pages, reading
from portal.services.errors import Conflict, Invalid, ServiceError, Unavailable
from portal.services.operations import doing, reasons, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import DOMAIN, Kind
from portal.services.operations.releases import Confirmed
from portal.services.queries import customers, deployments, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary
from portal.services.sync.upsert.customer_rows import get_unassigned

POLICIES = ("none", "www_to_apex", "apex_to_www")
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

    kind: Kind
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
    deployment = deployments.find_deployment(customer, deployment_id)
    doing.require_right(Permission.ADD_DOMAIN, customer, deployment, by=by)
    name, problem = _read(typed, portal_host) if typed.strip() else (None, "")
    return AddForm(
        token=tokens.draw(Kind.ADD_DOMAIN, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        typed=typed[:300],
        clean=name.ascii if name else "",
        shown=name.shown if name else "",
        notes=tuple(messages.word_message(note) for note in name.notes) if name else (),
        is_apex=bool(name and name.is_apex),
        twin=_twin(name, deployment),
        policies=POLICIES,
        reasons=reasons.ready(Kind.ADD_DOMAIN),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        problem=problem,
        obstacle=doing.obstacle(deployment, now=now),
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
    confirmed: Confirmed,
    portal_host: str = "",
    now: datetime,
) -> tuple[OperationPage, ...]:
    """Attach a domain, and its www twin if asked to, each as an operation of its own. Raises as `releases.release`
    does.
    """
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    doing.require_right(Permission.ADD_DOMAIN, customer, deployment, by=by)
    token = tokens.read(
        confirmed.token, Kind.ADD_DOMAIN, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id
    )
    name, problem = _read(typed, portal_host)
    if name is None:
        raise Invalid({"domain": problem})
    if policy not in POLICIES:
        raise Invalid({"policy": _("Choose one of these.")})
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    names = [name.ascii, *([name.twin] if with_twin and name.twin else [])]
    done = []
    for one in names:
        # The twin is a second operation of the same press, under a key that follows from the first.
        key = token.id if one == name.ascii else uuid.uuid5(token.id, one)
        wish = OperationRequest(
            token=tokens.Token(key, token.kind, token.customer_id, token.deployment_id, "", ""),
            by=by,
            customer=customer,
            deployment_name=deployment.name,
            reason=reason,
            note=note,
            lane=f"{DOMAIN}:{one}",
            body={"domain": one, "redirect_policy": policy, **_attribution(customer)},
        )
        done.append(doing.do(wish, deployment=deployment, obstacle="", by=by, now=now))
        if done[-1].domain != one:
            raise Conflict(_("This form has attached another domain already. Open it anew to attach one more."))
    return tuple(done)


def draw(*, by: Person, slug: str, deployment_id: str, domain_id: str, kind: Kind, now: datetime) -> DomainForm:
    """The form to detach or redirect. Raises NotFound, Forbidden."""
    customer, deployment, domain = pages.find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    doing.require_right(_RIGHTS[kind], customer, deployment, by=by)
    return DomainForm(
        kind=kind,
        token=tokens.draw(
            kind, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id, target_id=domain.miosa_id
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        domain_id=domain.miosa_id,
        name=domain.name,
        redirect_policy=domain.redirect_policy or "none",
        policies=POLICIES,
        reasons=reasons.ready(kind),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=doing.obstacle(deployment, now=now),
    )


def change(
    *,
    by: Person,
    slug: str,
    deployment_id: str,
    domain_id: str,
    kind: Kind,
    typed_name: str = "",
    policy: str = "",
    confirmed: Confirmed,
    now: datetime,
) -> OperationPage:
    """Detach (the name typed), redirect, or verify. Raises as `releases.release` does."""
    customer, deployment, domain = pages.find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    doing.require_right(_RIGHTS[kind], customer, deployment, by=by)
    token = tokens.read(
        confirmed.token,
        kind,
        by=by,
        customer_id=customer.pk,
        deployment_id=deployment.miosa_id,
        target_id=domain.miosa_id,
    )
    if kind is Kind.DETACH_DOMAIN and typed_name.strip().lower() != domain.name:
        raise Invalid({"name": _("Type the domain exactly as it stands above.")})
    if kind is Kind.REDIRECT_DOMAIN and policy not in POLICIES:
        raise Invalid({"policy": _("Choose one of these.")})
    reason, note = ("", "")
    if kind is not Kind.VERIFY_DOMAIN:
        reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    wish = _wish(token, domain, deployment, by=by, policy=policy, reason=reason, note=note)
    return doing.do(wish, deployment=deployment, obstacle="", by=by, now=now)


def look_now(
    *, by: Person, slug: str, deployment_id: str, domain_id: str, confirmed: Confirmed, now: datetime
) -> OperationPage | None:
    """Somebody pressed Look now: we look at the DNS soon, and MIOSA is asked to verify what is not confirmed yet.

    None if there was nothing to ask, or if it could not be asked now: our own look happens all the same. Raises
    NotFound, Forbidden.
    """
    customer, deployment, domain = pages.find(by=by, slug=slug, deployment_id=deployment_id, domain_id=domain_id)
    doing.require_right(Permission.VERIFY_DOMAIN, customer, deployment, by=by)
    looking.want_now(domain, now=now)
    if domain.status not in reading.WAITING:
        return None
    try:
        return change(
            by=by,
            slug=slug,
            deployment_id=deployment_id,
            domain_id=domain_id,
            kind=Kind.VERIFY_DOMAIN,
            confirmed=confirmed,
            now=now,
        )
    except (Conflict, Unavailable):
        return None


def portal() -> Person:
    """Nobody of the platform: what the portal does by itself, because our own look says that it can pass."""
    return Person(id=0, name=settings.PORTAL_NAME, email="", staff=Role.OPERATOR)


def verify_by_ourselves(domain: Domain, *, now: datetime) -> bool:
    """Our own look says that it can pass: MIOSA is asked, once a minute at most. False if it was not asked."""
    if domain.asked_verify_at is not None and now - domain.asked_verify_at < _VERIFY_AGAIN:
        return False
    Domain.objects.filter(pk=domain.pk).update(asked_verify_at=now)
    deployment = domain.deployment
    customer_id = domain.customer_id or deployment.customer_id
    token = tokens.Token(uuid.uuid4(), Kind.VERIFY_DOMAIN, customer_id, deployment.miosa_id, domain.miosa_id, "")
    wish = _wish(token, domain, deployment, by=portal(), policy="", reason="", note="")
    try:
        doing.do(wish, deployment=deployment, obstacle="", by=portal(), now=now)
    except ServiceError:
        # Somebody else is at it, or MIOSA can't be asked: the next look comes to it again.
        return False
    return True


_RIGHTS = {
    Kind.DETACH_DOMAIN: Permission.DETACH_DOMAIN,
    Kind.REDIRECT_DOMAIN: Permission.ADD_DOMAIN,
    Kind.VERIFY_DOMAIN: Permission.VERIFY_DOMAIN,
}


def _wish(
    token: tokens.Token,
    domain: Domain,
    deployment: Deployment,
    *,
    by: Person,
    policy: str,
    reason: str,
    note: str,
) -> OperationRequest:
    """It stands under the domain's own customer, on whosever page it was asked for."""
    body = {"domain_id": domain.miosa_id, "domain": domain.name}
    if token.kind is Kind.REDIRECT_DOMAIN:
        body["redirect_policy"] = policy
    return OperationRequest(
        token=tokens.Token(token.id, token.kind, token.customer_id, token.deployment_id, "", ""),
        by=by,
        customer=domain.customer or get_unassigned(),
        deployment_name=deployment.name,
        reason=reason,
        note=note,
        lane=f"{DOMAIN}:{domain.name}",
        body=body,
    )


def _read(typed: str, portal_host: str) -> tuple[dns.DomainName | None, str]:
    platform = [host for host in (urlsplit(settings.MIOSA.base_url).hostname, "miosa.app", "miosa.ai") if host]
    try:
        name = dns.parse_domain(typed, platform_hosts=platform, portal_hosts=[portal_host] if portal_host else [])
    except dns.InvalidDomain as error:
        return None, messages.word_message(error.message)
    return name, ""


def _attribution(customer: Customer) -> dict[str, str]:
    return {"external_workspace_id": customer.external_id} if customer.external_id else {}
