"""Custom domains as last read, with our own last look at their DNS; and links for whoever runs the DNS."""

from django.db import models


class Domain(models.Model):
    """A row of contract 8.8. Disposable. `customer` None: whose it is, is not certain, so only staff see it.

    `needed` are the records to be set, normalised; `look` is our own last look at the DNS, as JSON. `next_look_at` is
    when the worker looks again; `looks` counts those since somebody last asked, to back off.
    """

    deployment = models.ForeignKey("portal.Deployment", on_delete=models.CASCADE, related_name="domains")
    miosa_id = models.CharField(max_length=128)
    customer = models.ForeignKey("portal.Customer", on_delete=models.PROTECT, null=True, related_name="domains")
    name = models.CharField(max_length=260)
    status = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    redirect_policy = models.CharField(max_length=60, blank=True)
    needed = models.JSONField(default=list)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    look = models.TextField(blank=True)
    looked_at = models.DateTimeField(null=True)
    next_look_at = models.DateTimeField(null=True)
    watched_at = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0)
    asked_verify_at = models.DateTimeField(null=True)
    drifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "miosa_id"], name="domain_once"),)
        indexes = (
            models.Index(fields=["next_look_at"], name="domain_next_look"),
            models.Index(fields=["name"], name="domain_name"),
        )

    def __str__(self) -> str:
        return self.name


class DomainLink(models.Model):
    """A page without sign-in about one domain. Only the hash of its secret is kept. Not disposable."""

    secret_hash = models.CharField(max_length=64, unique=True)
    deployment_id = models.CharField(max_length=128)
    domain_id = models.CharField(max_length=128)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["deployment_id", "domain_id"], name="domain_link_of"),)

    def __str__(self) -> str:
        return f"{self.domain_id} until {self.expires_at}"
