"""What people of the demo did in this portal: notes on versions, and one rollback by support."""

from datetime import datetime

from django.conf import settings

from portal.models import Deployment, User, Version, VersionNote
from portal.permissions import Person
from portal.services import notes
from portal.services.operations import releases
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.submit import DialogIds
from portal.services.operations.tokens import Confirmation
from portal.services.people import get_person

# By the publisher's customer and app: what each version brought, by its number.
_NOTES = {
    ("brightsmile-dental", "Main site"): {
        24: "Spring prices",
        23: "New opening hours",
        22: "Photos of the new practice",
        20: "Privacy policy updated",
        18: "Team page",
    },
    ("brightsmile-dental", "Booking"): {12: "New booking form", 11: "Reminders by text message", 9: "Faster calendar"},
    ("brightsmile-dental", "Newsletter"): {6: "May issue", 5: "April issue", 4: "March issue"},
    ("pawsome-vets", "Appointments"): {9: "Online check-in", 8: "Emergency contact on every page"},
    ("corner-bakery", "Shop"): {400: "New checkout", 399: "Christmas cakes", 398: "Photos of all breads"},
}
_ROLLED_BACK = ("corner-bakery", "Shop")


def write_history(*, now: datetime) -> bool:
    """True once there is nothing left to do: at a later start, or when it was written. False while apps are being read.

    Raises RuntimeError if a real MIOSA is configured.
    """
    if not settings.MIOSA.is_demo:
        raise RuntimeError("Only the demo has such a history.")
    if VersionNote.objects.exists():
        return True
    found = {place: _list_versions(*place) for place in _NOTES}
    if any(not set(_NOTES[place]) <= set(versions) for place, versions in found.items()):
        return False
    support = get_person(User.objects.get(email="support@portal.test"))
    if support is None:
        return True
    _roll_back(*_ROLLED_BACK, by=support, now=now)
    for (slug, name), texts in _NOTES.items():
        for number, text in texts.items():
            version = found[slug, name][number]
            app = version.deployment.miosa_id
            notes.set_note(text, by=support, slug=slug, deployment_id=app, version_id=version.miosa_id, now=now)
    return True


def _list_versions(slug: str, name: str) -> dict[int | None, Version]:
    rows = Version.objects.filter(deployment__name=name, customer__slug=slug).select_related("deployment")
    return {version.number: version for version in rows}


def _roll_back(slug: str, name: str, *, by: Person, now: datetime) -> None:
    """By the same service as its dialog."""
    deployment = Deployment.objects.get(customer__slug=slug, name=name)
    ids = DialogIds(slug, deployment.miosa_id)
    target = releases.find_rollback_target(ids, by=by, now=now)
    ids = DialogIds(slug, deployment.miosa_id, target)
    token = releases.get_dialog(RollBack.name, ids, by=by, now=now).token
    confirmation = Confirmation(token, choice="checkout", reason="card payments fail")
    releases.submit(RollBack.name, ids, confirmation, by=by, now=now)
