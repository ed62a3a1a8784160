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


class DeploymentPageSerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    deployment = DeploymentSerializer()
    managed_url = StaffField()
    last_good = VersionSummarySerializer(allow_null=True, help_text="The version to roll back to.")
    last_good_from = MomentField(allow_null=True)
    last_good_until = MomentField(allow_null=True)
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
    age = AgeSerializer()
