"""Custom domains of a deployment: attach, verify, redirect policy, detach (section 10.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.api.routes import Routes
from portal.simulator.api.serializers import Row, attribution_keys
from portal.simulator.defaults import HOSTED_SUFFIX
from portal.simulator.errors import ApiError, invalid, not_found, unknown_route
from portal.simulator.records import Deployment, Domain

POLICIES = ("none", "www_to_apex", "apex_to_www")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(\*\.)?({LABEL}\.)+{LABEL}")
MAX_NAME = 253
RESERVED_SUFFIXES = (".miosa.app", ".miosa.ai", f".{HOSTED_SUFFIX}")
NAME_KEYS = {"both": ("domain", "fqdn"), "domain": ("domain",), "fqdn": ("fqdn",)}  # by the knob `domain_keys`
SCOPES_TO_WRITE = ("deployments:write", "domains:write")
CALLS_UNTIL_VERIFIED = 2

routes = Routes()


def name_keys(call: Call) -> tuple[str, ...]:
    return NAME_KEYS[str(call.settings["domain_keys"])]


def serialize_domain(call: Call, deployment: Deployment, domain: Domain) -> Row:
    """Section 8.8."""
    status = domain.status
    if status == "verified" and call.settings["domain_status"] == "verifying":
        status = "verifying"
    row: Row = {
        "id": domain.id,
        **dict.fromkeys(name_keys(call), domain.domain),
        "tenant_id": call.store.tenant_id,
        "deployment_id": deployment.id,
        "status": status,
        "verification_target": domain.verification_target,
        "redirect_policy": domain.redirect_policy,
        **attribution_keys(domain.attribution),
        "verified_at": domain.verified_at,
        "tls_issued_at": domain.tls_issued_at,
        "created_at": domain.created_at,
        "updated_at": domain.updated_at,
    }
    if domain.code:
        row |= {"code": domain.code, "error": domain.error}
    return row | dns_instructions(domain, str(call.settings["dns_instructions"]))


def dns_instructions(domain: Domain, variant: str) -> Row:
    """In one of the forms of section 16, row 8."""
    records = domain.dns_records()
    needed = " and ".join(f"{r['type']} {r['name']} → {r['value']}" for r in records)
    sentence = f"At your DNS provider create {needed}; MIOSA issues the certificate as soon as it resolves."
    variants: dict[str, Row] = {
        "records": {"dns_records": records, "instructions": sentence},
        "object": {"dns_instructions": records[0]},
        "text": {"instructions": sentence},
    }
    return variants.get(variant, {})


def get_domain(call: Call, deployment: Deployment) -> Domain:
    found = deployment.find_domain(str(call.params["domain_id"]))
    if found is None:
        raise not_found("domain")
    return found


def respond_domain(call: Call, deployment: Deployment, domain: Domain, *, status: int = 200) -> Response:
    return call.respond(serialize_domain(call, deployment, domain), status=status, noun="domain")


@routes.get("/deployments/<deployment_id>/domains", "deployments:read", "domains:read")
def list_domains(call: Call) -> Response:
    deployment = call.get_deployment()
    status = call.args.get("status")
    rows = [
        serialize_domain(call, deployment, domain)
        for domain in reversed(deployment.domains)
        if call.matches_attribution(domain.attribution) and status in (None, domain.status)
    ]
    return call.respond_rows("domains", rows)


@routes.post("/deployments/<deployment_id>/domains", *SCOPES_TO_WRITE)
def add_domain(call: Call) -> Response:
    deployment = call.get_deployment()
    body = call.body()
    keys = name_keys(call)
    name = next((str(body[key]) for key in keys if body.get(key)), "")
    require_valid_name(name, keys[0])
    if name in call.store.domain_names:
        raise ApiError(409, f"{name} is already attached to a deployment")
    domain = Domain(
        id=call.store.ids.new("dom"),
        domain=name,
        status="pending",
        attribution=call.attribution(body, deployment.attribution),
        verification_target=call.store.target_host(deployment),
        redirect_policy=redirect_policy(call, body) or "none",
        created_at=call.now,
        updated_at=call.now,
    )
    deployment.domains.append(domain)
    call.store.domain_names[name] = deployment.id
    deployment.custom_domain_id = deployment.custom_domain_id or domain.id
    call.lifecycle.announce("deployment.domain_attached", deployment, call.now, domain=name)
    return respond_domain(call, deployment, domain, status=201)


def require_valid_name(name: str, key: str) -> None:
    if not name:
        raise invalid(key, "can't be blank")
    if len(name) > MAX_NAME or not NAME.fullmatch(name) or name.replace(".", "").isdigit():
        raise invalid(key, "is not a valid domain name")
    if f".{name}".endswith(RESERVED_SUFFIXES):
        raise invalid(key, "is reserved")


def redirect_policy(call: Call, body: Mapping[str, Any]) -> str | None:
    policy = call.text(body, "redirect_policy")
    if policy is not None and policy not in POLICIES:
        raise invalid("redirect_policy", "is invalid")
    return policy


@routes.patch("/deployments/<deployment_id>/domains/<domain_id>", *SCOPES_TO_WRITE)
def update_domain(call: Call) -> Response:
    if call.settings["domain_patch"] == "404":
        raise unknown_route()
    deployment = call.get_deployment()
    domain = get_domain(call, deployment)
    domain.redirect_policy = redirect_policy(call, call.body()) or domain.redirect_policy
    domain.updated_at = call.now
    return respond_domain(call, deployment, domain)


@routes.delete("/deployments/<deployment_id>/domains/<domain_id>", *SCOPES_TO_WRITE)
def delete_domain(call: Call) -> Response:
    deployment = call.get_deployment()
    domain = get_domain(call, deployment)
    deployment.domains.remove(domain)
    call.store.domain_names.pop(domain.domain, None)
    if deployment.custom_domain_id == domain.id:
        deployment.custom_domain_id = deployment.domains[0].id if deployment.domains else None
    return call.respond_deleted(id=domain.id, domain=domain.domain)


@routes.post("/deployments/<deployment_id>/domains/<domain_id>/verify", *SCOPES_TO_WRITE)
def verify_domain(call: Call) -> Response:
    """By the DNS records, if any were set for the name, else by the knob `domain_verify`."""
    deployment = call.get_deployment()
    domain = get_domain(call, deployment)
    domain.verify_calls += 1
    domain.updated_at = call.now
    if call.state.dns.find(domain.domain) is not None:
        verify_by_dns(call, deployment, domain)
    else:
        verify_by_knob(call, domain)
    return respond_domain(call, deployment, domain)


def verify_by_dns(call: Call, deployment: Deployment, domain: Domain) -> None:
    code = call.state.dns.verify(domain.domain, domain.verification_target)
    if code is not None:
        domain.set_failed(code)
    elif domain.status == "verified":
        domain.set_active(call.now)
    elif domain.status != "active":
        domain.set_verified(call.now)
        call.lifecycle.schedule_certificate(deployment, domain.id, call.now)


def verify_by_knob(call: Call, domain: Domain) -> None:
    outcome = call.settings["domain_verify"]
    if outcome in ("mismatch", "lookup_failed"):
        domain.set_failed("CNAME_MISMATCH" if outcome == "mismatch" else "DNS_LOOKUP_FAILED")
    elif outcome == "refused":
        raise ApiError(422, f"CNAME of {domain.domain} does not point at the target", code="CNAME_MISMATCH")
    elif domain.status == "active":
        return
    elif outcome == "active" or domain.status == "verified":
        domain.set_verified(domain.verified_at or call.now)
        domain.set_active(call.now)
    elif domain.verify_calls >= CALLS_UNTIL_VERIFIED:
        domain.set_verified(call.now)
