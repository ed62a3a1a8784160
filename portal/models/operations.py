"""The journal: every change asked of MIOSA.

Not disposable, and pointing at nothing, so that it never blocks live data.
"""

from django.db import models


class Operation(models.Model):
    """One human action. Its `key` is the Idempotency-Key; the row is committed before MIOSA is asked.

    `accepted → sent → succeeded | refused | unknown → succeeded | refused | decided`. `in_lane`: it still holds its
    lane of its deployment, so that no other of that lane may begin. `beat_at` is renewed each second by whoever carries
    it out (`runner`); a missed beat means a dead process. `body` holds what was asked for, without secrets. Texts of
    people, customer and deployment are copies.
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

    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=30)
    lane = models.CharField(max_length=300)
    in_lane = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACCEPTED)

    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=200)
    person_role = models.CharField(max_length=20)
    customer_id = models.BigIntegerField(
        help_text="Customer.id, whose version or domain it concerns; else whose page it was asked on"
    )
    customer_name = models.CharField(max_length=300)
    deployment_id = models.CharField(max_length=128, help_text="MIOSA's id; a made-up one while it is being created")
    deployment_name = models.CharField(max_length=300)
    target_id = models.CharField(max_length=128, blank=True)
    target_number = models.BigIntegerField(null=True)
    seen_live_id = models.CharField(max_length=128, blank=True)
    seen_live_number = models.BigIntegerField(null=True)
    environment = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    note = models.CharField(max_length=2000, blank=True)
    override_of = models.UUIDField(null=True)
    body = models.JSONField(default=dict)

    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    switched_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_due_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NONE, blank=True)
    verdict_text = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    runner = models.CharField(max_length=40, blank=True)
    beat_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True, help_text="When an unknown one is next looked into.")

    result = models.JSONField(default=dict)
    upstream_request_id = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_for_people = models.TextField(blank=True)
    error_for_operators = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decision = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["deployment_id", "lane"], condition=models.Q(in_lane=True), name="operation_one_in_lane"
            ),
        )
        indexes = (
            models.Index(fields=["deployment_id", "-asked_at"], name="operation_of_deployment"),
            models.Index(fields=["customer_id", "-asked_at"], name="operation_of_customer"),
            models.Index(fields=["state"], name="operation_by_state"),
            models.Index(fields=["look_at"], condition=models.Q(look_at__isnull=False), name="operation_look"),
            models.Index(
                fields=["check_due_at"], condition=models.Q(check_due_at__isnull=False), name="operation_check"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
