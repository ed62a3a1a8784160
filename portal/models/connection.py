"""The one MIOSA tenant that this database belongs to, its state, and the budget of requests."""

from django.db import models


class Connection(models.Model):
    """A single row (id 1). A database refuses another base URL or tenant (docs/architecture.md).

    `unreachable_since` and `refused_since` are shown to people, `alarm` to operators. While many deployments are
    missing from MIOSA's list, none is marked as gone until an operator confirms it (`accepts_vanished`).
    """

    base_url = models.CharField(max_length=500, blank=True)
    tenant_id = models.CharField(max_length=128, blank=True)
    ignores_filter = models.BooleanField(default=False)
    unreachable_since = models.DateTimeField(null=True)
    refused_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=40, blank=True)
    last_ok_at = models.DateTimeField(null=True)
    alarm = models.CharField(max_length=40, blank=True)
    alarm_text = models.TextField(blank=True)
    alarm_at = models.DateTimeField(null=True)
    accepts_vanished = models.BooleanField(default=False)
    checklist_ended_at = models.DateTimeField(
        null=True, help_text="When all steps of the installation were done, or an operator hid them."
    )
    bucket = models.OneToOneField("portal.Bucket", on_delete=models.SET_NULL, null=True, related_name="connection")

    def __str__(self) -> str:
        return self.base_url

    @classmethod
    def only(cls) -> "Connection":
        return cls.objects.get_or_create(pk=1)[0]


class Bucket(models.Model):
    """A token bucket that all processes share.

    It held `tokens` at the time `at` (seconds since 1970). No token can be taken until `blocked_until`.
    """

    key = models.CharField(max_length=120, unique=True)
    tokens = models.FloatField()
    at = models.FloatField()
    blocked_until = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.key
