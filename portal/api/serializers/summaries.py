"""Summaries that several pages share."""

from typing import Any

from rest_framework import serializers

from portal.api.serializers.fields import MomentField, StaffField
from portal.services.queries.schemas import Reachability, State


class AgeSerializer(serializers.Serializer[Any]):
    """How old the data is. `generation` changes whenever something else in the response changes."""

    as_of = MomentField(allow_null=True, help_text="When it was last read from the hosting service; null: never.")
    stale = serializers.BooleanField(help_text="Older than it should be; it is being refreshed.")
    filling = serializers.BooleanField(help_text="Older versions are still being read.")
    changing = serializers.BooleanField(help_text="A version is being built; its state is read every few seconds.")
    generation = serializers.CharField()
    reach = serializers.ChoiceField([reach.value for reach in Reachability])
    since = MomentField(allow_null=True, help_text="Since when the hosting service can't be reached.")
    retry_at = MomentField(allow_null=True, help_text="When the next attempt is made.")
    for_people = serializers.CharField(help_text="A sentence that explains it; empty when all is well.")


class CustomerSummarySerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    external_id = StaffField()
    is_unassigned = serializers.BooleanField(help_text="Not a customer: holds what belongs to no customer.")


class VersionSummarySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(
        [state.value for state in State],
        help_text="`live` is the version the deployment runs; `staged` is newer, ready and was never live.",
    )
    state_text = serializers.CharField(help_text="The hosting service's name of the state, for a state `other`.")
    kind = serializers.CharField()
    created_at = MomentField()
    who = serializers.CharField(help_text="Who published it: in this portal by name, else the platform's user id.")
    role = serializers.CharField(help_text="The person's role then; empty if it was not published in this portal.")
    reason = serializers.CharField()
    files = serializers.IntegerField(allow_null=True)
    total_bytes = serializers.IntegerField(allow_null=True)
    was_live = serializers.BooleanField()
    note = serializers.CharField(help_text="What people wrote about it.")
    on_behalf_of = serializers.CharField(help_text="The platform's user for whom `who` published it, if another one.")
    sandbox_name = serializers.CharField(help_text="The sandbox that it was published from; empty if not known.")
    failure = serializers.CharField(help_text="The line of its log with the cause, if it failed and the log was read.")
    finished_at = MomentField(allow_null=True, help_text="When its build ended; null: not yet, or not known.")
    live_from = MomentField(allow_null=True, help_text="Since when it was live, the last time; null: not known.")
    live_until = MomentField(allow_null=True, help_text="When another version replaced it; null: not known.")


class DeploymentSummarySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField(help_text="The app's address: its own domain if one works; may be empty.")
    live = VersionSummarySerializer(allow_null=True)
    live_since = MomentField(allow_null=True)
    live_by = serializers.CharField(help_text="Who made the live version live; empty if that is not known.")
    live_by_role = serializers.CharField()
    live_reason = serializers.CharField()
    live_operation = serializers.UUIDField(allow_null=True, help_text="The operation that made it live.")
    live_is_foreign = serializers.BooleanField(help_text="The live version is another customer's.")
    live_is_unread = serializers.BooleanField(help_text="A version is live, and its details are not read yet.")
    is_unread = serializers.BooleanField(help_text="Its versions are not read yet: what is null here is not known.")
    staged = VersionSummarySerializer(allow_null=True)
    last_failed = VersionSummarySerializer(allow_null=True, help_text="The newest version, if it failed.")
    building = VersionSummarySerializer(allow_null=True, help_text="The newest version, if it is not ready yet.")
    on_rollback = serializers.BooleanField(help_text="A newer version was live before.")
    is_shared = serializers.BooleanField(help_text="Holds versions or domains of several customers.")
    is_gone = serializers.BooleanField()
    is_stopped = serializers.BooleanField()
    domains_waiting = serializers.IntegerField(
        allow_null=True, help_text="Its domains that don't lead to it, as far as is known; null: not read yet."
    )
    state_text = serializers.CharField(help_text="The hosting service's name of the deployment's state.")


class FillSerializer(serializers.Serializer[Any]):
    """How far the first reading of all histories is."""

    read = serializers.IntegerField(help_text="Apps whose versions are read.")
    total = serializers.IntegerField()
    remaining_s = serializers.IntegerField(help_text="It takes about so many seconds more.")
    is_listing = serializers.BooleanField(help_text="The apps are still being listed, so `total` grows.")


class RollbackSerializer(serializers.Serializer[Any]):
    """A newer version than the live one was live before."""

    at = MomentField(allow_null=True, help_text="Null: it was done before this portal looked.")
    who = serializers.CharField(help_text="Empty if it was not done in this portal.")
    role = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    operation = serializers.UUIDField(allow_null=True)
    is_undo = serializers.BooleanField(help_text="It undid an operation that had made a newer version live.")
    live_id = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    before_id = serializers.CharField(
        help_text="The version that our operation replaced; empty if there is none, or it is another customer's."
    )
    before_number = serializers.IntegerField(allow_null=True)
    kept_by = serializers.CharField(help_text="Who decided to keep it; empty if nobody has.")
    kept_at = MomentField(allow_null=True)


class DeploymentSerializer(DeploymentSummarySerializer):
    """A deployment with the facts that only its own page has."""

    rollback = RollbackSerializer(allow_null=True)
