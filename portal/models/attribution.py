"""Whose a version is, frozen when it was first seen (docs/rules.md, 1). Not disposable.

Rows name MIOSA's ids as text and point at nothing, so they outlive what can be read again.
"""

from django.db import models


class DeploymentAttribution(models.Model):
    """An `external_workspace_id` a deployment was seen with; more than one row for a deployment means that it moved."""

    deployment_id = models.CharField(max_length=128, db_index=True)
    external_id = models.CharField(max_length=512, null=True)  # noqa: DJ001  # null is an answer of its own: nobody's
    first_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.deployment_id} → {self.external_id}"


class VersionAttribution(models.Model):
    """What a version without an attribution of its own took from its deployment. `external_id` None: staff only."""

    deployment_id = models.CharField(max_length=128)
    version_id = models.CharField(max_length=128)
    external_id = models.CharField(max_length=512, null=True)  # noqa: DJ001  # null is an answer of its own: nobody's
    frozen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment_id", "version_id"], name="frozen_once"),)

    def __str__(self) -> str:
        return f"{self.version_id} → {self.external_id}"
