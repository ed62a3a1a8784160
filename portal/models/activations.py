"""Changes of the live version. Not disposable: MIOSA keeps no list of them."""

from django.db import models


class Activation(models.Model):
    """The live pointer of a deployment moved to a version: by an operation of ours (`caused`) or not (`seen`).

    `previous_id` is what the portal knew to be live before. For a seen activation that is what the last look showed;
    something else may have been live in between, so only what an operation of ours replaced can be undone.

    Rows hold MIOSA's ids as text instead of foreign keys. `at` is the best known time of the change, `seen_at` when the
    portal noticed it. `is_first`: the deployment was read for the first time, so nothing may have changed at all.
    `has_entry`: the timeline shows it. A version that went live when it was published is shown as the version alone.
    """

    class Cause(models.TextChoices):
        CAUSED = "caused"
        SEEN = "seen"

    class Verdict(models.TextChoices):
        BAD = "bad"
        NONE = ""
        OK = "ok"
        UNKNOWN = "unknown"

    deployment_id = models.CharField(max_length=128)
    version_id = models.CharField(max_length=128, blank=True, help_text="Empty: nothing is live any more.")
    previous_id = models.CharField(max_length=128, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause.choices, default=Cause.SEEN)
    is_first = models.BooleanField(default=False)
    has_entry = models.BooleanField(default=False)
    was_staged = models.BooleanField(default=False, help_text="The version had been seen ready and not live before.")
    operation_id = models.UUIDField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NONE, blank=True)
    kept_at = models.DateTimeField(null=True, help_text="A person decided to keep this rollback.")
    kept_by = models.CharField(max_length=200, blank=True)
    kept_by_role = models.CharField(max_length=20, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["deployment_id", "-at", "-id"], name="activation_by_time"),
            # Rollbacks of all customers by day.
            models.Index(fields=["at"], condition=models.Q(has_entry=True), name="activation_shown"),
        )

    def __str__(self) -> str:
        return f"{self.deployment_id}: {self.previous_id} → {self.version_id}"
