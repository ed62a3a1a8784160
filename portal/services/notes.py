"""Notes: what people write about a version, shown as its title in every history. Kept here alone: MIOSA has none."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import ngettext

from portal.models import Version, VersionNote
from portal.permissions import Permission, Person
from portal.services import clean_text
from portal.services.audit.record import record
from portal.services.authorization import require_permission
from portal.services.errors import Invalid
from portal.services.operations.submit import get_owner
from portal.services.queries import actions, summaries, versions
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.sync.upsert import customer_links, timeline_entries

logger = logging.getLogger(__name__)

LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Noted:
    """A version with its note, as it is now."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    version: VersionSummary


def get_noted(*, by: Person, slug: str, deployment_id: str, version_id: str) -> Noted:
    """Raises NotFound."""
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    return _summarize(loaded, by=by)


def open_form(*, by: Person, slug: str, deployment_id: str, version_id: str) -> Noted:
    """For those who may write it. Raises NotFound, Forbidden."""
    return _summarize(_load(slug, deployment_id, version_id, by=by), by=by)


def set_note(text: str, *, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> Noted:
    """Replace the note of a version; an empty text removes it.

    Raises NotFound, Forbidden, Invalid for the field `note` if it is longer than `LONGEST_NOTE`.
    """
    loaded = _load(slug, deployment_id, version_id, by=by)
    note = clean_note(text, field="note")
    if note != loaded.version.note:
        with transaction.atomic():
            _store(loaded, note, by=by, now=now)
        logger.info("note written", extra={"version": version_id, "person": by.id})
    return _summarize(loaded, by=by)


def clean_note(text: str, *, field: str) -> str:
    """One line that turns nothing around beside it. Raises Invalid for `field`."""
    note = clean_text.clean_name(text, most=4 * LONGEST_NOTE)
    if len(note) > LONGEST_NOTE:
        over = len(note) - LONGEST_NOTE
        too_long = ngettext(
            "A note has at most %(most)d characters. Remove %(over)d character.",
            "A note has at most %(most)d characters. Remove %(over)d characters.",
            over,
        )
        raise Invalid({field: too_long % {"most": LONGEST_NOTE, "over": over}})
    return note


def _load(slug: str, deployment_id: str, version_id: str, *, by: Person) -> versions.LoadedVersion:
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    if not actions.may_write_note(loaded.customer, loaded.deployment, by=by):
        require_permission(Permission.PROMOTE, loaded.customer, loaded.deployment, by=by)
    return loaded


def _store(loaded: versions.LoadedVersion, note: str, *, by: Person, now: datetime) -> None:
    """An empty note is stored too, since it replaces the one of the publish."""
    version, role = loaded.version, by.role_at(loaded.customer.pk)
    # Its entry is written from it, and its build may just have ended.
    version.refresh_from_db(from_queryset=Version.objects.select_for_update())
    before, version.note = version.note, note
    version.save(update_fields=["note"])
    VersionNote.objects.update_or_create(
        deployment_id=loaded.deployment.miosa_id,
        version_id=version.miosa_id,
        defaults={
            "text": note,
            "person_name": by.name[:200],
            "person_role": role.value if role else "",
            "at": now,
        },
    )
    timeline_entries.upsert_version_entries(loaded.deployment, [version])
    customer_links.bump_generation(loaded.deployment, {version.customer_id} if version.customer_id else ())
    record(
        "version.note_changed",
        by=by,
        customer=get_owner(version, loaded.deployment, loaded.customer, by=by),
        target=f"{loaded.deployment.name} {f'#{version.number}' if version.number is not None else version.miosa_id}",
        before={"note": before},
        after={"note": note},
    )


def _summarize(loaded: versions.LoadedVersion, *, by: Person) -> Noted:
    return Noted(
        summaries.summarize_customer(loaded.customer, by=by),
        summaries.summarize_deployment(loaded.deployment, loaded.customer, by=by),
        summaries.summarize_version(loaded.version, loaded.deployment, by=by),
    )
