"""How old the stored data is, and which process is refreshing it. Disposable."""

from datetime import timedelta

from django.db import models

# What a page shows may be this old before it is refreshed.
FRESH_FOR = timedelta(seconds=15)
# A page that is open says so again before this has passed.
WATCHED_FOR = timedelta(seconds=20)
SWEEP = "sweep"
WORKSPACES = "workspaces"


def customer_scope(customer_id: int) -> str:
    return f"customer:{customer_id}"


def deployment_scope(deployment_id: int) -> str:
    """`deployment_id` is `Deployment.id`."""
    return f"deployment:{deployment_id}"


def versions_scope(deployment_id: int) -> str:
    """The versions of one deployment. `deployment_id` is `Deployment.id`."""
    return f"versions:{deployment_id}"


def version_scope(deployment_id: int, version_id: str) -> str:
    """One version that is being built. `deployment_id` is `Deployment.id`, `version_id` is MIOSA's."""
    return f"version:{deployment_id}:{version_id}"


class Freshness(models.Model):
    """Something that is refreshed as a whole, named by `scope` ("customer:<id>", "versions:<id>", "sweep" …).

    The lease lets one process refresh it for all. `lease_token` is a fencing token: a process whose lease ran out
    can't store what it read. `epoch` grows with each of our own changes, so that a read that began before one can't
    overwrite it. From `wanted_at` on the worker refreshes it, before others if somebody looks at it (`watched_at`).
    `began_at`, `cursor` and `rows_read` keep the position of a refresh that takes several runs. `is_complete`: the
    stored rows have no gap below the newest.
    """

    scope = models.CharField(max_length=200, unique=True)
    customer = models.OneToOneField(
        "portal.Customer", on_delete=models.CASCADE, null=True, related_name="freshness", help_text="Of its own scope."
    )
    began_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    wanted_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)
    epoch = models.PositiveBigIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=40, blank=True)
    failed_at = models.DateTimeField(null=True)
    is_complete = models.BooleanField(default=False)
    cursor = models.TextField(blank=True)
    rows_read = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(fields=["wanted_at"], name="freshness_wanted"),
            models.Index(fields=["read_at"], name="freshness_read"),
        )

    def __str__(self) -> str:
        return self.scope
