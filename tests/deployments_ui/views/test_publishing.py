"""Publishing a sandbox: the form, and the progress."""

from __future__ import annotations

import re
from typing import Any

from django.core.cache import cache

from portal.models import Deployment, Freshness, Operation, Version
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from tests.deployments_ui.changes import (
    confirm,
    get_token,
    list_changes_sent,
    make_checks_due,
    older,
    sandbox_of,
    token_of,
    work,
)
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, text_of


def published(world: World, browse: Browse, **fields: Any) -> str:
    """Publish as the owner; the address of the operation, once the worker has sent it."""
    path = f"{world.path}publish/"
    answer = confirm(browse(world.people.owner), path, sandbox_id=sandbox_of(world), then="live", kind="auto", **fields)
    assert answer.status_code == 303
    work()
    return str(answer["Location"])


def settle(world: World) -> None:
    world.control.advance(60)
    make_checks_due()
    work()


class TestAccess:
    def test_who_can_publish(self, world: World, browse: Browse) -> None:
        for path in (f"{world.path}publish/", f"/c/{SLUG}/publish/"):
            for user in (world.people.operator, world.people.owner):
                page = text_of(browse(user), path)
                assert ">Sandbox</legend>" in page
                assert "<html" in page
            for user in (world.people.support, world.people.viewer):
                client = browse(user)
                with world.hearing_nothing():
                    page = text_of(client, path, status=403)
                assert "Who can:" in page
            part = text_of(browse(world.people.owner), path, **HTMX)
            assert 'id="publication"' in part
            assert "<html" not in part
            assert browse(world.people.owner).put(path).status_code == 405

    def test_a_new_app_begins_with_its_name(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        focused = re.findall(r"<(\w+)[^>]*\bautofocus\b[^>]*>", text_of(client, f"/c/{SLUG}/publish/"))
        assert focused == ["input"]
        assert re.findall(r"<(\w+)[^>]*\bautofocus\b[^>]*>", text_of(client, f"{world.path}publish/")) == ["a"]

    def test_someone_without_access_gets_not_found(self, world: World, browse: Browse) -> None:
        check_hidden(world, browse, foreign=f"{world.foreign_path}publish/")
        check_hidden(world, browse, foreign="/c/pawsome-vets/publish/")


class TestTheForm:
    def test_only_the_customers_own_sandboxes(self, world: World, browse: Browse) -> None:
        page = text_of(browse(world.people.owner), f"{world.path}publish/")
        assert sandbox_of(world) in page
        assert sandbox_of(world, "pawsome-vets") not in page

    def test_another_customers_sandbox_is_not_found(self, world: World, browse: Browse) -> None:
        path = f"{world.path}publish/"
        answer = confirm(browse(world.people.owner), path, sandbox_id=sandbox_of(world, "pawsome-vets"))
        assert answer.status_code == 404
        assert not list_changes_sent(world)
        assert not Operation.objects.exists()

    def test_errors_are_shown_at_their_fields(self, world: World, browse: Browse) -> None:
        fields: dict[str, Any] = {
            "sandbox_id": sandbox_of(world),
            "kind": "dynamic",
            "port": "seventy",
            "health_check_path": "ready",
        }
        answer = confirm(browse(world.people.owner), f"{world.path}publish/", output_path="kept/here", **fields)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "A port is a number" in page
        assert "begins with a slash" in page
        assert "kept/here" in page
        assert '<details class="more" open>' in page

    def test_optional_settings_are_folded_into_one_line(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = f"{world.path}publish/"
        fields: dict[str, Any] = {"sandbox_id": sandbox_of(world), "kind": "dynamic", "output_path": "out"}
        page = text_of(client, path)
        assert page.index("When it is ready") < page.index("Build and run settings") < page.index('name="kind"')
        wrong = client.post(path, {**fields, "port": "none", "enter": "1"}).content.decode()
        assert "dynamic, out, none" in wrong
        assert '<details class="more" >' in wrong
        refused = client.post(path, {**fields, "port": "none", "token": token_of(page)}).content.decode()
        assert re.search(r'<details class="more"\s+open>', refused)

    def test_replacing_a_rollback_has_to_be_confirmed(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/")
        path = f"{world.path}publish/"
        fields: dict[str, Any] = {"sandbox_id": sandbox_of(world), "kind": "auto"}
        assert "Replace the rollback that is live now" in text_of(client, path)
        assert confirm(client, path, then="live", **fields).status_code == 422
        assert confirm(client, path, then="live", over_rollback="1", **fields).status_code == 303
        work()
        settle(world)
        Operation.objects.update(in_lane=False)
        assert "Replace the rollback that is live now" not in text_of(client, path)

    def test_without_the_hosting_service_there_are_no_sandboxes(self, world: World, browse: Browse) -> None:
        world.control.fault("*/sandboxes*", times=50, drop_before=True)
        page = text_of(browse(world.people.owner), f"{world.path}publish/")
        assert "can&#39;t be reached" in page
        world.control.clear_faults()

    def test_the_token_of_one_app_is_not_valid_for_another(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        token = get_token(client, f"/c/{SLUG}/publish/")
        sent = {"token": token, "sandbox_id": sandbox_of(world), "kind": "auto", "name": "x"}
        assert client.post(f"{world.path}publish/", sent).status_code == 400


CHECKED = re.compile(r'name="sandbox_id"\s+value="([^"]+)"\s+checked')


def sandboxes_by_name(world: World) -> dict[str, str]:
    listed = upstream.client(Purpose.READ).sandboxes.list(external_workspace_id=SLUG)
    return {str(row.name): row.id for row in listed.items}


class TestThePreselectedSandbox:
    def test_it_is_that_of_the_last_publish(self, world: World, browse: Browse) -> None:
        last = sandboxes_by_name(world)["main-site-redesign"]
        newest = Version.objects.filter(deployment__miosa_id=world.main["id"]).order_by("-number")[0]
        Version.objects.filter(pk=newest.pk).update(source_sandbox_id=last)
        assert CHECKED.findall(text_of(browse(world.people.owner), f"{world.path}publish/")) == [last]

    def test_it_is_of_the_apps_project(self, world: World, browse: Browse) -> None:
        """That it was published from another project's once, perhaps by mistake, does not matter."""
        sandboxes, app = sandboxes_by_name(world), Deployment.objects.filter(miosa_id=world.main["id"])
        app.update(external_project_id="main-site")
        for last in ("", sandboxes["booking-slots"], "sbx_of_another_customer"):
            Version.objects.filter(deployment__in=app).update(source_sandbox_id=last)
            page = text_of(browse(world.people.owner), f"{world.path}publish/")
            assert CHECKED.findall(page) == [sandboxes["main-site-redesign"]]

    def test_else_there_is_none(self, world: World, browse: Browse) -> None:
        app = Deployment.objects.filter(miosa_id=world.main["id"])
        app.update(external_project_id="a project without a sandbox")
        Version.objects.filter(deployment__in=app).update(source_sandbox_id="sbx_deleted_since")
        for path in (f"{world.path}publish/", f"/c/{SLUG}/publish/"):
            page = text_of(browse(world.people.owner), path)
            assert 'name="sandbox_id"' in page
            assert not CHECKED.findall(page)

    def test_what_was_chosen_stays_chosen(self, world: World, browse: Browse) -> None:
        sandbox = sandboxes_by_name(world)["newsletter-spring"]
        answer = confirm(browse(world.people.owner), f"{world.path}publish/", sandbox_id=sandbox, port="x")
        assert answer.status_code == 422
        assert CHECKED.findall(answer.content.decode()) == [sandbox]


class TestAFailedPublish:
    """The build ends while somebody watches the operation."""

    def watch(self, world: World, browse: Browse, **fields: Any) -> tuple[str, str]:
        """The operation's address, and its page while it builds."""
        world.control.configure(build_outcome="failed_build", step_times="slow")
        path = published(world, browse, **fields)
        world.control.advance(5)
        client = browse(world.people.owner)
        text_of(client, path)
        Freshness.objects.filter(scope__startswith="version:").update(read_at=None)
        return path, text_of(client, path)

    def end(self, world: World) -> None:
        world.control.advance(120)
        Freshness.objects.filter(scope__startswith="version:").update(read_at=None)

    def test_the_log_stays_and_leads_to_the_error(self, world: World, browse: Browse) -> None:
        path, before = self.watch(world, browse)
        assert 'class="log tail"' in before
        self.end(world)
        client = browse(world.people.owner)
        page = text_of(client, path)
        version = Version.objects.filter(deployment__miosa_id=world.main["id"]).order_by("-number")[0]
        assert 'class="log excerpt"' in page
        assert 'class="error"' in page
        assert f'href="{world.path}versions/{version.miosa_id}/log/">View full log' in page
        reason = re.search(r'<strong class="name">([^<]+)</strong>', page)
        assert reason
        assert reason[0] in text_of(client, f"{world.path}versions/{version.miosa_id}/")

    def test_the_log_stays_if_its_end_cannot_be_read(self, world: World, browse: Browse) -> None:
        path, _before = self.watch(world, browse)
        world.control.fault("*/logs", times=50, status=503)
        self.end(world)
        page = text_of(browse(world.people.owner), path)
        assert "failed" in page
        assert 'class="log excerpt"' in page
        assert "The end of the log is still being read" in page
        assert "data-poll" in page
        world.control.clear_faults()
        cache.clear()
        settle(world)
        page = text_of(browse(world.people.owner), path)
        assert "still being read" not in page
        assert "data-poll" not in page

    def test_it_can_be_published_again_as_before(self, world: World, browse: Browse) -> None:
        sandbox = sandboxes_by_name(world)["newsletter-spring"]
        typed: dict[str, Any] = {
            "kind": "dynamic",
            "run_command": "npm run serve",
            "port": "4100",
            "data_services": "redis",
        }
        world.control.configure(build_outcome="failed_build")
        answer = confirm(
            browse(world.people.owner),
            f"{world.path}publish/",
            sandbox_id=sandbox,
            then="stage",
            **typed,
        )
        work()
        settle(world)
        client = browse(world.people.owner)
        text_of(client, answer["Location"])
        again = re.search(r'href="([^"]+)"[^>]*>Publish again', text_of(client, answer["Location"]))
        assert again
        version = Version.objects.filter(deployment__miosa_id=world.main["id"]).order_by("-number")[0]
        for url in (again[1], f"{world.path}publish/?again={version.miosa_id}"):
            form = text_of(client, url)
            assert CHECKED.findall(form) == [sandbox]
            assert re.search(r'value="stage"\s+checked', form)
            for value in ("npm run serve", "4100", "redis"):
                assert f'value="{value}"' in form

    def test_who_may_not_publish_is_not_offered_it(self, world: World, browse: Browse) -> None:
        path, _before = self.watch(world, browse)
        self.end(world)
        assert "Publish again" in text_of(browse(world.people.owner), path)
        for user in (world.people.viewer, world.people.support):
            assert "Publish again" not in text_of(browse(user), path)

    def test_anothers_publish_fills_in_nothing(self, world: World, browse: Browse) -> None:
        """Nor does an id that is none."""
        path, _before = self.watch(world, browse, build_command="npm run secret-build")
        key = path.strip("/").rpartition("/")[2]
        client = browse(world.people.other_owner)
        for again in (key, world.main["active_version_id"], "x", "%00", "ver_1' OR 1"):
            assert "secret-build" not in text_of(client, f"{world.foreign_path}publish/?again={again}")


class TestProgress:
    def test_from_requested_to_checked(self, world: World, browse: Browse) -> None:
        path = published(world, browse)
        page = text_of(browse(world.people.viewer), path)
        for word in ("Requested", "Created", "is live meanwhile", "every 2s"):
            assert word in page
        settle(world)
        text_of(browse(world.people.viewer), path)
        for _look in range(3):
            make_checks_due()
            work()
        page = text_of(browse(world.people.owner), path)
        version = Version.objects.filter(deployment__miosa_id=world.main["id"]).order_by("-number")[0]
        assert f"Main site #{version.number} is live" in page
        assert "It answers (200)" in page
        assert len(list_changes_sent(world)) == 1

    def test_watchers_share_one_read(self, world: World, browse: Browse) -> None:
        path = published(world, browse)
        text_of(browse(world.people.viewer), path)
        before = len(world.control.requests())
        for user in (world.people.viewer, world.people.owner, world.people.support, world.people.operator):
            text_of(browse(user), path)
        assert len(world.control.requests()[before:]) <= 3

    def test_a_staged_version_ends_it(self, world: World, browse: Browse) -> None:
        path = f"{world.path}publish/"
        client = browse(world.people.owner)
        answer = confirm(client, path, sandbox_id=sandbox_of(world), then="stage", kind="auto")
        work()
        settle(world)
        text_of(client, answer["Location"])
        page = text_of(client, answer["Location"])
        assert "is staged" in page
        assert Deployment.objects.get(miosa_id=world.main["id"]).active_version_id == world.main["active_version_id"]

    def test_a_new_app(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        fields: dict[str, Any] = {"sandbox_id": sandbox_of(world), "kind": "auto", "then": "live"}
        assert confirm(client, f"/c/{SLUG}/publish/", name=" ", **fields).status_code == 422
        answer = confirm(client, f"/c/{SLUG}/publish/", name="Landing page", **fields)
        work()
        settle(world)
        text_of(client, answer["Location"])
        assert "Landing page" in text_of(client, answer["Location"])
        assert "Landing page" in text_of(client, f"/c/{SLUG}/")

    def test_a_failure_shows_its_cause_and_what_is_still_live(self, world: World, browse: Browse) -> None:
        world.control.configure(build_outcome="failed_health")
        path = published(world, browse)
        settle(world)
        text_of(browse(world.people.owner), path)
        page = text_of(browse(world.people.owner), path)
        assert "is-bad failure" in page
        assert "is live and unaffected" in page
        world.control.configure(build_outcome="ready")
