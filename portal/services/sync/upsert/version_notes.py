"""Notes of versions that were read again: a note outlives the row that shows it."""

from collections.abc import Collection

from portal.models import Deployment, Version, VersionNote


def set_notes(deployment: Deployment, versions: Collection[Version]) -> None:
    """Set the note of `versions`, which are not saved. A note written later replaces the one of the publish."""
    if not versions:
        return
    ids = [version.miosa_id for version in versions]
    notes = VersionNote.objects.filter(deployment_id=deployment.miosa_id, version_id__in=ids)
    texts = dict(notes.values_list("version_id", "text"))
    for version in versions:
        version.note = texts.get(version.miosa_id, version.note)


def delete_notes(deployment: Deployment, versions: Collection[Version]) -> None:
    """`versions`, which are not saved, belong to another customer by now, whose people did not write it."""
    if not versions:
        return
    ids = [version.miosa_id for version in versions]
    VersionNote.objects.filter(deployment_id=deployment.miosa_id, version_id__in=ids).delete()
