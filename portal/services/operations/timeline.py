"""Operations in the timeline, beside versions and activations."""

from django.db import transaction

from portal.models import Deployment, Entry, Operation, Version
from portal.services import clean_text
from portal.services.operations.kinds import get_kind
from portal.services.people import staff_names
from portal.services.sync.upsert import customer_rows, timeline_entries


def update_entry(operation: Operation, deployment: Deployment | None = None) -> None:
    """Add the operation to the timeline of the customer that owns its version, or bring its entry up to date.

    `deployment` saves a query to a caller that has it.
    """
    entries = Entry.objects.filter(kind=Entry.Kind.OPERATION, subject=operation.pk)
    if not get_kind(operation.kind).is_in_timeline(operation):
        entries.delete()
        return
    if deployment is None:
        deployment = Deployment.objects.filter(miosa_id=operation.actual_deployment_id).first()
    if deployment is None:
        return
    named = {operation.target_id, operation.seen_live_id} - {""}
    versions = {row.miosa_id: row for row in Version.objects.filter(deployment=deployment, miosa_id__in=named)}
    target, seen_live = versions.get(operation.target_id), versions.get(operation.seen_live_id)
    customer_id = target.customer_id if target and target.customer_id else operation.customer_id
    is_staff = operation.person_role in staff_names.STAFF_ROLES
    person = (customer_id, timeline_entries.get_person_field(operation.person_role), operation.person_name)
    entry = Entry(
        kind=Entry.Kind.OPERATION,
        subject=operation.pk,
        customer_id=customer_id,
        at=operation.requested_at,
        deployment=deployment.pk,
        event=_get_event(operation),
        version=target.pk if target else 0,
        other=seen_live.pk if seen_live else 0,
        person=timeline_entries.find_facets([person]).get(person, 0),
        number=operation.target_number,
        # Customers search this text, and must not find staff by name.
        text=clean_text.make_search_key("" if is_staff else operation.person_name, operation.reason)[:400],
    )
    with transaction.atomic():
        Entry.objects.bulk_create(
            [entry],
            update_conflicts=True,
            unique_fields=["kind", "subject", "customer"],
            update_fields=["deployment", "event", "version", "other", "person", "number", "text"],
        )
        customer_rows.bump_generation({customer_id})


def _get_event(operation: Operation) -> Entry.Event:
    has_failed = operation.state == Operation.State.REFUSED or operation.result.get("build_failed")
    return Entry.Event.FAILED if has_failed else get_kind(operation.kind).event
