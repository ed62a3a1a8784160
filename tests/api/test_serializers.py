"""Every field of a serialized dataclass is either in its serializer or omitted for a reason."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

import pytest
from rest_framework.serializers import Serializer

from portal.api.serializers import history as history_shapes
from portal.api.serializers import operations as operation_shapes
from portal.api.serializers import pages, summaries
from portal.api.serializers.fields import StaffField
from portal.services.queries import (
    app_counts,
    app_health,
    customer_list,
    deployments,
    differences,
    filters,
    history,
    operation_schemas,
    retention,
    schemas,
    timeline_schemas,
    versions,
)
from portal.services.queries import builds as stored_builds

# The fields of each dataclass that are not serialized, and why.
OMITTED: dict[type, dict[str, str]] = {
    schemas.CustomerSummary: {
        "logo_id": "it is part of the page's looks",
        "may_change_settings": "there is nothing to do here yet",
        "may_manage_people": "there is nothing to do here yet",
        "may_read_activity": "there is nothing to read here yet",
    },
    schemas.DeploymentSummary: {"actions": "nothing can be done here yet"},
    schemas.Rollback: {"may_keep": "nothing can be done here yet", "undo": "nothing can be done here yet"},
    customer_list.CustomerList: {
        "filters": "who asks knows",
        "known_tags": "a choice of the page's filters",
        "following": "it is in next",
        "page": "the cursor says where",
        "pages": "next says whether there is more",
        "search": "who asks knows",
        "sort": "who asks knows",
    },
    deployments.DeploymentPage: {
        "choices": "this list is not filtered here",
        "filters": "this list is not filtered here",
        "notes": "this list is not filtered here",
        "shows_vendor_host": "an advice of the page, to operators",
    },
    history.History: {
        "create": "nothing can be done here yet",
        "deployments": "they have their own address",
        "filters": "who asks knows",
        "notes": "a filter that would be left out is refused",
        "publish": "nothing can be done here yet",
        "unlisted": "their own address lists them all",
    },
    operation_schemas.OperationList: {"customer": "who asks knows", "next_cursor": "it is in next"},
    operation_schemas.OperationPage: {
        "may_decide": "nothing can be done here yet",
        "undo": "nothing can be done here yet",
    },
    timeline_schemas.OperationEntry: {"undo": "a button's, may_undo says whether"},
    versions.VersionPage: {
        "actions": "nothing can be done here yet",
        "internals": "the hosting service's own words, for the page of staff",
        "may_note": "a note that is not allowed is refused",
    },
}
WRITTEN: list[tuple[type, type[Serializer[Any]]]] = [
    (schemas.Age, summaries.AgeSerializer),
    (schemas.CustomerSummary, summaries.CustomerSummarySerializer),
    (schemas.Fill, summaries.FillSerializer),
    (schemas.DeploymentSummary, summaries.DeploymentSerializer),
    (schemas.Rollback, summaries.RollbackSerializer),
    (schemas.VersionSummary, summaries.VersionSummarySerializer),
    (app_health.AppCheck, pages.AppCheckSerializer),
    (app_health.DomainHealth, pages.DomainHealthSerializer),
    (app_health.InstanceHealth, pages.InstanceHealthSerializer),
    (deployments.PreviousPeriod, pages.PreviousPeriodSerializer),
    (differences.Delta, pages.DeltaSerializer),
    (stored_builds.Build, pages.BuildSerializer),
    (customer_list.CustomerList, pages.CustomerListSerializer),
    (app_counts.AppCounts, pages.AppCountsSerializer),
    (customer_list.CustomerRow, pages.CustomerRowSerializer),
    (deployments.DeploymentPage, pages.DeploymentPageSerializer),
    (filters.Choice, history_shapes.ChoiceSerializer),
    (filters.Choices, history_shapes.ChoicesSerializer),
    (history.History, history_shapes.HistorySerializer),
    (operation_schemas.OperationList, operation_shapes.OperationListSerializer),
    (operation_schemas.OperationPage, operation_shapes.OperationSerializer),
    (retention.Retention, pages.RetentionSerializer),
    (timeline_schemas.ActivationEntry, history_shapes.ActivationEntrySerializer),
    (timeline_schemas.OperationEntry, history_shapes.OperationEntrySerializer),
    (timeline_schemas.VersionEntry, history_shapes.VersionEntrySerializer),
    (versions.Moment, pages.MomentSerializer),
    (versions.VersionPage, pages.VersionPageSerializer),
]
FOR_STAFF = {
    (summaries.CustomerSummarySerializer, "external_id"),
    (pages.BuildSerializer, "error"),
    (pages.BuildSerializer, "trigger"),
    (history_shapes.VersionEntrySerializer, "sandbox"),
    (operation_shapes.OperationSerializer, "for_operators"),
    (operation_shapes.OperationSerializer, "note"),
    (operation_shapes.OperationSerializer, "sandbox"),
    (operation_shapes.OperationSerializer, "upstream_request_id"),
    (pages.VersionPageSerializer, "build_id"),
    (pages.VersionPageSerializer, "source_sandbox"),
}


@pytest.mark.parametrize(("held", "shape"), WRITTEN, ids=lambda one: one.__name__)
def test_each_field_is_serialized_or_omitted_for_a_reason(held: type, shape: type[Serializer[Any]]) -> None:
    data = {str(field.source).split(".")[0] for field in shape().fields.values()} - {"*"}
    left_out = set(OMITTED.get(held, {}))
    assert not data & left_out
    assert data | left_out == {field.name for field in fields(held)}


def test_only_a_single_deployment_has_its_rollback() -> None:
    assert set(summaries.DeploymentSerializer().fields) - set(summaries.DeploymentSummarySerializer().fields) == {
        "rollback"
    }


def test_every_kind_of_timeline_entry_has_a_serializer() -> None:
    assert set(history_shapes.SERIALIZERS) == set(get_args(timeline_schemas.TimelineEntry))
    assert {(row, shape) for row, (_name, shape) in history_shapes.SERIALIZERS.items()} <= set(WRITTEN)


def test_fields_for_staff_are_listed() -> None:
    found = {
        (shape, name)
        for _held, shape in WRITTEN
        for name, field in shape().fields.items()
        if isinstance(field, StaffField)
    }
    assert found == FOR_STAFF
