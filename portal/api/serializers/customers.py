from typing import Any

from rest_framework import serializers

from portal.api.serializers.answers import AgeSerializer, CustomerHeadSerializer, DeploymentBriefSerializer
from portal.api.serializers.fields import MomentField, NextField


class CustomerRowSerializer(serializers.Serializer[Any]):
    customer = CustomerHeadSerializer()
    deployments = DeploymentBriefSerializer(many=True, help_text="The first few.")
    deployments_count = serializers.IntegerField()
    last_published_at = MomentField(allow_null=True)


class CustomerListSerializer(serializers.Serializer[Any]):
    next = NextField()
    total = serializers.IntegerField()
    age = AgeSerializer()
    results = CustomerRowSerializer(many=True, source="rows")
