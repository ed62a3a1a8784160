from functools import cached_property
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from portal.api.serializers.answers import AgeSerializer, CustomerHeadSerializer, VersionBriefSerializer
from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.services.operations.kinds import KINDS
from portal.services.queries.entries import ActivationEntry, OperationEntry, VersionEntry
from portal.services.queries.schemas import ActivationKind

ACTIVATION = "activation"
OPERATION = "operation"
VERSION = "version"


class EntryKindField(serializers.ChoiceField):
    """Says which of the two shapes an entry has."""

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
    version = VersionBriefSerializer()
    sandbox = StaffField(help_text="For the platform's people only.")
    is_gone = serializers.BooleanField()


class ActivationEntrySerializer(serializers.Serializer[Any]):
    """What is live was changed."""

    entry = EntryKindField(ACTIVATION)
    id = serializers.IntegerField()
    at = MomentField()
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    deed = serializers.ChoiceField([deed.value for deed in ActivationKind])
    version_id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(
        help_text="Empty if nothing was live before, or nothing of this customer's."
    )
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    reason = serializers.CharField()


class OperationEntrySerializer(serializers.Serializer[Any]):
    """A change that somebody asked for here, whatever became of it."""

    entry = EntryKindField(OPERATION)
    id = serializers.IntegerField()
    at = MomentField()
    key = serializers.UUIDField()
    kind = serializers.ChoiceField(list(KINDS))
    state = serializers.CharField(help_text="accepted, sent, succeeded, refused, unknown, or decided by a person.")
    decision = serializers.CharField(help_text="happened or did_not, where a person had to say.")
    is_unseen = serializers.BooleanField(help_text="Accepted, and what is live has not been seen to follow.")
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    version_id = serializers.CharField(help_text="Empty where the change names no version.")
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(help_text="What was live then; empty if nothing, or not this customer's.")
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    role = serializers.CharField()
    reason = serializers.CharField()


SHAPES: dict[type, tuple[str, type[serializers.Serializer[Any]]]] = {
    ActivationEntry: (ACTIVATION, ActivationEntrySerializer),
    OperationEntry: (OPERATION, OperationEntrySerializer),
    VersionEntry: (VERSION, VersionEntrySerializer),
}


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Entry",
        serializers=dict(SHAPES.values()),
        resource_type_field_name="entry",
        many=False,
    )
)
class EntryField(serializers.Field[Any, Any, Any, Any]):
    """A row of a timeline, in the shape of its kind."""

    def to_representation(self, value: Any) -> Any:
        return self._shapes[type(value)].to_representation(value)

    @cached_property
    def _shapes(self) -> dict[type, serializers.Serializer[Any]]:
        return {row: shape(context=self.context) for row, (_name, shape) in SHAPES.items()}


class ChoiceSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="What stands in the query.")
    label = serializers.CharField()  # type: ignore[assignment]  # a declared field is no attribute


class ChoicesSerializer(serializers.Serializer[Any]):
    """What each filter can be set to, for this customer."""

    deployments = ChoiceSerializer(many=True, help_text="For `app`.")
    states = ChoiceSerializer(many=True)
    kinds = ChoiceSerializer(many=True)
    people = ChoiceSerializer(many=True)
    projects = ChoiceSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    customer = CustomerHeadSerializer()
    next = NextField()
    searched_back_to = MomentField(
        allow_null=True,
        source="page.searched_back_to",
        help_text="Nothing more was found back to then; `next` looks further.",
    )
    age = AgeSerializer()
    last_publish = VersionBriefSerializer(allow_null=True)
    choices = ChoicesSerializer()
    results = serializers.ListField(child=EntryField(), source="page.entries")
