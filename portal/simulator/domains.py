"""Custom domains of a deployment: attach, instructions, verify, redirect policy, detach."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Response

from portal.simulator import listing
from portal.simulator.calls import Call, route
from portal.simulator.clock import later
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.records import Deployment, Domain
from portal.simulator.shapes import attribution

ADDRESSES = ("192.0.2.44", "198.51.100.44")
POLICIES = ("none", "www_to_apex", "apex_to_www")
TLS_SECONDS = 3.0
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")
_OURS = (".miosa.app", ".miosa.ai", ".apps.example")
_SECOND_LEVEL = {"ac", "co", "com", "edu", "gov", "net", "org"}


def label_of(name: str) -> str:
    """The part before the zone a registrar would show; @ for the zone itself."""
    parts = name.split(".")
    zone = 3 if len(parts) > 2 and parts[-2] in _SECOND_LEVEL and len(parts[-1]) == 2 else 2
    return ".".join(parts[:-zone]) or "@"


def records_for(domain: Domain) -> list[dict[str, str]]:
    label = label_of(domain.domain)
    if label == "@":
        return [{"type": "A", "name": "@", "value": address} for address in ADDRESSES]
    return [{"type": "CNAME", "name": label, "value": domain.verification_target}]


def sentence_for(domain: Domain) -> str:
    wanted = " and ".join(f"{r['type']} {r['name']} → {r['value']}" for r in records_for(domain))
    return f"At your DNS provider create {wanted}; MIOSA issues the certificate as soon as it resolves."


def row(call: Call, deployment: Deployment, domain: Domain) -> dict[str, Any]:
    keys = {"both": ("domain", "fqdn"), "domain": ("domain",), "fqdn": ("fqdn",)}[str(call.settings["domain_keys"])]
    status = domain.status
    if status == "verified" and call.settings["domain_status"] == "verifying":
        status = "verifying"
    answer: dict[str, Any] = {
        "id": domain.id,
        **dict.fromkeys(keys, domain.domain),
        "tenant_id": call.world.tenant_id,
        "deployment_id": deployment.id,
        "status": status,
        "verification_target": domain.verification_target,
        "redirect_policy": domain.redirect_policy,
        **attribution(domain.by),
        "verified_at": domain.verified_at,
        "tls_issued_at": domain.tls_issued_at,
        "created_at": domain.created_at,
        "updated_at": domain.updated_at,
    }
    if domain.code:
        answer |= {"code": domain.code, "error": domain.error}
    instructions = call.settings["dns_instructions"]
    records = records_for(domain)
    if instructions == "records":
        answer["dns_records"] = records
    if instructions == "object":
        answer["dns_instructions"] = records[0]
    if instructions in ("records", "text"):
        answer["instructions"] = sentence_for(domain)
    return answer


def find(call: Call, deployment: Deployment) -> Domain:
    found = next((d for d in deployment.domains if d.id == call.params["domain_id"]), None)
    if found is None:
        raise not_found("domain")
    return found


@route("GET", "/deployments/<deployment_id>/domains", "deployments:read", "domains:read")
def list_domains(call: Call) -> Response:
    deployment = call.deployment()
    status = call.args.get("status")
    rows = [
        row(call, deployment, domain)
        for domain in reversed(deployment.domains)
        if listing.attributed(domain.by, call.args, call.settings) and status in (None, domain.status)
    ]
    return call.rows("domains", rows)


@route("POST", "/deployments/<deployment_id>/domains", "deployments:write", "domains:write")
def add(call: Call) -> Response:
    deployment = call.deployment()
    body = call.body()
    keys = {"both": ("domain", "fqdn"), "domain": ("domain",), "fqdn": ("fqdn",)}[str(call.settings["domain_keys"])]
    name = next((str(body[key]) for key in keys if body.get(key)), "")
    require_name(name, keys[0])
    if name in call.world.domain_names:
        raise Refusal(409, f"{name} is already attached to a deployment")
    domain = Domain(
        id=call.world.ids.new("dom"),
        domain=name,
        status="pending",
        by=call.attribution(body, deployment.by),
        verification_target=call.shapes.target_host(deployment),
        redirect_policy=policy_of(call, body) or "none",
        created_at=call.now,
        updated_at=call.now,
    )
    deployment.domains.append(domain)
    call.world.domain_names[name] = deployment.id
    deployment.custom_domain_id = deployment.custom_domain_id or domain.id
    call.lifecycle.tell("deployment.domain_attached", deployment, call.now, domain=name)
    return call.one(row(call, deployment, domain), status=201, noun="domain")


def require_name(name: str, key: str) -> None:
    if not name:
        raise invalid(key, "can't be blank")
    if len(name) > 253 or not _NAME.fullmatch(name) or name.replace(".", "").isdigit():
        raise invalid(key, "is not a valid domain name")
    if f".{name}".endswith(_OURS):
        raise invalid(key, "is reserved")


def policy_of(call: Call, body: dict[str, Any]) -> str | None:
    policy = call.text(body, "redirect_policy")
    if policy is not None and policy not in POLICIES:
        raise invalid("redirect_policy", "is invalid")
    return policy


@route("PATCH", "/deployments/<deployment_id>/domains/<domain_id>", "deployments:write", "domains:write")
def update(call: Call) -> Response:
    if call.settings["domain_patch"] == "404":
        raise Refusal(404, "The requested resource was not found")
    deployment = call.deployment()
    domain = find(call, deployment)
    domain.redirect_policy = policy_of(call, call.body()) or domain.redirect_policy
    domain.updated_at = call.now
    return call.one(row(call, deployment, domain), noun="domain")


@route("DELETE", "/deployments/<deployment_id>/domains/<domain_id>", "deployments:write", "domains:write")
def delete(call: Call) -> Response:
    deployment = call.deployment()
    domain = find(call, deployment)
    deployment.domains.remove(domain)
    call.world.domain_names.pop(domain.domain, None)
    if deployment.custom_domain_id == domain.id:
        deployment.custom_domain_id = deployment.domains[0].id if deployment.domains else None
    return call.deleted(id=domain.id, domain=domain.domain)


@route("POST", "/deployments/<deployment_id>/domains/<domain_id>/verify", "deployments:write", "domains:write")
def verify(call: Call) -> Response:
    deployment = call.deployment()
    domain = find(call, deployment)
    domain.verify_calls += 1
    domain.updated_at = call.now
    if call.platform.dns.find(domain.domain) is not None:
        code = call.platform.dns.check(domain.domain, target=domain.verification_target, addresses=ADDRESSES)
        settle(call, deployment, domain, code)
    else:
        by_knob(call, deployment, domain)
    return call.one(row(call, deployment, domain), noun="domain")


def settle(call: Call, deployment: Deployment, domain: Domain, code: str | None) -> None:
    if code is not None:
        fail(domain, code)
    elif domain.status == "verified":
        call.lifecycle.secure(domain, call.now)
    elif domain.status != "active":
        domain.status, domain.verified_at, domain.code, domain.error = "verified", call.now, None, None
        call.lifecycle.soon("certificate", deployment, domain.id, later(call.now, TLS_SECONDS))


def fail(domain: Domain, code: str) -> None:
    texts = {
        "CNAME_MISMATCH": f"CNAME of {domain.domain} does not point at {domain.verification_target}",
        "DNS_LOOKUP_FAILED": f"could not look up {domain.domain}",
    }
    domain.status, domain.code, domain.error = "failed", code, texts[code]


def by_knob(call: Call, deployment: Deployment, domain: Domain) -> None:
    wanted = call.settings["domain_verify"]
    if wanted in ("mismatch", "lookup_failed"):
        fail(domain, "CNAME_MISMATCH" if wanted == "mismatch" else "DNS_LOOKUP_FAILED")
    elif wanted == "refused":
        raise Refusal(422, f"CNAME of {domain.domain} does not point at the target", code="CNAME_MISMATCH")
    elif domain.status == "active":
        return
    elif wanted == "active" or domain.status == "verified":
        domain.verified_at = domain.verified_at or call.now
        domain.code = domain.error = None
        call.lifecycle.secure(domain, call.now)
    elif domain.verify_calls >= 2:
        domain.status, domain.verified_at, domain.code, domain.error = "verified", call.now, None, None
