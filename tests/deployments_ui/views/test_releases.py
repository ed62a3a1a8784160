"""Roll back, promote, redeploy and stop; and the notice of a rollback."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from portal.models import Deployment, EnvVarUpdate, Operation, User, Version
from portal.services.operations import tokens
from tests.deployments_ui.changes import confirm, get_token, list_changes_sent, make_checks_due, older, work
from tests.deployments_ui.conftest import HTMX, SLUG, World, read_everything
from tests.deployments_ui.page_rules import Browse, check_hidden, text_of
from tests.people import deny_owners


def path_to(world: World, form: str = "rollback", version: str = "") -> str:
    return f"{world.path}versions/{version or older(world)[0]['id']}/{form}/"


def live_of(world: World) -> str:
    return Deployment.objects.get(miosa_id=world.main["id"]).active_version_id


class TestAccess:
    @pytest.mark.parametrize("form", ["versions/{v}/rollback/", "rollback/", "redeploy/"])
    def test_the_form_and_for_a_viewer_who_can(self, world: World, browse: Browse, form: str) -> None:
        path = world.path + form.format(v=older(world)[0]["id"])
        for user in (world.people.operator, world.people.support, world.people.owner):
            page = browse(user).get(path, follow=True).content.decode()
            assert "<html" in page
            assert escape(world.main["name"]) in page
            assert 'name="token"' in page
        with world.hearing_nothing():
            page = text_of(browse(world.people.viewer), path, status=403)
        assert "Who can:" in page
        assert "an owner of the customer" in page
        assert "miosa" not in page.lower()
        nobody = browse(None).get(path)
        assert (nobody.status_code, nobody["Location"].split("?")[0]) == (302, "/accounts/login/")

    @pytest.mark.parametrize(
        "form", ["versions/{v}/rollback/", "versions/{v}/promote/", "rollback/", "redeploy/", "stop/"]
    )
    def test_someone_without_access_gets_not_found(self, world: World, browse: Browse, form: str) -> None:
        check_hidden(world, browse, foreign=world.foreign_path + form.format(v=world.foreign["active_version_id"]))

    def test_wrong_methods(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        assert client.put(path_to(world)).status_code == 405
        assert client.post(f"{world.path}rollback/").status_code == 405
        assert client.get(f"{world.path}rollback/keep/").status_code == 405

    def test_htmx_gets_the_form_alone(self, world: World, browse: Browse) -> None:
        part = text_of(browse(world.people.owner), path_to(world), **HTMX)
        assert "<html" not in part
        assert 'id="release"' in part

    def test_only_operators_can_stop(self, world: World, browse: Browse) -> None:
        for user in (world.people.support, world.people.owner, world.people.viewer):
            client = browse(user)
            with world.hearing_nothing():
                text_of(client, f"{world.path}stop/", status=403)
        assert "Stop" in text_of(browse(world.people.operator), f"{world.path}stop/")

    def test_customers_never_read_the_vendors_name(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        answer = confirm(client, path_to(world))
        for path in (path_to(world), answer["Location"], f"/c/{SLUG}/operations/", f"{world.path}redeploy/"):
            assert "miosa" not in text_of(client, path).replace(world.control.url, "").lower()


class TestTheForm:
    def test_it_shows_what_changes_and_what_does_not(self, world: World, browse: Browse) -> None:
        page = text_of(browse(world.people.support), f"{world.path}versions/{older(world)[0]['id']}/rollback/")
        assert f"Roll back Main site to #{older(world)[0]['number']}" in page
        for line in (
            "stay as they are now",
            "is not rolled back",
            "will replace this version",
            "The customer sees this",
        ):
            assert line in page
        assert "brightsmile.example" in page
        assert "last good" in page

    def test_it_counts_the_env_vars_that_changed_since(self, world: World, browse: Browse) -> None:
        client, target = browse(world.people.owner), older(world)[0]
        deployment = Deployment.objects.get(miosa_id=world.main["id"])
        assert f"changed since #{target['number']}" not in text_of(client, path_to(world))
        mark = {"deployment_id": deployment.miosa_id, "operation_key": uuid4(), "set_at": timezone.now()}
        for environment, name in (("production", "A"), ("preview", "A"), ("production", "B")):
            EnvVarUpdate.objects.create(environment=environment, name=name, **mark)
        EnvVarUpdate.objects.create(name="OLD", **{**mark, "set_at": timezone.now() - timedelta(days=900)})
        assert f"(2 changed since #{target['number']})" in text_of(client, path_to(world))

    def test_focus_is_on_cancel_and_enter_submits_nothing(self, world: World, browse: Browse) -> None:
        page = text_of(browse(world.people.owner), path_to(world))
        cancel = page.index("data-close")
        assert "autofocus" in page[cancel : cancel + 39]
        form = page[page.index('<form class="stack') :]
        assert form.index('<button name="enter"') < form.index("button primary")
        typed = confirm(browse(world.people.owner), path_to(world), enter="1", reason="half a sente")
        assert "half a sente" in typed.content.decode()
        assert not Operation.objects.exists()

    def test_versions_that_can_not_go_live_are_listed_with_the_cause(self, world: World, browse: Browse) -> None:
        target = older(world)[1]
        Version.objects.filter(miosa_id=target["id"]).update(state="failed")
        page = text_of(browse(world.people.owner), path_to(world))
        assert "nothing to go back to" in page
        refused = confirm(browse(world.people.owner), path_to(world, version=target["id"]))
        assert refused.status_code == 422
        assert not list_changes_sent(world)
        assert "disabled aria-describedby" in text_of(browse(world.people.owner), path_to(world, version=target["id"]))

    def test_the_shortcut_leads_to_the_last_good_one(self, world: World, browse: Browse) -> None:
        answer = browse(world.people.owner).get(f"{world.path}rollback/")
        assert (answer.status_code, answer["Location"]) == (303, path_to(world))
        part = text_of(browse(world.people.owner), f"{world.path}rollback/", **HTMX)
        assert f'action="{path_to(world)}"' in part

    def test_an_app_without_an_earlier_version(self, world: World, browse: Browse) -> None:
        Version.objects.filter(deployment__miosa_id=world.main["id"]).exclude(miosa_id=live_of(world)).delete()
        page = text_of(browse(world.people.owner), f"{world.path}rollback/", status=404)
        assert "Nothing to roll back to" in page
        assert "no earlier version" in page

    def test_without_the_hosting_service_nothing_can_be_confirmed(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        token = get_token(client, path_to(world))
        world.control.fault("*", times=500, drop_before=True)
        for _try in range(8):
            client.post(f"{world.path}refresh/")
        page = text_of(client, path_to(world))
        assert "so nothing can be changed now" in page
        assert "disabled aria-describedby" in page
        assert 'aria-disabled="true"' in text_of(client, world.path)
        before = len(list_changes_sent(world))
        answer = client.post(path_to(world), {"token": token})
        assert answer.status_code == 503
        assert len(list_changes_sent(world)) == before
        world.control.clear_faults()


class TestReason:
    def test_no_ready_reason_is_chosen_before_a_person_chooses(self, world: World, browse: Browse) -> None:
        for user in (world.people.support, world.people.owner):
            page = text_of(browse(user), path_to(world))
            radios = re.findall(r'<input type="radio"\s+name="choice"[^>]*>', page)
            assert len(radios) > 3
            assert not [radio for radio in radios if "checked" in radio]

    def test_the_chosen_one_stays_when_the_form_is_refused(self, world: World, browse: Browse) -> None:
        answer = confirm(browse(world.people.support), path_to(world), choice="checkout", reason="x" * 501)
        assert answer.status_code == 422
        assert re.search(r'value="checkout"\s+checked', answer.content.decode())


class TestSubmitting:
    def test_without_javascript(self, world: World, browse: Browse) -> None:
        client, target = browse(world.people.support), older(world)[0]
        answer = confirm(client, path_to(world), choice="checkout", reason="since noon", note="ticket 12")
        assert answer.status_code == 303
        page = text_of(client, answer["Location"])
        assert f"Main site is back on #{target['number']}" in page
        assert "Requested" in page
        assert "Switched" in page
        assert live_of(world) == target["id"]
        make_checks_due()
        work()
        page = text_of(client, answer["Location"])
        assert "It answers (200)" in page
        assert "data-poll" not in page.split('id="operation"')[1]
        assert "Checkout broken: since noon" in page
        assert "ticket 12" in page
        assert "ticket 12" not in text_of(browse(world.people.viewer), answer["Location"])
        assert len(list_changes_sent(world)) == 1

    def test_htmx_gets_the_operation_in_place_of_the_form(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        answer = confirm(client, path_to(world), htmx=True)
        part = answer.content.decode()
        assert answer.status_code == 200
        assert "<html" not in part
        assert 'id="operation"' in part
        key = Operation.objects.get().key
        assert answer["HX-Push-Url"] == f"/operations/{key}/"
        token = get_token(client, path_to(world, "promote", world.main["active_version_id"]))
        path = path_to(world, "promote", world.main["active_version_id"])
        inside = client.post(path, {"token": token}, HTTP_X_DIALOG="1", **HTMX)
        assert "HX-Push-Url" not in inside

    def test_staff_give_a_reason_and_typed_text_stays(self, world: World, browse: Browse) -> None:
        client = browse(world.people.support)
        answer = confirm(client, path_to(world), reason="  ", note="kept", htmx=True)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Enter a reason" in page
        assert "kept" in page
        assert "hx-preserve" not in page
        assert not list_changes_sent(world)
        assert confirm(browse(world.people.owner), path_to(world), reason="").status_code == 303

    def test_a_reason_that_is_too_long_stays_in_the_form(self, world: World, browse: Browse) -> None:
        answer = confirm(browse(world.people.owner), path_to(world), reason="x" * 501)
        assert answer.status_code == 422
        assert "x" * 501 in answer.content.decode()

    def test_the_same_form_twice_is_one_operation(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        sent = {"token": get_token(client, path_to(world)), "reason": "once"}
        first, second = client.post(path_to(world), sent), client.post(path_to(world), sent)
        assert first["Location"] == second["Location"]
        assert len(list_changes_sent(world)) == 1

    @pytest.mark.django_db(transaction=True)
    def test_ten_clicks_at_once_are_one_operation(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = path_to(world)
        sent = {"token": get_token(client, path), "reason": "quick"}
        cookie = client.cookies["sessionid"].value

        def click(_number: int) -> str:
            mine = Client()
            mine.cookies["sessionid"] = cookie
            try:
                return str(mine.post(path, sent)["Location"])
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            places = set(pool.map(click, range(10)))
        assert len(places) == 1
        assert len(list_changes_sent(world)) == 1

    def test_a_changed_or_foreign_token_is_refused(self, world: World, browse: Browse) -> None:
        owner, path = browse(world.people.owner), path_to(world)
        token = get_token(owner, path)
        forged = [token[:-2] + "xx", "", "x.y.z", get_token(browse(world.people.support), path)]
        forged.append(get_token(owner, path_to(world, version=older(world)[1]["id"])))
        forged.append(get_token(owner, f"{world.path}redeploy/"))
        for bad in forged:
            with world.hearing_nothing():
                answer = owner.post(path, {"token": bad, "reason": "x"})
            assert answer.status_code == 400
            assert "no longer valid" in answer.content.decode()
        assert not Operation.objects.exists()

    def test_a_token_that_is_too_old(self, world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
        client, path = browse(world.people.owner), path_to(world)
        token = get_token(client, path)
        monkeypatch.setattr(tokens, "MAX_AGE_S", -1)
        assert client.post(path, {"token": token}).status_code == 400
        assert not list_changes_sent(world)

    def test_a_viewer_with_an_owners_token(self, world: World, browse: Browse) -> None:
        token = get_token(browse(world.people.owner), path_to(world))
        viewer = browse(world.people.viewer)
        with world.hearing_nothing():
            answer = viewer.post(path_to(world), {"token": token, "reason": "x"})
        assert answer.status_code == 403
        assert not Operation.objects.exists()

    def test_without_the_csrf_token(self, world: World) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(world.people.owner)
        assert client.post(path_to(world), {"token": get_token(client, path_to(world))}).status_code == 403
        assert not list_changes_sent(world)

    def test_another_version_went_live_meanwhile(self, world: World, browse: Browse) -> None:
        client, path = browse(world.people.owner), path_to(world)
        token = get_token(client, path)
        world.control.run_action("publish", deployment_id=world.main["id"], promote=True)
        answer = client.post(path, {"token": token, "reason": "late"})
        page = text_of(client, answer["Location"])
        assert "Nothing was sent" in page
        assert "Try again…" in page
        assert not list_changes_sent(world)

    def test_a_running_operation_is_named_and_linked(self, world: World, browse: Browse) -> None:
        client, path = browse(world.people.owner), path_to(world)
        confirm(browse(world.people.support), path)
        first = Operation.objects.get()
        Operation.objects.update(state="sent", in_lane=True)
        token = get_token(client, path_to(world, version=older(world)[1]["id"]))
        answer = client.post(path_to(world, version=older(world)[1]["id"]), {"token": token, "reason": "x"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Deploy desk support" in page
        assert f"/operations/{first.key}/" in page
        again = text_of(client, path_to(world, version=older(world)[1]["id"]))
        assert "Deploy desk support is changing this app right now" in again

    def test_on_a_shared_deployment_customers_change_nothing(self, world: World, browse: Browse) -> None:
        token = get_token(browse(world.people.owner), path_to(world))
        Deployment.objects.filter(miosa_id=world.main["id"]).update(is_shared=True)
        owner = browse(world.people.owner)
        for path in (path_to(world), f"{world.path}redeploy/", f"{world.path}publish/"):
            with world.hearing_nothing():
                page = text_of(owner, path, status=403)
            assert "an owner of the customer" not in page
        assert owner.post(path_to(world), {"token": token, "reason": "x"}).status_code == 403
        assert "Roll back…" not in text_of(owner, world.path)
        assert "Roll back…" in text_of(browse(world.people.support), world.path)

    def test_a_permission_taken_from_owners(self, world: World, browse: Browse) -> None:
        deny_owners("roll_back")
        page = text_of(browse(world.people.owner), path_to(world), status=403)
        assert "the platform&#39;s support" in page
        assert "an owner" not in page.split("Who can")[1].split("</p>")[0]

    def test_a_redeploy_is_left_to_the_worker(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        answer = confirm(client, f"{world.path}redeploy/", reason="")
        assert "is being redeployed" in text_of(client, answer["Location"])
        assert not list_changes_sent(world)
        work()
        assert len(list_changes_sent(world)) == 1
        assert "Main site redeployed" in text_of(client, answer["Location"])

    def test_stopping(self, world: World, browse: Browse) -> None:
        client = browse(world.people.operator)
        answer = confirm(client, f"{world.path}stop/", choice="unused", reason="")
        assert "Main site stopped" in text_of(client, answer["Location"])
        assert "Stopped" in text_of(client, world.path)
        assert "It is stopped already." in text_of(client, f"{world.path}stop/")


class TestPromoting:
    def staged(self, world: World) -> Version:
        return Version.objects.get(deployment__name="Booking", customer__slug=SLUG, state="ready", was_live=False)

    def test_a_staged_one_goes_live(self, world: World, browse: Browse) -> None:
        staged, client = self.staged(world), browse(world.people.owner)
        path = f"/c/{SLUG}/deployments/{staged.deployment.miosa_id}/versions/{staged.miosa_id}/promote/"
        assert "nothing is built again" in text_of(client, path)
        answer = confirm(client, path)
        assert f"is now on #{staged.number}" in text_of(client, answer["Location"])

    def test_the_live_version_is_not_promoted(self, world: World, browse: Browse) -> None:
        path = f"{world.live_path}promote/"
        client = browse(world.people.owner)
        assert "It is live already." in text_of(client, path)
        assert confirm(client, path).status_code == 422
        assert not list_changes_sent(world)

    def test_environments_are_chosen_only_if_there_are_several(
        self, world: World, browse: Browse, settings: Settings
    ) -> None:
        staged, client = self.staged(world), browse(world.people.owner)
        path = f"/c/{SLUG}/deployments/{staged.deployment.miosa_id}/versions/{staged.miosa_id}/promote/"
        assert 'name="environment"' not in text_of(client, path)
        settings.MIOSA = replace(settings.MIOSA, environments=("production", "staging"))
        assert 'name="environment"' in text_of(client, path)
        assert confirm(client, path, environment="mars").status_code == 422
        answer = confirm(client, path, environment="staging")
        assert "was sent to staging" in text_of(client, answer["Location"])


class TestRollbackNotice:
    def rolled_back(self, world: World, browse: Browse) -> Client:
        client = browse(world.people.support)
        confirm(client, path_to(world), reason="checkout broken")
        return client

    def test_it_is_on_every_page_of_the_app(self, world: World, browse: Browse) -> None:
        live, target = world.main["active_version_id"], older(world)[0]["id"]
        self.rolled_back(world, browse)
        viewer: User = world.people.viewer
        for path in (
            world.path,
            f"{world.path}versions/{live}/",
            f"{world.path}builds/",
            f"{world.path}compare/?from={live}&to={target}",
        ):
            page = text_of(browse(viewer), path)
            assert "Deploy desk support rolled this app back" in page, path
            assert "checkout broken" in page
            assert "The next publish will replace it." in page
            assert "Undo, back to" not in page
        owner = text_of(browse(world.people.owner), world.path)
        assert f'hx-get="/operations/{Operation.objects.get().key}/undo/"' in owner

    def test_keeping_ends_it_for_everybody(self, world: World, browse: Browse) -> None:
        self.rolled_back(world, browse)
        owner = browse(world.people.owner)
        gone = owner.post(f"{world.path}rollback/keep/", {"live": "another"})
        assert gone.status_code == 409
        answer = owner.post(f"{world.path}rollback/keep/", {"live": live_of(world)})
        assert (answer.status_code, answer["Location"]) == (303, world.path)
        page = text_of(browse(world.people.support), world.path)
        assert "rolled this app back" not in page
        number = older(world)[0]["number"]
        assert f"{world.people.owner.name} decided to keep #{number} live" in page
        assert 'Reason for the rollback: <q class="name">checkout broken</q>' in page
        assert "Don't keep" in page
        assert "Don't keep" not in text_of(browse(world.people.viewer), world.path)

    def test_a_rollback_from_outside(self, world: World, browse: Browse) -> None:
        ids = {"deployment_id": world.main["id"], "version_id": older(world)[0]["id"]}
        world.control.run_action("rollback", **ids)
        read_everything()
        assert "outside this portal, <time" in " ".join(text_of(browse(world.people.owner), world.path).split())

    def test_keeping_is_taken_back(self, world: World, browse: Browse) -> None:
        self.rolled_back(world, browse)
        owner, path, sent = browse(world.people.owner), f"{world.path}rollback/keep/", {"live": live_of(world)}
        kept = owner.post(path, sent, **HTMX).content.decode()
        assert "decided to keep" in kept
        assert 'id="rollback-take-back" autofocus' in kept
        shown = owner.post(path, {**sent, "taken_back": "1"}, **HTMX).content.decode()
        assert "rolled this app back" in shown
        assert "decided to keep" not in text_of(browse(world.people.support), world.path)

    def test_viewers_and_others_can_not_keep_it(self, world: World, browse: Browse) -> None:
        self.rolled_back(world, browse)
        sent = {"live": live_of(world)}
        assert browse(world.people.viewer).post(f"{world.path}rollback/keep/", sent).status_code == 403
        assert browse(world.people.outsider).post(f"{world.path}rollback/keep/", sent).status_code == 404

    def test_going_back_again_goes_further_back(self, world: World, browse: Browse) -> None:
        further = older(world)[1]["id"]
        client = self.rolled_back(world, browse)
        assert client.get(f"{world.path}rollback/")["Location"] == path_to(world, version=further)


def test_each_form_has_its_own_token(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    tokens = {get_token(client, f"{world.path}{form}/") for form in ("redeploy", "stop", "rename", "delete", "publish")}
    assert len(tokens) == 5
