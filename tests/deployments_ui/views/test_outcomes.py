"""What became of a publish, in every list."""

from __future__ import annotations

import html
import re
from typing import Any

from portal.models import Operation, Version
from tests.deployments_ui.changes import confirm, sandbox_of, work
from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.deployments_ui.views.test_publishing import published, settle


class TestOutcome:
    """MIOSA's "accepted" is not yet published: every list says what became of the version."""

    def lists(self, world: World, browse: Browse) -> dict[str, str]:
        staff, viewer = browse(world.people.support), browse(world.people.viewer)
        return {
            "staff": text_of(staff, "/operations/"),
            "customer": text_of(viewer, f"/c/{SLUG}/operations/"),
        }

    def json_row(self, world: World, browse: Browse) -> dict[str, Any]:
        answer = browse(world.people.viewer).get(f"/api/v1/operations/?customer={SLUG}")
        return dict(answer.json()["results"][0])

    def test_a_failed_publish_says_so_with_its_reason_and_its_log(self, world: World, browse: Browse) -> None:
        world.control.configure(build_outcome="failed_build")
        published(world, browse)
        settle(world)
        world.control.configure(build_outcome="ready")
        version = Version.objects.get(deployment__miosa_id=world.main["id"], state="failed", published_by__gt="")
        why = version.failure
        assert why
        with world.hearing_nothing():
            for name, page in self.lists(world, browse).items():
                assert "publish failed" in page, name
                assert "published" not in page, name
                assert why in html.unescape(page), name
                assert f"{world.path}versions/{version.miosa_id}/log/" in page, name
                assert f"→\n          #{version.number}" not in page
        row = self.json_row(world, browse)
        assert (row["state"], row["outcome"], row["version_id"]) == ("succeeded", "failed", version.miosa_id)
        assert row["failure"] == why
        assert "last publish failed" in text_of(browse(world.people.viewer), f"/c/{SLUG}/")

    def test_the_reason_is_scrubbed_for_customers(self, world: World, browse: Browse) -> None:
        world.control.configure(build_outcome="failed_build")
        published(world, browse)
        settle(world)
        Version.objects.exclude(failure="").update(failure="cannot read s3://builds/main-site")
        pages = self.lists(world, browse)
        assert "cannot read s3://builds/main-site" in pages["staff"]
        assert "cannot read […]" in pages["customer"]
        assert self.json_row(world, browse)["failure"] == "cannot read […]"

    def test_a_publish_that_is_being_built_is_not_published(self, world: World, browse: Browse) -> None:
        published(world, browse)
        for page in self.lists(world, browse).values():
            assert "is being published" in page
        assert self.json_row(world, browse)["outcome"] in {"created", "building"}
        settle(world)
        for page in self.lists(world, browse).values():
            assert "published" in page
            assert "is being published" not in page
        assert self.json_row(world, browse)["outcome"] == "went_live"

    def test_a_staged_publish_is_staged(self, world: World, browse: Browse) -> None:
        answer = confirm(
            browse(world.people.owner), f"{world.path}publish/", sandbox_id=sandbox_of(world), then="stage", kind="auto"
        )
        work()
        settle(world)
        assert "is staged" in text_of(browse(world.people.owner), str(answer["Location"]))
        for page in self.lists(world, browse).values():
            assert re.search(r"Main site</a>\s+staged", page)
        assert self.json_row(world, browse)["outcome"] == "staged"

    def test_a_publish_of_an_unknown_version(self, world: World, browse: Browse) -> None:
        published(world, browse)
        Operation.objects.update(state="decided", decision="happened", result={})
        for page in self.lists(world, browse).values():
            assert "publish accepted, outcome unknown" in page
        assert self.json_row(world, browse)["outcome"] == "unknown"
