"""Custom domains as last read from MIOSA, with our latest DNS check; and share links for people without an account."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

# MIOSA's status of a domain (contract 9.4); empty means that it was not stated.
WORKING = ("verified", "active")
# Its certificate is issued as well, so that visitors get the app.
SERVING = "active"
UNVERIFIED = ("pending", "verifying", "failed", "")

_CHECK_TAKES = timedelta(seconds=10)
_CERTIFICATE_TAKES = timedelta(days=1)


class DomainQuerySet(models.QuerySet["Domain"]):
    def waiting(self) -> "DomainQuerySet":
        """Those of a known customer that do not lead to their deployment. See `Domain.is_waiting`."""
        wrong = ~Q(status__in=WORKING) | Q(drifted_at__isnull=False)
        return self.filter(wrong, gone_at=None, customer__isnull=False)

    def failing(self) -> "DomainQuerySet":
        """Of those the ones that worked before, or whose verification failed. See `Domain.is_failing`."""
        return self.waiting().filter(Q(drifted_at__isnull=False) | Q(verified_at__isnull=False) | Q(status="failed"))

    def not_yet_working(self) -> "DomainQuerySet":
        """The other ones of those that wait."""
        return self.waiting().filter(drifted_at=None, verified_at=None).exclude(status="failed")


class Domain(models.Model):
    """A row of contract 8.8, stored until MIOSA no longer lists it. Disposable: it can be read again.

    Without a `customer` it is not certain who owns it, so only staff see it. `required_records` are the DNS records to
    set, normalized; `lookup` is our latest DNS lookup as JSON. The worker checks DNS at `next_check_at`; `checks`
    counts checks since people started to watch (`viewed_at`), so that later ones can be less frequent. `drifted_at`
    is set while a domain that worked has wrong DNS records. `has_shown_cname`: when its records were last correct, a
    CNAME record was visible, so that plain addresses in its place mean a change.
    """

    deployment = models.ForeignKey("portal.Deployment", on_delete=models.CASCADE, related_name="domains")
    miosa_id = models.CharField(max_length=128)
    customer = models.ForeignKey("portal.Customer", on_delete=models.PROTECT, null=True, related_name="domains")
    name = models.CharField(max_length=260)
    status = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    redirect_policy = models.CharField(max_length=60, blank=True)
    required_records = models.JSONField(default=list)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    lookup = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)
    checks = models.PositiveIntegerField(default=0)
    verification_requested_at = models.DateTimeField(null=True)
    drifted_at = models.DateTimeField(null=True)
    has_shown_cname = models.BooleanField(default=False)

    objects = DomainQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "miosa_id"], name="domain_once"),)
        indexes = (
            # The worker's search for due checks.
            models.Index(fields=["next_check_at"], name="domain_next_check"),
            models.Index(fields=["name"], name="domain_name"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    @property
    def is_unverified(self) -> bool:
        """Whether MIOSA can still verify it."""
        return self.status in UNVERIFIED

    @property
    def is_waiting(self) -> bool:
        """Whether it does not lead to its deployment: not yet, or no longer."""
        return not self.is_working or self.drifted_at is not None

    def is_issuing(self, *, now: datetime) -> bool:
        """Whether its certificate is likely to be issued soon (contract 9.4): DNS was verified less than a day ago."""
        since = self.verified_at or self.created_at
        return self.status == "verified" and since is not None and now - since < _CERTIFICATE_TAKES

    @property
    def is_failing(self) -> bool:
        """Whether it worked before and does not any more, or its verification has failed."""
        return self.is_waiting and bool(self.drifted_at or self.verified_at or self.status == "failed")

    @property
    def serves(self) -> bool:
        """Whether visitors get the app at it."""
        return self.status == SERVING and not self.is_waiting

    @property
    def redirects_away(self) -> bool:
        """Whether visitors are redirected from it to the other of example.com and www.example.com."""
        away = "www_to_apex" if self.name.startswith("www.") else "apex_to_www"
        return self.redirect_policy == away

    def is_being_checked(self, *, now: datetime) -> bool:
        """Whether a check is due or running: the first one, or one that a person has just started."""
        if self.next_check_at is None:
            return False
        is_new = self.checks == 0 and self.viewed_at is not None and now - self.viewed_at < _CHECK_TAKES
        return self.checked_at is None or self.next_check_at <= now or is_new


class DomainLink(models.Model):
    """A page about one domain for people without an account. Only the hash of its secret is stored. Not disposable.

    Refers to MIOSA's ids of the deployment and the domain, since the rows behind them can be deleted and read again.
    It works only while its creator, a user's id, may share the domain.
    """

    secret_hash = models.CharField(max_length=64, unique=True)
    deployment_id = models.CharField(max_length=128)
    domain_id = models.CharField(max_length=128)
    created_by = models.CharField(max_length=200)
    created_by_role = models.CharField(max_length=20, blank=True)
    creator_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        # The links listed on a domain's page.
        indexes = (models.Index(fields=["deployment_id", "domain_id"], name="domain_link_of"),)

    def __str__(self) -> str:
        return f"{self.domain_id} until {self.expires_at}"
