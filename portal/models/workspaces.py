"""Workspaces of MIOSA: they name the customer of a deployment that does not. Disposable."""

from django.db import models


class Workspace(models.Model):
    """`external_id` None: it names no customer, so its deployments belong to no customer."""

    miosa_id = models.CharField(max_length=128, unique=True)
    external_id = models.CharField(max_length=512, null=True)

    def __str__(self) -> str:
        return self.miosa_id
