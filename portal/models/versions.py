"""Versions as last read from MIOSA. Disposable."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import models

# States of a version (contract 9.1) that will change.
UNFINISHED = ("created", "building")
# What took longer was no build: a clock was wrong, or nobody looked for days.
LONGEST_BUILD = timedelta(days=1)


class VersionRow(NamedTuple):
    """The columns of a version that a summary needs, as the timeline's SQL brings them; a `Version` has them too."""

    created_at: datetime | None
    first_seen_at: datetime
    gone_at: datetime | None
    finished_at: datetime | None
    live_from: datetime | None
    live_until: datetime | None
    miosa_id: str
    customer_id: int | None
    number: int | None
    kind: str
    state: str
    is_readable: bool
    was_live: bool
    external_user_id: str
    published_by: str
    published_by_role: str
    publish_reason: str
    source_sandbox_id: str
    source_sandbox_name: str
    note: str
    files: int | None
    total_bytes: int | None
    failure: str


def get_created_at(version: "VersionRow | Version") -> datetime:
    """By MIOSA's clock, which may be ahead of ours; but never later than when we first saw it."""
    if version.created_at is None:
        return version.first_seen_at
    return min(version.created_at, version.first_seen_at)


def get_build_s(began_at: datetime, finished_at: datetime | None) -> float | None:
    """How long a build took, in seconds; None if that is not known, or the two moments can't be of one clock."""
    if finished_at is None or not began_at <= finished_at <= began_at + LONGEST_BUILD:
        return None
    return (finished_at - began_at).total_seconds()


class PreviousVersion(NamedTuple):
    """The columns of a version that was live until another one went live."""

    miosa_id: str
    customer_id: int | None
    number: int | None


class VersionQuerySet(models.QuerySet["Version"]):
    def for_summary(self) -> "VersionQuerySet":
        """Only the columns of `VersionRow`, the deployment, and what decides how long it can be restored."""
        return self.only(*VersionRow._fields, "deployment_id", "archived_at", "promoted_at")


class Version(models.Model):
    """A row of contract 8.2. `customer` None: its owner is not known for certain, so only staff see it.

    `published_by`, `published_by_role`, `publish_reason` and `publish_operation_id` are of our operation that published
    it, empty if there is none (`sync/upsert/authors.py`).

    `note` is the text of its `VersionNote`, `failure` the line of its log with the cause, if it failed and the log was
    read. `finished_at` is when its build ended, well or badly, as far as that is known. It was live last from
    `live_from` to `live_until`, each None if it is not known or did not happen yet.

    `is_doubtful`: the row may be outdated (the live pointer moved to or from it) or was incomplete, so the version has
    to be read singly.
    """

    class Attribution(models.TextChoices):
        OWN = "own"
        FROZEN = "frozen"
        UNKNOWN = "unknown"

    deployment = models.ForeignKey("portal.Deployment", on_delete=models.CASCADE, related_name="versions")
    miosa_id = models.CharField(max_length=128, db_index=True)
    customer = models.ForeignKey("portal.Customer", on_delete=models.PROTECT, null=True, related_name="versions")
    attribution = models.CharField(max_length=10, choices=Attribution.choices)
    number = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=60, blank=True)
    is_readable = models.BooleanField(default=True)
    is_doubtful = models.BooleanField(default=False)
    created_by = models.CharField(max_length=512, blank=True)
    external_user_id = models.CharField(max_length=512, blank=True)
    published_by = models.CharField(max_length=200, blank=True)
    published_by_role = models.CharField(max_length=20, blank=True)
    publish_reason = models.CharField(max_length=500, blank=True)
    publish_operation_id = models.UUIDField(null=True)
    external_project_id = models.CharField(max_length=512, blank=True)
    source_sandbox_id = models.CharField(max_length=128, blank=True)
    source_sandbox_name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True)
    build_id = models.CharField(max_length=128, blank=True)
    files = models.BigIntegerField(null=True)
    total_bytes = models.BigIntegerField(null=True)
    failure = models.CharField(max_length=300, blank=True)
    entrypoint = models.CharField(max_length=1000, blank=True)
    artifact_sha256 = models.CharField(max_length=128, blank=True)
    source_sha256 = models.CharField(max_length=128, blank=True)
    runtime_image = models.CharField(max_length=1000, blank=True)
    runtime_command = models.TextField(blank=True)
    runtime_port = models.IntegerField(null=True)
    health_check_path = models.CharField(max_length=1000, blank=True)
    was_live = models.BooleanField(default=False)
    promoted_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    live_from = models.DateTimeField(null=True)
    live_until = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment", "miosa_id"], name="version_once"),)
        indexes = (
            models.Index(fields=["deployment", "-number"], name="version_by_number"),
            models.Index(fields=["artifact_sha256"], name="version_by_artifact"),
            models.Index(fields=["deployment"], condition=models.Q(customer=None), name="version_of_nobody"),
            models.Index(fields=["deployment"], condition=models.Q(state__in=UNFINISHED), name="version_unfinished"),
            models.Index(fields=["deployment"], condition=models.Q(is_doubtful=True), name="version_doubtful"),
        )

    def __str__(self) -> str:
        return self.miosa_id


class VersionNote(models.Model):
    """What a person wrote about a version, shown as its title. Not disposable, so it has MIOSA's ids as text."""

    deployment_id = models.CharField(max_length=128)
    version_id = models.CharField(max_length=128)
    text = models.CharField(max_length=200)
    person_name = models.CharField(max_length=200)
    person_role = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["deployment_id", "version_id"], name="version_note_once"),)

    def __str__(self) -> str:
        return self.text
