"""Env vars: their names as MIOSA lists them, who set them here, and drafts of values until they are applied."""

from django.db import models


class EnvVar(models.Model):
    """A name on a deployment as last read from MIOSA. Disposable.

    An empty `environment` means all of them. `mask` is MIOSA's preview of the value; no value is stored here.
    """

    deployment = models.ForeignKey("portal.Deployment", on_delete=models.CASCADE, related_name="env_vars")
    environment = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=300)
    mask = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "environment", "name"], name="env_var_once"),)

    def __str__(self) -> str:
        return self.name


class EnvVarUpdate(models.Model):
    """The last time that a name was set through the portal: who, when, and a fingerprint of the value. Not disposable.

    `fingerprint` is keyed with the portal's secret; empty if the value was not known any more.
    """

    deployment_id = models.CharField(max_length=128)
    environment = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=8)
    person_name = models.CharField(max_length=200)
    person_role = models.CharField(max_length=20, blank=True)
    operation_key = models.UUIDField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["deployment_id", "environment", "name"], name="env_var_update_once"),
        )

    def __str__(self) -> str:
        return self.name


class EnvVarDraft(models.Model):
    """Values that a person typed and has not applied yet, encrypted for one person, deployment and operation.

    Deleted after 10 minutes, or with the operation that was made of it. `lines` and `skipped` hold no values.
    """

    key = models.UUIDField(unique=True, help_text="Becomes the key of the operation that applies it.")
    person_id = models.BigIntegerField()
    deployment_id = models.CharField(max_length=128)
    environment = models.CharField(max_length=60)
    encrypted_values = models.BinaryField()
    lines = models.JSONField(default=list, help_text="Name, size and notices of each line.")
    skipped = models.JSONField(default=list, help_text="Which lines were skipped, and why.")
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.key)
