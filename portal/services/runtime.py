"""Running instances of a dynamic deployment (contract 8.5, 9.5) and their logs, read when a page shows them."""

from dataclasses import dataclass, replace
from datetime import datetime

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import clean_text, logs, open_words
from portal.services.errors import NotFound
from portal.services.queries import actions, app_health, deployments, summaries
from portal.services.queries.log_pages import LogPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary
from portal.services.sync import polling

LINES = 2_000
_ENDED = frozenset({"stopped", "destroyed", "failed", "error"})
_HEALTHY = frozenset({"healthy", "running"})


@dataclass(frozen=True, slots=True)
class Instance:
    """`error` is for staff: the hosting service wrote the text. Its address and host are never stored or shown."""

    id: str
    state: str
    wanted: str
    restarts: int
    health_path: str
    checked_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    memory_mb: int | None
    cpu_millicores: int | None
    error: str

    @property
    def has_ended(self) -> bool:
        return self.state in _ENDED


@dataclass(frozen=True, slots=True)
class Instances:
    """`as_of` None: never read. `missing` is a sentence: why nothing newer could be read."""

    rows: tuple[Instance, ...]
    as_of: datetime | None
    missing: str


@dataclass(frozen=True, slots=True)
class InstanceLog:
    customer: CustomerSummary
    deployment: DeploymentSummary
    instance: Instance
    log: LogPage


def list_instances(deployment: Deployment, *, customer: Customer, by: Person, now: datetime) -> Instances:
    """Empty for a static deployment, without a request. The latest stored ones while MIOSA can't be reached."""
    live = deployment.live_version
    if deployment.gone_at is not None or (live is not None and live.kind == "static"):
        return Instances((), now, "")
    found = _read(deployment, customer=customer, now=now)
    if by.is_staff:
        return found
    return replace(found, rows=tuple(_cut(row, by=by) for row in found.rows))


def get_log(*, by: Person, slug: str, deployment_id: str, instance_id: str, now: datetime) -> InstanceLog:
    """Raises NotFound."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    if summaries.hides_others(deployment, by=by):
        raise NotFound
    rows = list_instances(deployment, customer=customer, by=by, now=now).rows
    instance = next((row for row in rows if row.id == instance_id), None)
    if instance is None:
        raise NotFound
    log = logs.read_stream(
        lambda client: client.runtime_instances.logs(deployment.miosa_id, instance.id, lines=LINES),
        name=f"instance:{deployment.pk}:{instance.id}",
        is_finished=instance.has_ended,
        has_failed=True,
        customer_id=customer.pk,
        by=by,
        now=now,
    )
    return InstanceLog(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        instance=instance,
        log=log,
    )


def _cut(row: Instance, *, by: Person) -> Instance:
    """For a customer's people: without texts that only the hosting service understands."""
    return replace(
        row,
        state=open_words.show_word(row.state, open_words.INSTANCE_STATES, by=by),
        wanted=open_words.show_word(row.wanted, open_words.INSTANCE_STATES, by=by),
        health_path=open_words.show_text(row.health_path, by=by),
        error="",
    )


def _read(deployment: Deployment, *, customer: Customer, now: datetime) -> Instances:
    latest = polling.poll(
        f"instances:{deployment.pk}",
        lambda client: _fetch(deployment, client, now=now),
        customer_id=customer.pk,
        is_final=False,
        now=now,
    )
    if latest.is_absent:
        return Instances((), now, "")
    rows = sorted(latest.value or (), key=lambda row: (row.has_ended, row.id))
    return Instances(tuple(rows), latest.as_of, logs.explain_outdated(latest.error()) if latest.error else "")


def _fetch(deployment: Deployment, client: miosa.Client, *, now: datetime) -> tuple[Instance, ...]:
    rows = tuple(map(_read_instance, client.runtime_instances.list(deployment.miosa_id).items))
    wanted = [row.state in _HEALTHY for row in rows if not row.has_ended or row.wanted in _HEALTHY]
    app_health.store_instance_health(deployment, healthy=wanted, now=now)
    return rows


def _read_instance(row: miosa.RuntimeInstance) -> Instance:
    return Instance(
        id=row.id,
        state=(row.state or "").lower()[:60],
        wanted=(row.desired_state or "").lower()[:60],
        restarts=row.restart_count or 0,
        health_path=clean_text.clean_line(row.health_check_path, most=200),
        checked_at=row.last_health_check_at or row.last_heartbeat_at,
        started_at=row.started_at or row.created_at,
        stopped_at=row.stopped_at,
        memory_mb=row.memory_limit_mb,
        cpu_millicores=row.cpu_limit_millicores,
        error=clean_text.clean_line(row.error_message, most=500),
    )
