"""The journal of operations: every change requested from MIOSA.

Rows are never deleted, and hold text instead of foreign keys, so that they never block live data.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from portal import clock_skew

# After this an operation is never sent, and one with an unknown outcome no longer holds its lane.
SENDABLE_FOR = timedelta(seconds=60)
# A process that has not renewed its heartbeat for this long is dead.
DEAD_AFTER = timedelta(seconds=3)
# Longer than any pause between two steps of one operation.
_LONGEST_PAUSE = timedelta(minutes=2)


class OperationQuerySet(models.QuerySet["Operation"]):
    def sendable(self, *, now: datetime) -> OperationQuerySet:
        """Requested within the last minute. See `Operation.is_sendable`."""
        return self.filter(requested_at__gte=now - SENDABLE_FOR, requested_at__lte=now + clock_skew.OUR_HOSTS)

    def unattended(self, *, now: datetime) -> OperationQuerySet:
        """No living process works on them. See `Operation.is_attended`."""
        dead = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - DEAD_AFTER) | Q(heartbeat_at__gt=now + DEAD_AFTER)
        return self.filter(Q(runner="") | dead)

    def due(self, column: str, *, now: datetime) -> OperationQuerySet:
        """Rows that are due by the time in `column`. See `is_moment_due`."""
        return self.filter(Q(**{f"{column}__lte": now}) | Q(**{f"{column}__gt": now + _LONGEST_PAUSE}))

    def undecided(self) -> OperationQuerySet:
        """Reading does not show the outcome. See `Operation.needs_decision`."""
        cannot_tell = Q(next_read_at=None) | Q(error_code=Operation.NOT_FOUND_OUT)
        return self.filter(cannot_tell, state=Operation.State.UNKNOWN)

    def in_lane_of(self, deployment_id: str, lane: str) -> OperationQuerySet:
        return self.filter(deployment_id=deployment_id, lane=lane, in_lane=True)

    def find_blocking(self, deployment_id: str, lane: str, *, now: datetime) -> Operation | None:
        """The unfinished operation that keeps another one out of a lane, if there is one."""
        found = self.in_lane_of(deployment_id, lane).first()
        return None if found is None or found.is_abandoned(now=now) else found


class Operation(models.Model):
    """One human action. Its `key` is the Idempotency-Key; the row is committed before MIOSA is called.

    Its states, each with those that may follow:

        accepted   sent; refused, if a check just before sending fails or its minute is over
        sent       succeeded, refused, or unknown if the answer was lost
        unknown    succeeded or refused, by reading; sent again; decided, by a person
        refused    succeeded, if reading had shown nothing and MIOSA's answer still arrived
        succeeded, decided: final

    While `in_lane` is set, no other operation of the same deployment and lane may start. The process that works on it
    (`runner`) renews `heartbeat_at` every second. `body` holds the input without secrets, `result` what MIOSA answered
    and what was read before sending (`before`). Names of people, customer and deployment are copies.
    """

    class State(models.TextChoices):
        ACCEPTED = "accepted"
        DECIDED = "decided"
        REFUSED = "refused"
        SENT = "sent"
        SUCCEEDED = "succeeded"
        UNKNOWN = "unknown"

    class Verdict(models.TextChoices):
        BAD = "bad"
        NONE = ""
        OK = "ok"
        UNKNOWN = "unknown"

    class Concerns(models.TextChoices):
        """What it changes, which decides who sees it on a shared deployment (docs/rules.md, 1)."""

        CUSTOMER = "customer", "something of its customer alone, such as a domain"
        DEPLOYMENT = "deployment", "the deployment as a whole"
        LIVE = "live", "the version that was live"
        VERSION = "version", "the target version"

    OPEN = (State.ACCEPTED, State.SENT, State.UNKNOWN)
    # error_code of an unknown operation: reading does not show its outcome, and it can't be sent again.
    NOT_FOUND_OUT = "not_seen"

    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=30)
    permission = models.CharField(max_length=30, help_text="portal.permissions.Permission that its kind needs")
    concerns = models.CharField(max_length=10, choices=Concerns.choices, default=Concerns.DEPLOYMENT)
    moves_pointer = models.BooleanField(default=False, help_text="On success target_id is the live version")
    lane = models.CharField(max_length=300)
    in_lane = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACCEPTED)

    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=200)
    person_role = models.CharField(max_length=20)
    customer_id = models.BigIntegerField(
        help_text="Customer.id of the version or domain it concerns; else of the page it was requested on"
    )
    customer_name = models.CharField(max_length=300)
    deployment_id = models.CharField(max_length=128, help_text="MIOSA's id; new:<key> while it is being created")
    deployment_name = models.CharField(max_length=300)
    target_id = models.CharField(max_length=128, blank=True)
    target_number = models.BigIntegerField(null=True)
    seen_live_id = models.CharField(max_length=128, blank=True)
    seen_live_number = models.BigIntegerField(null=True)
    environment = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=2000, blank=True)
    override_of = models.UUIDField(null=True)
    undo_of = models.UUIDField(null=True, help_text="The key of the operation that this one undoes.")
    body = models.JSONField(default=dict)

    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    switched_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_due_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NONE, blank=True)
    verdict_text = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    runner = models.CharField(max_length=40, blank=True)
    heartbeat_at = models.DateTimeField(null=True)
    next_read_at = models.DateTimeField(null=True, help_text="When MIOSA is read next to find out or to follow up")

    result = models.JSONField(default=dict)
    upstream_request_id = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_for_people = models.TextField(blank=True)
    error_for_operators = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_by_role = models.CharField(max_length=20, blank=True)
    decision = models.CharField(max_length=20, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["deployment_id", "lane"], condition=models.Q(in_lane=True), name="operation_one_in_lane"
            ),
        )
        indexes = (
            models.Index(fields=["deployment_id", "-requested_at"], name="operation_of_deployment"),
            models.Index(fields=["customer_id", "-requested_at"], name="operation_of_customer"),
            models.Index(fields=["state"], name="operation_by_state"),
            models.Index(
                fields=["next_read_at"], condition=models.Q(next_read_at__isnull=False), name="operation_next_read"
            ),
            models.Index(
                fields=["check_due_at"], condition=models.Q(check_due_at__isnull=False), name="operation_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def creates_deployment(self) -> bool:
        """It was requested for a deployment that did not exist yet."""
        return self.deployment_id.startswith("new:")

    @property
    def actual_deployment_id(self) -> str:
        """MIOSA's id of the deployment: of the one it has created, once that is known."""
        return str(self.result.get("deployment_id") or self.deployment_id)

    @property
    def version_id(self) -> str:
        """MIOSA's id of the version it targets or has published; empty if there is none, or it is not known yet."""
        return self.target_id or str(self.result.get("version_id", ""))

    @property
    def goes_live(self) -> bool:
        """Whether a publish is to be live once it is built. The other one is staged."""
        return self.body.get("promote") is not False

    @property
    def publishes(self) -> bool:
        """Whether it makes a version from a sandbox, whose outcome is the operation's."""
        return "source_sandbox_id" in self.body

    @property
    def before(self) -> dict[str, object]:
        """What was read of the deployment just before sending."""
        return dict(self.result.get("before", {}))

    @property
    def needs_decision(self) -> bool:
        """Reading does not show the outcome, so a person has to decide. Reading may go on meanwhile."""
        return self.state == self.State.UNKNOWN and (self.next_read_at is None or self.error_code == self.NOT_FOUND_OUT)

    @property
    def waits_for_build(self) -> bool:
        """MIOSA answered with a build, and that has not ended yet."""
        is_unchecked = self.state == self.State.SUCCEEDED and self.checked_at is None
        return is_unchecked and "build_id" in self.result and self.next_read_at is not None

    def is_unconfirmed(self, *, live_id: str) -> bool:
        """MIOSA accepted it, and reading has not shown the effect yet. `live_id`: the version that is live now."""
        if self.waits_for_build:
            return True
        is_switched = self.switched_at is not None or live_id == self.target_id
        return self.moves_pointer and self.state == self.State.SUCCEEDED and not is_switched

    def is_sendable(self, *, now: datetime) -> bool:
        """Requested within the last minute. A moment in the future was written before a clock was set back: too old."""
        return -clock_skew.OUR_HOSTS <= now - self.requested_at <= SENDABLE_FOR

    def is_attended(self, *, now: datetime) -> bool:
        """A living process works on it. A heartbeat from the future is from before a clock was set back: dead."""
        renewed_at = self.heartbeat_at
        return bool(self.runner) and renewed_at is not None and abs(now - renewed_at) <= DEAD_AFTER

    def is_abandoned(self, *, now: datetime) -> bool:
        """Older than a minute, and no living process works on it: it must not hold its lane."""
        is_idle = self.state == self.State.UNKNOWN or not self.is_attended(now=now)
        return is_idle and not self.is_sendable(now=now)


def is_moment_due(at: datetime | None, *, now: datetime) -> bool:
    """The time has been reached, or is so far ahead that a clock was set back since it was written."""
    return at is not None and not now < at <= now + _LONGEST_PAUSE
