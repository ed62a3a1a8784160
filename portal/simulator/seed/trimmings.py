"""What hangs on a deployment: domains, env vars, instances, builds of a repository."""

from __future__ import annotations

from datetime import timedelta

from portal.simulator.env import preview_of
from portal.simulator.records import Attribution, Build, Deployment, Domain, EnvVar, Instance
from portal.simulator.seed.nursery import DAY, HOUR, MINUTE, Customer, Nursery
from portal.simulator.shapes import release_id

COMMITS = (
    "Tidy the quick start", "Add torque tables for the R2 arm", "Upgrade search index", "Fix broken anchors",
    "Describe calibration over USB", "New hero image", "Bump dependencies", "Explain error code E-114",
)  # fmt: skip


def domain(n: Nursery, deployment: Deployment, name: str, status: str, *, by: Attribution | None = None) -> Domain:
    age = 30 * HOUR if status == "pending" else 40 * DAY
    verified = n.ago(age - 10 * MINUTE) if status in ("verified", "active") else None
    row = Domain(
        id=n.world.ids.new("dom"),
        domain=name,
        status=status,
        by=by or deployment.by,
        verification_target=f"{deployment.slug}.{n.world.tenant_slug}.apps.example",
        redirect_policy="www_to_apex" if name.startswith("www.") else "none",
        created_at=n.ago(age),
        updated_at=n.ago(age - 11 * MINUTE),
        verified_at=verified,
        tls_issued_at=n.ago(age - 11 * MINUTE) if status == "active" else None,
        verify_calls=0 if status == "pending" else 2,
    )
    if status == "failed":
        row.code = "CNAME_MISMATCH"
        row.error = f"CNAME of {name} does not point at {row.verification_target}"
    deployment.domains.append(row)
    n.world.domain_names[name] = deployment.id
    deployment.custom_domain_id = deployment.custom_domain_id or row.id
    return row


def env(n: Nursery, deployment: Deployment, **values: str) -> None:
    for name, value in values.items():
        secret, preview = preview_of(name, value)
        n.world.env_values[deployment.id, "production", name] = value
        deployment.env.append(EnvVar(
            name=name, preview=preview, environment="production", is_secret=secret,
            created_at=n.ago(50 * DAY), updated_at=n.ago(15 * DAY),
        ))  # fmt: skip


def instances(n: Nursery, deployment: Deployment, *, restarts: int = 0) -> None:
    """The one that serves the live version, and a stopped one before it."""
    for index, version_id in enumerate(reversed(deployment.activations[-2:])):
        version = n.world.versions[version_id]
        healthy = index == 0
        started = version.promoted_at or n.now
        deployment.instances.append(Instance(
            id=n.world.ids.new("rti"), release_id=release_id(version),
            state="healthy" if healthy else "stopped", desired_state="healthy" if healthy else "stopped",
            host_id=n.world.ids.new("host"), node_id=f"miosa-fra1-node-{20 + index}", vm_id=n.world.ids.new("vm"),
            ip_address=f"10.40.{20 + index}.17", port=8080, health_check_path="/healthz",
            restart_count=restarts if healthy else 0, started_at=started,
            stopped_at=None if healthy else started + timedelta(hours=3),
            last_health_check_at=n.now if healthy else started, error_message=None,
            created_at=started, updated_at=started,
        ))  # fmt: skip


def builds(n: Nursery, deployment: Deployment, customer: Customer) -> None:
    endings = {3: ("failed", "Build exited with status 1: cannot resolve ./search-index"), 6: ("cancelled", None)}
    for number in range(len(COMMITS)):
        state, problem = endings.get(number, ("succeeded", None))
        created = n.ago((len(COMMITS) - number) * 4 * DAY - 90 * HOUR)
        deployment.builds.append(Build(
            id=n.world.ids.new("bld"), deployment_id=deployment.id, commit_sha=n.world.ids.sha256()[:40],
            commit_message=COMMITS[number], triggered_by=("webhook", "manual", "scheduled")[number % 3], state=state,
            by=customer.by(n.rng), started_at=created + timedelta(seconds=4),
            finished_at=created + timedelta(seconds=61 + number), created_at=created,
            image_digest=f"sha256:{n.world.ids.sha256()}" if state == "succeeded" else None, error_message=problem,
        ))  # fmt: skip
    deployment.current_build_id = deployment.builds[-1].id
    deployment.state = "running"
    deployment.updated_at = deployment.builds[-1].created_at
