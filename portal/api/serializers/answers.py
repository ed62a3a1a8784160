"""The small facts that several answers share."""

from typing import Any

from rest_framework import serializers

from portal.api.serializers.fields import MomentField, StaffField
from portal.services.queries.schemas import Reachability, State


class AgeSerializer(serializers.Serializer[Any]):
    """How old what is told is. `generation` changes with everything that is told here but the moments of asking."""

    as_of = MomentField(allow_null=True, help_text="When it was last read from the hosting service; null: not yet.")
    stale = serializers.BooleanField(help_text="Older than it should be; it is being read again.")
    filling = serializers.BooleanField(help_text="More of the history is still being read.")
    generation = serializers.CharField()
    reach = serializers.ChoiceField([reach.value for reach in Reachability])
    since = MomentField(allow_null=True, help_text="Since when the hosting service can't be asked.")
    retry_at = MomentField(allow_null=True, help_text="When it will be asked again.")
    for_people = serializers.CharField(help_text="A sentence for that; empty when all is well.")


class CustomerHeadSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    external_id = StaffField(help_text="For the platform's people only.")
    is_unassigned = serializers.BooleanField(help_text="Not a customer: holds what belongs to nobody.")


class VersionBriefSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(
        [state.value for state in State],
        help_text="`live` is what the deployment runs; `staged` is newer, ready and was never live.",
    )
    state_text = serializers.CharField(
        help_text="The state as the hosting service calls it, for a state that is `other`."
    )
    kind = serializers.CharField()
    created_at = MomentField()
    who = serializers.CharField()
    files = serializers.IntegerField(allow_null=True)
    total_bytes = serializers.IntegerField(allow_null=True)
    was_live = serializers.BooleanField()


class DeploymentBriefSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField(help_text="Where the app answers; may be empty.")
    live = VersionBriefSerializer(allow_null=True)
    live_since = MomentField(allow_null=True)
    live_is_foreign = serializers.BooleanField(help_text="What is live is not one of this customer's versions.")
    staged = VersionBriefSerializer(allow_null=True)
    last_failed = VersionBriefSerializer(allow_null=True, help_text="The newest version, if it failed.")
    building = VersionBriefSerializer(allow_null=True, help_text="The newest version, if it is not ready yet.")
    on_rollback = serializers.BooleanField(help_text="An older version was put live again.")
    is_shared = serializers.BooleanField(help_text="Holds versions or domains of several customers.")
    is_gone = serializers.BooleanField()
    is_stopped = serializers.BooleanField()
    domains_waiting = serializers.IntegerField(help_text="Its domains that do not lead to it, as far as is known.")
    state_text = serializers.CharField(help_text="The deployment's state as the hosting service calls it.")


class RollbackSerializer(serializers.Serializer[Any]):
    """What is live was rolled back to, and nobody has said yet that it stays so."""

    at = MomentField()
    who = serializers.CharField(help_text="Empty if it was not done here.")
    role = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    operation = serializers.UUIDField(allow_null=True)
    live_id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    before_id = serializers.CharField(help_text="What was live until then; empty if it is gone or another customer's.")
    before_number = serializers.IntegerField(allow_null=True)
    is_forward = serializers.BooleanField(help_text="Going back to it would be a promotion.")


class DeploymentSerializer(DeploymentBriefSerializer):
    """A deployment with what is looked up for it alone."""

    rollback = RollbackSerializer(allow_null=True)
