"""Changes of what is live. Not disposable: MIOSA keeps none."""

from django.db import models


class Activation(models.Model):
    """The live pointer of a deployment came to a version, by our doing (`caused`) or seen from outside (`seen`).

    Rows name MIOSA's ids as text and point at nothing. `at` is the best knowledge of the moment, `seen_at` when we
    learnt of it. `is_first`: the first sight of a deployment, which tells that a version is live but not that anything
    changed. `is_deed`: it tells more than the row of a version that went live by its own publish, so it is filed.
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
    is_deed = models.BooleanField(default=False)
    was_staged = models.BooleanField(default=False, help_text="The version had been seen ready and not live before.")
    operation_id = models.UUIDField(null=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.NONE, blank=True)
    kept_at = models.DateTimeField(null=True, help_text="Somebody said that this rollback stays.")
    kept_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=["deployment_id", "-at", "-id"], name="activation_by_time"),)

    def __str__(self) -> str:
        return f"{self.deployment_id}: {self.previous_id} → {self.version_id}"
