"""The timeline: entries of three kinds."""

from functools import cached_property
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.api.serializers.summaries import (
    AgeSerializer,
    CustomerSummarySerializer,
    FillSerializer,
    VersionSummarySerializer,
)
from portal.services.operations.kinds import KINDS
from portal.services.queries.schemas import BuildOutcome
from portal.services.queries.timeline_schemas import ActivationEntry, ActivationKind, OperationEntry, VersionEntry

ACTIVATION = "activation"
OPERATION = "operation"
VERSION = "version"


class EntryKindField(serializers.ChoiceField):
    """The kind of an entry, which determines its fields."""

    def __init__(self, kind: str) -> None:
        super().__init__([kind], source="*", read_only=True)
        self.kind = kind

    def to_representation(self, value: Any) -> str:
        return self.kind


class VersionEntrySerializer(serializers.Serializer[Any]):
    entry = EntryKindField(VERSION)
    id = serializers.IntegerField()
    at = MomentField()
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    version = VersionSummarySerializer()
    sandbox = StaffField()
    is_gone = serializers.BooleanField()


class ActivationEntrySerializer(serializers.Serializer[Any]):
    """The live version changed."""

    entry = EntryKindField(ACTIVATION)
    id = serializers.IntegerField()
    at = MomentField()
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    deed = serializers.ChoiceField([kind.value for kind in ActivationKind], source="kind")
    version_id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(help_text="Empty if none was live before, or another customer's.")
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    reason = serializers.CharField()


class OperationEntrySerializer(serializers.Serializer[Any]):
    """A change requested in this portal, in whatever state it is."""

    entry = EntryKindField(OPERATION)
    id = serializers.IntegerField()
    at = MomentField()
    key = serializers.UUIDField()
    kind = serializers.ChoiceField(list(KINDS))
    state = serializers.CharField(help_text="accepted, sent, succeeded, refused, unknown or decided.")
    decision = serializers.CharField(help_text="happened or did_not, if a person had to decide.")
    is_unseen = serializers.BooleanField(help_text="Accepted, but the live version has not followed yet.")
    outcome = serializers.ChoiceField(
        [each.value for each in BuildOutcome],
        allow_null=True,
        help_text="Of what it builds; null: nothing, or not yet.",
    )
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    version_id = serializers.CharField(help_text="Empty if it concerns no version.")
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(help_text="The live version then; empty if none, or another customer's.")
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    role = serializers.CharField()
    reason = serializers.CharField()
    may_undo = serializers.BooleanField(help_text="What it made live still is, and you may undo it.")
    subject = serializers.CharField(help_text="The domain that it changes; empty for other changes.")


SERIALIZERS: dict[type, tuple[str, type[serializers.Serializer[Any]]]] = {
    ActivationEntry: (ACTIVATION, ActivationEntrySerializer),
    OperationEntry: (OPERATION, OperationEntrySerializer),
    VersionEntry: (VERSION, VersionEntrySerializer),
}


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Entry",
        serializers=dict(SERIALIZERS.values()),
        resource_type_field_name="entry",
        many=False,
    )
)
class EntryField(serializers.Field[Any, Any, Any, Any]):
    """An entry of the timeline, serialized by its kind."""

    def to_representation(self, value: Any) -> Any:
        return self._serializers[type(value)].to_representation(value)

    @cached_property
    def _serializers(self) -> dict[type, serializers.Serializer[Any]]:
        return {entry: serializer(context=self.context) for entry, (_name, serializer) in SERIALIZERS.items()}


class ChoiceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="The value for the query.")
    label = serializers.CharField()  # type: ignore[assignment]  # a declared field is no attribute


class ChoicesSerializer(serializers.Serializer[Any]):
    """The values of each filter for this customer."""

    deployments = ChoiceSerializer(many=True, help_text="For `app`.")
    events = ChoiceSerializer(many=True)
    states = ChoiceSerializer(many=True)
    kinds = ChoiceSerializer(many=True)
    people = ChoiceSerializer(many=True)
    projects = ChoiceSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    customer = CustomerSummarySerializer()
    next = NextField()
    searched_back_to = MomentField(
        allow_null=True,
        source="page.searched_back_to",
        help_text="Nothing more was found back to then; `next` searches further.",
    )
    age = AgeSerializer()
    fill = FillSerializer(allow_null=True, help_text="Null once the versions of every app are read.")
    last_publish = VersionSummarySerializer(allow_null=True)
    choices = ChoicesSerializer()
    results = serializers.ListField(child=EntryField(), source="page.entries")
