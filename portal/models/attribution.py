"""The owner of a version, frozen when it was first seen (docs/rules.md, 1). Not disposable.

Rows hold MIOSA's ids as text instead of foreign keys, so they outlive the disposable tables.
"""

from django.db import models


class DeploymentAttribution(models.Model):
    """An `external_workspace_id` that a deployment had. A deployment with several rows has changed hands."""

    deployment_id = models.CharField(max_length=128, db_index=True)
    external_id = models.CharField(max_length=512, null=True)
    first_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.deployment_id} → {self.external_id}"


class VersionAttribution(models.Model):
    """The attribution that a version without one of its own got from its deployment. `external_id` None: staff only."""

    deployment_id = models.CharField(max_length=128)
    version_id = models.CharField(max_length=128)
    external_id = models.CharField(max_length=512, null=True)
    frozen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment_id", "version_id"], name="frozen_once"),)

    def __str__(self) -> str:
        return f"{self.version_id} → {self.external_id}"
