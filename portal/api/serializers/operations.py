"""Operations: changes requested in this portal."""

from typing import Any

from rest_framework import serializers

from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.services.operations.kinds import KINDS
from portal.services.queries.schemas import BuildOutcome

STATES = ("accepted", "decided", "refused", "sent", "succeeded", "unknown")


class OperationSerializer(serializers.Serializer[Any]):
    """One change: who, what, why, when, and how it ended."""

    key = serializers.UUIDField()
    kind = serializers.ChoiceField(list(KINDS))
    state = serializers.ChoiceField(STATES)
    is_open = serializers.BooleanField(help_text="It will still change.")
    needs_decision = serializers.BooleanField(help_text="The outcome can't be found out; a person has to decide.")
    customer_slug = serializers.CharField()
    customer_name = serializers.CharField()
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    deployment_is_here = serializers.BooleanField(help_text="The customer has the deployment `deployment_id`.")
    version_id = serializers.CharField(
        help_text="The version it concerns or created; empty if none, or another customer's."
    )
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(help_text="The live version then; empty if none, or another customer's.")
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    role = serializers.CharField(allow_null=True, help_text="The person's role then.")
    reason = serializers.CharField()
    undo_of = serializers.UUIDField(allow_null=True, help_text="The operation that this one undoes.")
    outcome = serializers.ChoiceField(
        [each.value for each in BuildOutcome],
        allow_null=True,
        help_text="Of what it builds, once that was accepted: `succeeded` alone does not mean published.",
    )
    failure = serializers.CharField(help_text="Why that failed, as far as its log was read; empty if it did not.")
    note = StaffField()
    environment = serializers.CharField()
    is_main = serializers.BooleanField(help_text="It concerns the environment that visitors see.")
    names = serializers.ListField(child=serializers.CharField(), help_text="Names of env vars.")
    vanished = serializers.ListField(child=serializers.CharField(), help_text="Names that no longer exist.")
    domain = serializers.CharField()
    sandbox = StaffField()
    asked_at = MomentField(source="requested_at")
    sent_at = MomentField(allow_null=True)
    settled_at = MomentField(allow_null=True)
    switched_at = MomentField(allow_null=True, help_text="When the requested version was seen live.")
    checked_at = MomentField(allow_null=True, help_text="When the app's address was checked.")
    look_at = MomentField(source="next_read_at", allow_null=True, help_text="When it is checked next.")
    verdict = serializers.ChoiceField(["bad", "ok", "unknown"], allow_blank=True)
    verdict_text = serializers.CharField()
    is_building = serializers.BooleanField(help_text="Redeployed by a build that has not ended.")
    is_unseen = serializers.BooleanField(help_text="Accepted, but the live version has not followed yet.")
    is_live = serializers.BooleanField(help_text="The version is live.")
    by_reading = serializers.BooleanField(help_text="The outcome was found by reading, not from the response.")
    decided_by = serializers.CharField()
    decision = serializers.CharField(help_text="happened or did_not, if a person had to decide.")
    error_code = serializers.CharField()
    error = serializers.CharField(help_text="A sentence for people; empty when all is well.")
    for_operators = StaffField()
    upstream_request_id = StaffField(help_text="For operators only.")


class OperationListSerializer(serializers.Serializer[Any]):
    next = NextField()
    results = OperationSerializer(many=True, source="operations")
