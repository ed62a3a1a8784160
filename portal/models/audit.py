"""Who did what, in the order in which it happened. Rows are never changed, and deleted by one command only.

Like operations they hold text instead of foreign keys, so that they never block live data and outlive it.
"""

from django.db import models


class AuditEvent(models.Model):
    """One row of the chain: `digest` is the HMAC of its canonical JSON, which has the previous row's digest in it.

    Triggers of both databases refuse every UPDATE, and every DELETE but that of `manage.py audit delete`.
    """

    class Outcome(models.TextChoices):
        DONE = "done"
        FAILED = "failed", "tried, and not done"
        REFUSED = "refused", "not allowed"

    class Way(models.TextChoices):
        COMMAND = "command", "on the portal's own machine"
        HAND_OFF = "hand_off", "a session that the platform's own app has opened"
        LINK = "link", "a link with a secret, without a session"
        NOBODY = "nobody", "no session"
        SESSION = "session"
        WORKER = "worker", "by itself"

    number = models.BigIntegerField(unique=True, help_text="1, 2, 3 … without gaps.")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40, help_text="What was done, such as person.removed")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    way = models.CharField(max_length=10, choices=Way.choices)
    person_id = models.BigIntegerField(null=True, help_text="User.id; null for somebody unknown.")
    person_name = models.CharField(max_length=200, blank=True)
    person_email = models.CharField(max_length=254, blank=True)
    person_role = models.CharField(max_length=20, blank=True)
    customer_id = models.BigIntegerField(null=True, help_text="Customer.id on whose behalf; null for the platform.")
    customer_name = models.CharField(max_length=300, blank=True)
    target = models.CharField(max_length=300, blank=True, help_text="What it was done to, in words.")
    before = models.JSONField(null=True, help_text="Without secrets.")
    after = models.JSONField(null=True, help_text="Without secrets.")
    operation = models.UUIDField(null=True, help_text="The key of the operation that it started.")
    address = models.CharField(max_length=60, blank=True)
    request_id = models.CharField(max_length=16, blank=True)
    search = models.TextField(blank=True, help_text="What a search finds, lower-cased; no names of staff.")
    previous = models.CharField(max_length=64, help_text="The digest of the row before; zeros for the first.")
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = (
            models.Index(fields=["customer_id", "-number"], name="audit_of_customer"),
            models.Index(fields=["person_id", "-number"], name="audit_of_person"),
            models.Index(fields=["kind", "-number"], name="audit_of_kind"),
            models.Index(fields=["outcome", "-number"], name="audit_of_outcome"),
            models.Index(fields=["at"], name="audit_at"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.outcome}"


class AuditHead(models.Model):
    """The end of the chain: a single row, locked while an event is added."""

    ID = 1

    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    sealed_until = models.BigIntegerField(
        default=0, help_text="Rows up to this number can be deleted; 0 but in a transaction of audit delete."
    )

    def __str__(self) -> str:
        return f"{self.number} {self.digest}"
