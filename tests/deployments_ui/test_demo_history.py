"""The notes and the rollback that a demo begins with."""

from __future__ import annotations

from django.utils import timezone

from portal.models import Operation, Version, VersionNote
from portal.services.demo_history import write_history
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of


def test_the_demo_begins_with_notes_and_a_rollback(world: World, browse: Browse) -> None:
    assert write_history(now=timezone.now())
    assert "Spring prices" in text_of(browse(world.people.owner), f"/c/{SLUG}/")
    rollback = Operation.objects.get()
    assert (rollback.kind, rollback.state) == ("roll_back", Operation.State.SUCCEEDED)
    home = text_of(browse(world.people.operator), "/")
    assert "Checkout broken: card payments fail" in home
    notes = VersionNote.objects.count()
    assert write_history(now=timezone.now())
    assert (Operation.objects.count(), VersionNote.objects.count()) == (1, notes)


def test_it_waits_until_the_versions_were_read(world: World) -> None:
    Version.objects.filter(deployment__name="Newsletter", number=6).delete()
    assert not write_history(now=timezone.now())
    assert not Operation.objects.exists()
