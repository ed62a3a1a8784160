"""Workspaces of MIOSA, as far as they say whose an unattributed deployment is. Disposable."""

from django.db import models


class Workspace(models.Model):
    """`external_id` None: it states none, so what lies in it belongs to nobody."""

    miosa_id = models.CharField(max_length=128, unique=True)
    external_id = models.CharField(max_length=512, null=True)  # noqa: DJ001  # null is an answer of its own: nobody's

    def __str__(self) -> str:
        return self.miosa_id
