"""Customers, deployments and versions: lists, and one of each."""

from typing import Any

from rest_framework import serializers

from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.api.serializers.history import EntryField
from portal.api.serializers.summaries import (
    AgeSerializer,
    CustomerSummarySerializer,
    DeploymentSerializer,
    DeploymentSummarySerializer,
    FillSerializer,
    VersionSummarySerializer,
)
from portal.services.queries.deployments import Condition
from portal.services.queries.retention import Keeping


class AppCountsSerializer(serializers.Serializer[Any]):
    """How many apps are in each state. One app can be in several; on a shared one a customer sees no state."""

    total = serializers.IntegerField()
    live = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Their newest version failed.")
    stopped = serializers.IntegerField()
    on_rollback = serializers.IntegerField(help_text="Without those that a person decided to keep so.")
    domains = serializers.IntegerField(help_text="They have domains that don't lead to them.")
    staged = serializers.IntegerField()
    building = serializers.IntegerField()
    not_live = serializers.IntegerField(help_text="Nothing is live yet, or not any more.")


class CustomerRowSerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    deployments = DeploymentSummarySerializer(many=True, help_text="The first few.")
    deployments_count = serializers.IntegerField()
    last_published_at = MomentField(allow_null=True, help_text="Null: never, or not known yet if `is_unread`.")
    is_unread = serializers.BooleanField(help_text="Some of its apps, or their versions, are not read yet.")
    apps = AppCountsSerializer()
    tags = serializers.ListField(child=serializers.CharField(), help_text="For staff; empty for everybody else.")


class CustomerListSerializer(serializers.Serializer[Any]):
    next = NextField()
    total = serializers.IntegerField()
    age = AgeSerializer()
    fill = FillSerializer(allow_null=True, help_text="Null once the versions of every app are read.")
    results = CustomerRowSerializer(many=True, source="rows")


class DeploymentListSerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    next = NextField()
    age = AgeSerializer()
    results = DeploymentSummarySerializer(many=True)


class BuildSerializer(serializers.Serializer[Any]):
    """A build of a deployment that is built from a repository."""

    id = serializers.CharField()
    state = serializers.CharField()
    commit = serializers.CharField()
    message = serializers.CharField()
    trigger = StaffField()
    started_at = MomentField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    error = StaffField()


class PreviousPeriodSerializer(serializers.Serializer[Any]):
    """A version that was live; the moments are null if they are not known."""

    version = VersionSummarySerializer()
    began_at = MomentField(allow_null=True)
    ended_at = MomentField(allow_null=True)
    condition = serializers.ChoiceField(
        [each.value for each in Condition], help_text="How it ended; `good`: neither a failed check nor a rollback."
    )


class AppCheckSerializer(serializers.Serializer[Any]):
    """The last check of the live version, made after an operation."""

    at = MomentField()
    verdict = serializers.ChoiceField(["bad", "ok", "unknown"])
    text = serializers.CharField(help_text="What the check found, in a sentence.")
    operation = serializers.UUIDField()


class DomainHealthSerializer(serializers.Serializer[Any]):
    working = serializers.IntegerField(help_text="Domains that lead to the app.")
    waiting = serializers.IntegerField(help_text="Domains that do not, or no longer.")


class InstanceHealthSerializer(serializers.Serializer[Any]):
    healthy = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Instances that should run.")
    as_of = MomentField()


class DeltaSerializer(serializers.Serializer[Any]):
    """How a version differs from an earlier one; null: not known."""

    same_artifact = serializers.BooleanField(allow_null=True)
    files = serializers.IntegerField(allow_null=True, help_text="The later minus the earlier number of files.")
    total_bytes = serializers.IntegerField(allow_null=True, help_text="The later minus the earlier size.")
    same_runtime = serializers.BooleanField(help_text="Same kind, image, command, port and health check.")


class DeploymentPageSerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    deployment = DeploymentSerializer()
    hosting_urls = serializers.ListField(
        child=serializers.CharField(), help_text="For the platform's staff: its other addresses; else empty."
    )
    last_good = VersionSummarySerializer(allow_null=True, help_text="The version to roll back to.")
    last_good_from = MomentField(allow_null=True)
    last_good_until = MomentField(allow_null=True)
    before = PreviousPeriodSerializer(allow_null=True, help_text="What was live before the live version.")
    check = AppCheckSerializer(allow_null=True, help_text="Null: not checked since it went live.")
    domains = DomainHealthSerializer(allow_null=True, help_text="Null: not read yet.")
    instances = InstanceHealthSerializer(allow_null=True, help_text="Null: not read within the last hour.")
    staged_delta = DeltaSerializer(allow_null=True, help_text="How the staged version differs from the live one.")
    is_cut = serializers.BooleanField(
        help_text="Shared with other customers: only this customer's versions are included."
    )
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field is no attribute
    created_at = MomentField(allow_null=True)
    gone_at = MomentField(allow_null=True)
    age = AgeSerializer()
    builds = BuildSerializer(many=True)
    has_builds_only = serializers.BooleanField()
    next = NextField()
    history = serializers.ListField(
        child=EntryField(), source="page.entries", help_text="What happened, newest first; continues at `next`."
    )


class MomentSerializer(serializers.Serializer[Any]):
    """A step in a version's life."""

    what = serializers.ChoiceField(["archived", "created", "gone", "replaced", "went_live"])
    at = MomentField()
    who = serializers.CharField(help_text="Whose operation in this portal caused it; empty if there is none.")
    role = serializers.CharField()
    reason = serializers.CharField()
    operation = serializers.UUIDField(allow_null=True)


class RetentionSerializer(serializers.Serializer[Any]):
    """Whether it can still be restored; `until` and `collected` come with a date."""

    keeping = serializers.ChoiceField([keeping.value for keeping in Keeping])
    at = MomentField(allow_null=True)


class VersionPageSerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    deployment = DeploymentSerializer()
    version = VersionSummarySerializer()
    is_gone = serializers.BooleanField()
    failure = serializers.CharField(help_text="Why it failed, in a sentence; empty if it did not.")
    retention = RetentionSerializer()
    moments = MomentSerializer(many=True)
    entrypoint = serializers.CharField()
    artifact_sha256 = serializers.CharField()
    source_sha256 = serializers.CharField()
    runtime_image = serializers.CharField()
    runtime_command = serializers.CharField()
    runtime_port = serializers.IntegerField(allow_null=True)
    health_check_path = serializers.CharField()
    project = serializers.CharField()
    source_sandbox = StaffField()
    build_id = StaffField()
    previous_id = serializers.CharField(help_text="The next older version; empty for the oldest.")
    next_id = serializers.CharField(help_text="The next newer version; empty for the newest.")
    check = AppCheckSerializer(allow_null=True, help_text="Of the live version; null: not checked since it went live.")
    before = VersionSummarySerializer(allow_null=True, help_text="Of the live version: what was live before.")
    age = AgeSerializer()
