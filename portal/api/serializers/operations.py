from typing import Any

from rest_framework import serializers

from portal.api.serializers.fields import MomentField, NextField, StaffField
from portal.services.operations.kinds import KINDS

STATES = ("accepted", "decided", "refused", "sent", "succeeded", "unknown")
STAFF_ONLY = "For the platform's people only."


class OperationSerializer(serializers.Serializer[Any]):
    """One change that somebody asked for here: who, what, why, when, and how it ended."""

    key = serializers.UUIDField()
    kind = serializers.ChoiceField(list(KINDS))
    state = serializers.ChoiceField(STATES)
    is_open = serializers.BooleanField(help_text="It will still change.")
    needs_decision = serializers.BooleanField(help_text="Nobody can know what became of it; a person has to say.")
    customer_slug = serializers.CharField()
    customer_name = serializers.CharField()
    deployment_id = serializers.CharField()
    deployment_name = serializers.CharField()
    deployment_is_here = serializers.BooleanField(
        help_text="`deployment_id` is one that this portal knows as the customer's."
    )
    version_id = serializers.CharField(help_text="What it concerns or has made; empty if none, or not this customer's.")
    number = serializers.IntegerField(allow_null=True)
    from_version_id = serializers.CharField(help_text="What was live then; empty if nothing, or not this customer's.")
    from_number = serializers.IntegerField(allow_null=True)
    who = serializers.CharField()
    role = serializers.CharField(allow_null=True, help_text="What the person was then.")
    reason = serializers.CharField()
    note = StaffField(help_text=STAFF_ONLY)
    environment = serializers.CharField()
    is_main = serializers.BooleanField(help_text="It concerns the environment that visitors see.")
    names = serializers.ListField(child=serializers.CharField(), help_text="Names of env vars.")
    vanished = serializers.ListField(child=serializers.CharField(), help_text="Names that are not there any more.")
    domain = serializers.CharField()
    sandbox = StaffField(help_text=STAFF_ONLY)
    asked_at = MomentField()
    sent_at = MomentField(allow_null=True)
    settled_at = MomentField(allow_null=True)
    switched_at = MomentField(allow_null=True, help_text="When what is live was seen to be what was asked for.")
    checked_at = MomentField(allow_null=True, help_text="When its address was asked whether it answers.")
    look_at = MomentField(allow_null=True, help_text="When it is looked into next.")
    verdict = serializers.ChoiceField(["bad", "ok", "unknown"], allow_blank=True)
    verdict_text = serializers.CharField()
    is_building = serializers.BooleanField(help_text="Deployed again by a build that has not ended.")
    is_unseen = serializers.BooleanField(help_text="Accepted, and what is live has not been seen to follow.")
    is_live = serializers.BooleanField(help_text="The version is what the deployment runs.")
    by_reading = serializers.BooleanField(help_text="How it ended was found out by reading, not told in answer.")
    decided_by = serializers.CharField()
    decision = serializers.CharField(help_text="happened or did_not, where a person had to say.")
    error_code = serializers.CharField()
    error = serializers.CharField(help_text="A sentence for people; empty when all is well.")
    for_operators = StaffField(help_text=STAFF_ONLY)
    upstream_request_id = StaffField(help_text="For operators only.")


class OperationListSerializer(serializers.Serializer[Any]):
    next = NextField()
    results = OperationSerializer(many=True, source="operations")
