"""Env vars: names as MIOSA lists them, who set them here, and values for the minutes between typing and applying."""

from django.db import models


class EnvVar(models.Model):
    """A name on a deployment, as last read. Disposable. `mask` is MIOSA's own; no value is ever here."""

    deployment = models.ForeignKey("portal.Deployment", on_delete=models.CASCADE, related_name="env_vars")
    environment = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=300)
    mask = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "environment", "name"], name="env_var_once"),)

    def __str__(self) -> str:
        return self.name


class EnvMark(models.Model):
    """Who set a name through the portal, and a short keyed fingerprint of what was set. Not disposable."""

    deployment_id = models.CharField(max_length=128)
    environment = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=8)
    person_name = models.CharField(max_length=200)
    operation_key = models.UUIDField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment_id", "environment", "name"], name="env_mark_once"),)

    def __str__(self) -> str:
        return self.name


class SealedValues(models.Model):
    """Values typed and not yet applied: encrypted, bound to one person, deployment and operation, gone in minutes."""

    key = models.UUIDField(unique=True, help_text="The operation they are for.")
    person_id = models.BigIntegerField()
    deployment_id = models.CharField(max_length=128)
    environment = models.CharField(max_length=60)
    sealed = models.BinaryField()
    lines = models.JSONField(default=list, help_text="What the review shows of each: names, sizes, notices; no values.")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.key)
