from typing import Any

from rest_framework import serializers

from portal.api.serializers.answers import (
    AgeSerializer,
    CustomerHeadSerializer,
    DeploymentSerializer,
    VersionBriefSerializer,
)
from portal.api.serializers.fields import MomentField, StaffField
from portal.services.queries.retention import Keeping


class MomentSerializer(serializers.Serializer[Any]):
    """A step of a version's life."""

    what = serializers.ChoiceField(["archived", "created", "gone", "replaced", "went_live"])
    at = MomentField()


class RetentionSerializer(serializers.Serializer[Any]):
    """Whether it can still be restored: `until` and `collected` with the moment."""

    keeping = serializers.ChoiceField([keeping.value for keeping in Keeping])
    at = MomentField(allow_null=True)


class VersionPageSerializer(serializers.Serializer[Any]):
    customer = CustomerHeadSerializer()
    deployment = DeploymentSerializer()
    version = VersionBriefSerializer()
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
    source_sandbox = StaffField(help_text="For the platform's people only.")
    build_id = StaffField(help_text="For the platform's people only.")
    previous_id = serializers.CharField(help_text="The next older version; empty for the oldest.")
    next_id = serializers.CharField(help_text="The next newer version; empty for the newest.")
    age = AgeSerializer()
