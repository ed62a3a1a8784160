"""Workspaces of MIOSA, as far as they say whose an unattributed deployment is. Disposable."""

from django.db import models


class Workspace(models.Model):
    """`external_id` None: it states none, so what lies in it belongs to nobody."""

    miosa_id = models.CharField(max_length=128, unique=True)
    external_id = models.CharField(max_length=512, null=True)

    def __str__(self) -> str:
        return self.miosa_id
