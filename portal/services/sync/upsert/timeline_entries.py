"""The timeline's narrow rows, made from versions and activations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from portal.models import Activation, Deployment, Entry, Facet, Version
from portal.models.versions import get_created_at
from portal.services import clean_text, log_text
from portal.services.people import staff_names
from portal.services.sync.upsert import customer_rows

# Customer.id, field, text.
FacetKey = tuple[int, str, str]

_STATES = {state.name.lower(): state for state in Entry.State}
_KINDS = {kind.name.lower(): kind for kind in Entry.VersionKind}


def upsert_version_entries(
    deployment: Deployment, versions: Sequence[Version], *, moved: Sequence[Version] = ()
) -> None:
    """Add entries for versions, or bring them up to date. The time of an entry never changes, so pages don't shift.

    `moved`: those that belong to another customer than before.
    """
    if not versions:
        return
    owners = _find_owners(versions)
    for customer_id in sorted({owners[version.pk] for version in moved}):
        _hand_over(deployment, [one for one in moved if owners[one.pk] == customer_id], customer_id=customer_id)
    facets = find_facets(
        (owners[version.pk], field, text) for version in versions for field, text in _facet_texts(version)
    )
    Entry.objects.bulk_create(
        [_entry(deployment, version, owners[version.pk], facets) for version in versions],
        batch_size=100,
        update_conflicts=True,
        unique_fields=["kind", "subject", "customer"],
        update_fields=["event", "state", "version_kind", "person", "project", "number", "text"],
    )


def _find_owners(versions: Iterable[Version]) -> dict[int, int]:
    """Version.id → Customer.id; versions without a customer are Unassigned's."""
    owners = {version.pk: version.customer_id for version in versions}
    unassigned_id = customer_rows.get_unassigned().pk if None in owners.values() else 0
    return {pk: customer_id or unassigned_id for pk, customer_id in owners.items()}


def _entry(deployment: Deployment, version: Version, customer_id: int, facets: Mapping[FacetKey, int]) -> Entry:
    codes = [facets[customer_id, field, text] if text else 0 for field, text in _facet_texts(version)]
    state = _STATES.get(version.state, Entry.State.OTHER)
    # A version is found by no more than its page shows, so that a hit gives nothing away.
    command = log_text.scrub(version.runtime_command)
    return Entry(
        kind=Entry.Kind.VERSION,
        subject=version.pk,
        version=version.pk,
        at=_get_time(version),
        customer_id=customer_id,
        deployment=deployment.pk,
        event=Entry.Event.FAILED if version.state == "failed" else Entry.Event.PUBLISHED,
        state=state if version.is_readable else Entry.State.UNREADABLE,
        version_kind=_KINDS.get(version.kind, Entry.VersionKind.OTHER),
        person=codes[0],
        project=codes[1],
        number=version.number,
        text=clean_text.make_search_key(
            # Customers search this text, and must not find staff by name.
            "" if version.published_by_role in staff_names.STAFF_ROLES else version.published_by,
            *(version.external_user_id, version.external_project_id, version.publish_reason, version.note, command),
        )[:400],
    )


def _get_time(version: Version) -> datetime:
    """Versions with one timestamp are ordered by number: it counts as microseconds, which no page shows."""
    return get_created_at(version) + timedelta(microseconds=(version.number or 0) % 1_000_000)


def _facet_texts(version: Version) -> tuple[tuple[str, str], tuple[str, str]]:
    return (
        (get_person_field(version.published_by_role), version.published_by or version.external_user_id),
        (Facet.Field.PROJECT.value, version.external_project_id),
    )


def get_person_field(role: str) -> str:
    return (Facet.Field.STAFF if role in staff_names.STAFF_ROLES else Facet.Field.PERSON).value


def _hand_over(deployment: Deployment, versions: Sequence[Version], *, customer_id: int) -> None:
    """The entries about versions go with them to their customer."""
    Entry.objects.filter(kind=Entry.Kind.VERSION, subject__in=[version.pk for version in versions]).update(
        customer_id=customer_id
    )
    activations = Activation.objects.filter(
        deployment_id=deployment.miosa_id, version_id__in=[version.miosa_id for version in versions]
    )
    Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject__in=activations.values("pk")).update(
        customer_id=customer_id, person=0, project=0
    )


def upsert_activation_entry(
    deployment: Deployment, activation: Activation, *, to: Version, previous: Version | None
) -> None:
    """For a rollback or a promotion. A version that went live by its own publish has its own entry."""
    customer_id = _find_owners([to])[to.pk]
    project = (customer_id, Facet.Field.PROJECT.value, to.external_project_id)
    Entry.objects.update_or_create(
        kind=Entry.Kind.ACTIVATION,
        subject=activation.pk,
        customer_id=customer_id,
        defaults={
            "at": activation.at,
            "deployment": deployment.pk,
            "version": to.pk,
            "other": previous.pk if previous else 0,
            "event": _get_event(to, previous),
            "state": Entry.State.OTHER,
            "version_kind": _KINDS.get(to.kind, Entry.VersionKind.OTHER),
            "project": find_facets([project]).get(project, 0),
            "number": to.number,
        },
    )


def _get_event(to: Version, previous: Version | None) -> Entry.Event:
    if previous is None or to.number is None or previous.number is None or to.number > previous.number:
        return Entry.Event.PROMOTED
    return Entry.Event.ROLLED_BACK


def find_facets(wanted: Iterable[FacetKey]) -> dict[FacetKey, int]:
    """The small numbers that people and projects are filtered by; new ones are made. Empty texts have none."""
    keys = sorted({key for key in wanted if key[2]})
    if not keys:
        return {}
    stored = Facet.objects.filter(customer__in={key[0] for key in keys}, text__in={key[2] for key in keys})
    found = {(facet.customer_id, facet.field, facet.text): facet.pk for facet in stored}
    missing = [Facet(customer_id=key[0], field=key[1], text=key[2]) for key in keys if key not in found]
    made = Facet.objects.bulk_create(
        missing, update_conflicts=True, unique_fields=["customer", "field", "text"], update_fields=["text"]
    )
    return found | {(facet.customer_id, facet.field, facet.text): facet.pk for facet in made}
