"""Deployments as last read from MIOSA, and which customers have something on them. Disposable."""

from collections.abc import Collection

from django.db import models
from django.db.models import Q

# Live, and nothing wrong. Whether something staged was forgotten, or the row is too old, depends on the time.
HEALTHY = (
    Q(gone_at=None, failed_at=None, domains_waiting=0)
    & (Q(on_rollback=False) | Q(is_rollback_kept=True))
    & ~Q(active_version_id="")
    & ~Q(state="stopped")
)


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def in_scope(self, customer_ids: Collection[int] | None) -> "DeploymentQuerySet":
        """Those whose state these customers may see; None means every deployment, as in `Person.scope`."""
        existing = self.filter(gone_at=None)
        return existing if customer_ids is None else existing.filter(customer__in=customer_ids, is_shared=False)

    def held_by(self, customer_id: int) -> "DeploymentQuerySet":
        """Those that the customer owns or has a version or domain on."""
        return self.filter(holdings__customer_id=customer_id)

    def for_summary(self) -> "DeploymentQuerySet":
        """Only the columns that a summary and its actions need."""
        return self.only(
            *("miosa_id", "customer_id", "name", "state", "public_url", "managed_url", "active_version_id"),
            *("live_version_id", "staged_version_id", "newest_version_id", "live_since", "on_rollback", "is_shared"),
            *("live_by", "live_by_role", "live_reason", "live_operation_id", "own_domain"),
            *("is_filled", "domains_waiting", "domains_read_at", "created_at", "first_seen_at", "gone_at"),
        )

    def unread(self) -> "DeploymentQuerySet":
        """Those whose versions were never read, as `Deployment.is_unread`."""
        return self.filter(gone_at=None, is_filled=False, newest_version=None)

    def with_versions(self) -> "DeploymentQuerySet":
        """Joins the live, staged and newest version. For one deployment; for many, `attach_versions` costs less."""
        return self.select_related("live_version", "staged_version", "newest_version")


class Deployment(models.Model):
    """A row of contract 8.1. `customer` owns it; others may have versions on it (`Holding`).

    `external_id` is MIOSA's value, None for null, empty or absent (`is_stated` is False only for absent).
    `live_version`, `staged_version` and `newest_version` are updated whenever the row or one of its versions changes.
    `live_by`, `live_by_role` and `live_reason` say who made the live version live and why, `live_operation_id` by which
    of our operations; they are empty, and `live_since` is None, if it is not known.
    `failed_at` is when its newest version failed, None unless it did; `staged_since` says since when there is a
    `staged_version`. `is_rollback_kept`: a person decided to keep the rollback that it is on.
    `own_domain` is the owner's custom domain to visit it at, empty if none works (`services/domains/upsert.py`).
    `requested_at` is when the request for this row was sent: the response to an earlier request is not stored any more.
    """

    miosa_id = models.CharField(max_length=128, unique=True)
    customer = models.ForeignKey("portal.Customer", on_delete=models.PROTECT, related_name="owned_deployments")
    external_id = models.CharField(max_length=512, null=True)
    is_stated = models.BooleanField(default=True, help_text="Some row of it stated its attribution, null or not.")
    external_user_id = models.CharField(max_length=512, blank=True)
    external_project_id = models.CharField(max_length=512, blank=True)
    name = models.CharField(max_length=300)
    search = models.CharField(max_length=400, blank=True, help_text="The name, lower-cased, to find it by.")
    slug = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=60, blank=True)
    workspace_id = models.CharField(max_length=128, blank=True)
    project_id = models.CharField(max_length=128, blank=True)
    source_type = models.CharField(max_length=60, blank=True)
    repo_url = models.CharField(max_length=1000, blank=True)
    branch = models.CharField(max_length=300, blank=True)
    product = models.CharField(max_length=60, blank=True)
    public_url = models.CharField(max_length=1000, blank=True)
    managed_url = models.CharField(max_length=1000, blank=True)
    error = models.TextField(blank=True)
    active_version_id = models.CharField(max_length=128, blank=True, help_text="The only authority for what is live.")
    running_sha256 = models.CharField(max_length=128, blank=True)
    live_version = models.ForeignKey("portal.Version", on_delete=models.SET_NULL, null=True, related_name="+")
    staged_version = models.ForeignKey("portal.Version", on_delete=models.SET_NULL, null=True, related_name="+")
    newest_version = models.ForeignKey("portal.Version", on_delete=models.SET_NULL, null=True, related_name="+")
    live_since = models.DateTimeField(null=True)
    live_by = models.CharField(max_length=512, blank=True)
    live_by_role = models.CharField(max_length=20, blank=True)
    live_reason = models.CharField(max_length=500, blank=True)
    live_operation_id = models.UUIDField(null=True)
    on_rollback = models.BooleanField(default=False)
    is_rollback_kept = models.BooleanField(default=False)
    failed_at = models.DateTimeField(null=True)
    staged_since = models.DateTimeField(null=True)
    own_domain = models.CharField(max_length=260, blank=True)
    domains_waiting = models.PositiveIntegerField(default=0, help_text="Its domains that do not lead here, counted.")
    domains_read_at = models.DateTimeField(null=True)
    domains_tried_at = models.DateTimeField(null=True, help_text="When the worker last read them, or tried to.")
    is_filled = models.BooleanField(default=False, help_text="Its versions were read down to the first.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["requested_at"], condition=models.Q(gone_at=None), name="deployment_requested"),
            # How far the first fill is.
            models.Index(fields=["id"], condition=models.Q(gone_at=None, is_filled=False), name="deployment_unfilled"),
            # What needs attention, on the home of staff: few of many rows each.
            models.Index(
                fields=["failed_at"], condition=Q(gone_at=None, failed_at__isnull=False), name="deployment_failed"
            ),
            models.Index(
                fields=["staged_since"], condition=Q(gone_at=None, staged_since__isnull=False), name="deployment_staged"
            ),
            models.Index(
                fields=["live_since"],
                condition=Q(gone_at=None, on_rollback=True, is_rollback_kept=False),
                name="deployment_on_rollback",
            ),
            models.Index(fields=["id"], condition=Q(gone_at=None, state="stopped"), name="deployment_stopped"),
            models.Index(
                fields=["id"], condition=Q(gone_at=None, domains_waiting__gt=0), name="deployment_domains_waiting"
            ),
            # The others, counted in one line: by customer, so that no row is read.
            models.Index(
                fields=["customer", "staged_since", "requested_at"],
                condition=HEALTHY,
                name="deployment_healthy",
            ),
        )

    def __str__(self) -> str:
        return self.miosa_id

    @property
    def is_unread(self) -> bool:
        """Its versions were never read: what is staged, building or failed is not known."""
        return self.gone_at is None and not self.is_filled and self.newest_version_id is None

    @property
    def live_is_unread(self) -> bool:
        """A version is live (docs/rules.md, 2), but its details were not read yet."""
        return self.gone_at is None and bool(self.active_version_id) and self.live_version_id is None


class Holding(models.Model):
    """A customer has something on a deployment: it owns it (`owns`), or a version or domain on it."""

    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="holdings")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="holdings")
    owns = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "deployment"], name="holding_once"),)

    def __str__(self) -> str:
        return f"{self.customer} on {self.deployment}"
