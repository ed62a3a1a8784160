"""Adds to a seeded deployment: domains, env vars, instances, and builds of a repository."""

from __future__ import annotations

from datetime import timedelta

from portal.simulator.defaults import ENVIRONMENT, HEALTH_CHECK_PATH, PORT
from portal.simulator.lifecycle import node_address, node_id
from portal.simulator.records import Attribution, Build, Deployment, Domain, EnvVar, Instance
from portal.simulator.seed.builder import DAY, HOUR, MINUTE, Customer, SeedBuilder

COMMITS = (
    "Tidy the quick start", "Add torque tables for the R2 arm", "Upgrade search index", "Fix broken anchors",
    "Describe calibration over USB", "New hero image", "Bump dependencies", "Explain error code E-114",
)  # fmt: skip
TRIGGERS = ("webhook", "manual", "scheduled")
UNSUCCESSFUL_BUILDS = {
    3: ("failed", "Build exited with status 1: cannot resolve ./search-index"),
    6: ("cancelled", None),
}
FIRST_NODE = 20


def add_domain(
    builder: SeedBuilder, deployment: Deployment, name: str, status: str, *, attribution: Attribution | None = None
) -> Domain:
    age = 30 * HOUR if status == "pending" else 40 * DAY
    domain = Domain(
        id=builder.store.ids.new("dom"),
        domain=name,
        status=status,
        attribution=attribution or deployment.attribution,
        verification_target=builder.store.target_host(deployment),
        redirect_policy="www_to_apex" if name.startswith("www.") else "none",
        created_at=builder.ago(age),
        updated_at=builder.ago(age - 11 * MINUTE),
        verified_at=builder.ago(age - 10 * MINUTE) if status in ("verified", "active") else None,
        tls_issued_at=builder.ago(age - 11 * MINUTE) if status == "active" else None,
        verify_calls=0 if status == "pending" else 2,
    )
    if status == "failed":
        domain.set_failed("CNAME_MISMATCH")
    deployment.domains.append(domain)
    builder.store.domain_names[name] = deployment.id
    deployment.custom_domain_id = deployment.custom_domain_id or domain.id
    return domain


def add_env(builder: SeedBuilder, deployment: Deployment, **values: str) -> None:
    for name, value in values.items():
        var = EnvVar(name=name, created_at=builder.ago(50 * DAY), updated_at=builder.ago(15 * DAY))
        var.mask(value)
        deployment.env.append(var)
        builder.store.env_values[deployment.id, ENVIRONMENT, name] = value


def add_instances(builder: SeedBuilder, deployment: Deployment, *, restarts: int = 0) -> None:
    """One that serves the live version, and the stopped one before it."""
    ids = builder.store.ids
    for index, version_id in enumerate(reversed(deployment.activations[-2:])):
        version = builder.store.versions[version_id]
        is_healthy = index == 0
        state = "healthy" if is_healthy else "stopped"
        started_at = version.promoted_at or builder.now
        instance = Instance(
            id=ids.new("rti"),
            release_id=version.release_id,
            state=state,
            desired_state=state,
            host_id=ids.new("host"),
            node_id=node_id(FIRST_NODE + index),
            vm_id=ids.new("vm"),
            ip_address=node_address(FIRST_NODE + index),
            port=PORT,
            health_check_path=HEALTH_CHECK_PATH,
            restart_count=restarts if is_healthy else 0,
            started_at=started_at,
            stopped_at=None if is_healthy else started_at + timedelta(hours=3),
            last_health_check_at=builder.now if is_healthy else started_at,
            error_message=None,
            created_at=started_at,
            updated_at=started_at,
        )
        deployment.instances.append(instance)


def add_builds(builder: SeedBuilder, deployment: Deployment, customer: Customer) -> None:
    ids = builder.store.ids
    for number, commit in enumerate(COMMITS):
        state, error_message = UNSUCCESSFUL_BUILDS.get(number, ("succeeded", None))
        created_at = builder.ago((len(COMMITS) - number) * 4 * DAY - 90 * HOUR)
        build = Build(
            id=ids.new("bld"),
            deployment_id=deployment.id,
            commit_sha=ids.sha256()[:40],
            commit_message=commit,
            triggered_by=TRIGGERS[number % len(TRIGGERS)],
            state=state,
            attribution=customer.attribution(builder.rng),
            started_at=created_at + timedelta(seconds=4),
            finished_at=created_at + timedelta(seconds=61 + number),
            created_at=created_at,
            image_digest=f"sha256:{ids.sha256()}" if state == "succeeded" else None,
            error_message=error_message,
        )
        deployment.builds.append(build)
    deployment.current_build_id = deployment.builds[-1].id
    deployment.state = "running"
    deployment.updated_at = deployment.builds[-1].created_at
