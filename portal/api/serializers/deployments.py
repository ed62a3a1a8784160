from typing import Any

from rest_framework import serializers

from portal.api.serializers.answers import (
    AgeSerializer,
    CustomerHeadSerializer,
    DeploymentBriefSerializer,
    DeploymentSerializer,
    VersionBriefSerializer,
)
from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.api.serializers.history import EntryField


class DeploymentListSerializer(serializers.Serializer[Any]):
    customer = CustomerHeadSerializer()
    next = NextField()
    age = AgeSerializer()
    results = DeploymentBriefSerializer(many=True)


class BuildSerializer(serializers.Serializer[Any]):
    """A build of a deployment that is made from a repository."""

    id = serializers.CharField()
    state = serializers.CharField()
    commit = serializers.CharField()
    message = serializers.CharField()
    trigger = StaffField(help_text="For the platform's people only.")
    started_at = MomentField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    error = StaffField(help_text="For the platform's people only.")


class DeploymentPageSerializer(serializers.Serializer[Any]):
    customer = CustomerHeadSerializer()
    deployment = DeploymentSerializer()
    managed_url = StaffField(help_text="For the platform's people only.")
    last_good = VersionBriefSerializer(allow_null=True, help_text="What to go back to.")
    last_good_from = MomentField(allow_null=True)
    last_good_until = MomentField(allow_null=True)
    is_cut = serializers.BooleanField(help_text="Shared with other customers: only this one's versions are told.")
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field is no attribute
    created_at = MomentField(allow_null=True)
    gone_at = MomentField(allow_null=True)
    age = AgeSerializer()
    builds = BuildSerializer(many=True)
    has_builds_only = serializers.BooleanField()
    next = NextField()
    history = serializers.ListField(
        child=EntryField(), source="page.entries", help_text="What happened, newest first; goes on at `next`."
    )
