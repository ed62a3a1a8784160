"""The timeline's narrow rows, made from versions and activations."""

from collections.abc import Sequence

from portal.models import Activation, Deployment, Entry, Facet, Version
from portal.services import clean_text, log_text
from portal.services.sync.upsert import customers

_STATES = {state.name.lower(): state for state in Entry.State}
_KINDS = {kind.name.lower(): kind for kind in Entry.VersionKind}


def state_code(version: Version) -> Entry.State:
    return _STATES.get(version.state, Entry.State.OTHER) if version.is_readable else Entry.State.UNREADABLE


def file_versions(deployment: Deployment, versions: Sequence[Version]) -> None:
    """File new versions and bring filed ones up to date. The moment a version is filed under is never changed."""
    if not versions:
        return
    facets = _Facets()
    filed = {
        entry.subject: entry
        for entry in Entry.objects.filter(kind=Entry.Kind.VERSION, subject__in=[version.pk for version in versions])
    }
    new, updated = [], []
    moved: dict[int, list[str]] = {}
    for version in versions:
        customer_id = version.customer_id or customers.unassigned().pk
        entry = filed.get(version.pk)
        if entry is None:
            at = version.created_at or version.first_seen_at
            entry = Entry(kind=Entry.Kind.VERSION, subject=version.pk, version=version.pk, at=at)
            new.append(entry)
        else:
            updated.append(entry)
            if entry.customer_id != customer_id:
                moved.setdefault(customer_id, []).append(version.miosa_id)
        entry.customer_id = customer_id
        entry.deployment = deployment.pk
        entry.state = state_code(version)
        entry.version_kind = _KINDS.get(version.kind, Entry.VersionKind.OTHER)
        entry.person = facets.code(customer_id, Facet.Field.PERSON, version.external_user_id)
        entry.project = facets.code(customer_id, Facet.Field.PROJECT, version.external_project_id)
        entry.number = version.number
        entry.text = _text(version)
    Entry.objects.bulk_create(new, batch_size=100)
    if updated:
        Entry.objects.bulk_update(
            updated,
            ["customer", "state", "version_kind", "person", "project", "number", "text"],
            batch_size=50,
        )
    for customer_id, miosa_ids in moved.items():
        _hand_over(deployment, miosa_ids, customer_id=customer_id)


def _text(version: Version) -> str:
    """What a version is found by. Whoever searches sees only this much, so that a hit tells no more than its page."""
    command = log_text.scrub(version.runtime_command)
    return clean_text.search_key(version.external_user_id, version.external_project_id, command)[:400]


def _hand_over(deployment: Deployment, version_ids: Sequence[str], *, customer_id: int) -> None:
    """What is told of a version goes with it to its customer."""
    told = Activation.objects.filter(deployment_id=deployment.miosa_id, version_id__in=version_ids)
    Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject__in=told.values("pk")).update(
        customer_id=customer_id, person=0, project=0
    )


def file_activation(deployment: Deployment, activation: Activation, *, to: Version, previous: Version | None) -> None:
    """File a roll back or a promotion. What went live by its own publish is told by its version's row already."""
    customer_id = to.customer_id or customers.unassigned().pk
    Entry.objects.update_or_create(
        kind=Entry.Kind.ACTIVATION,
        subject=activation.pk,
        customer_id=customer_id,
        defaults={
            "at": activation.at,
            "deployment": deployment.pk,
            "version": to.pk,
            "other": previous.pk if previous else 0,
            "state": Entry.State.OTHER,
            "version_kind": _KINDS.get(to.kind, Entry.VersionKind.OTHER),
            "project": _Facets().code(customer_id, Facet.Field.PROJECT, to.external_project_id),
            "number": to.number,
        },
    )


class _Facets:
    """Small numbers for people and projects, looked up once in a batch."""

    def __init__(self) -> None:
        self._codes: dict[tuple[int, str, str], int] = {}

    def code(self, customer_id: int, field: Facet.Field, text: str) -> int:
        if not text:
            return 0
        key = (customer_id, field.value, text)
        if key not in self._codes:
            facet, _ = Facet.objects.get_or_create(customer_id=customer_id, field=field, text=text)
            self._codes[key] = facet.pk
        return self._codes[key]
