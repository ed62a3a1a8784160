"""What was live when, by whom, and which version is the last good one: told as stories, with all kinds of changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Activation, Deployment, Entry, Facet, Operation, Version
from portal.permissions import Person
from portal.services.operations import read_back
from portal.services.operations.switch import record_switch
from portal.services.queries import actions, deployments, live_periods, versions
from portal.services.queries.live_periods import Period
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from portal.services.sync.upsert import live_pointer
from tests.operations.app import App


def find_last_good(app: App, *, by: Person | None = None, later: timedelta = timedelta(0)) -> Period | None:
    by = by or app.owner
    customer, deployment = deployments.load(by=by, slug=app.slug, deployment_id=app.deployment_id)
    return live_periods.find_last_good(deployment, customer, by=by, now=timezone.now() + later)


def last_good_number(app: App, *, by: Person | None = None) -> int | None:
    found = find_last_good(app, by=by)
    return found.version.number if found else None


def publish_outside(app: App) -> str:
    published = app.control.run_action("publish", deployment_id=app.deployment_id)
    app.fetch()
    return str(published["id"])


def roll_back_outside(app: App, number: int) -> None:
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(number))
    app.fetch()


class TestLastGood:
    """#24 is live at first; #23 and older were live before this portal read them."""

    def test_live_before_the_first_read_has_no_known_period(self, app: App) -> None:
        app.roll_back(23)
        good = find_last_good(app)
        assert good
        assert good.version.number == 22
        assert (good.began_at, good.ended_at) == (None, None)

    def test_a_version_that_was_rolled_away_from_is_not_good(self, app: App) -> None:
        app.roll_back(23)
        publish_outside(app)
        assert last_good_number(app) == 23

    @pytest.mark.parametrize("is_outside", [True, False])
    def test_not_even_if_the_rollback_was_seen_from_outside(self, app: App, is_outside: bool) -> None:
        roll_back_outside(app, 23) if is_outside else app.roll_back(23)
        publish_outside(app)
        publish_outside(app)
        assert last_good_number(app) == 25
        app.roll_back(25)
        assert last_good_number(app) == 23

    def test_until_somebody_makes_it_live_again_on_purpose(self, app: App) -> None:
        app.roll_back(23)
        app.change("promote", app.number(24))
        publish_outside(app)
        assert last_good_number(app) == 24

    def test_and_rolls_away_from_it_a_second_time(self, app: App) -> None:
        app.roll_back(23)
        app.change("promote", app.number(24))
        app.roll_back(23)
        publish_outside(app)
        assert last_good_number(app) == 23

    def test_a_version_rolled_back_to_on_purpose_is_good_once_it_was_replaced(self, app: App) -> None:
        app.roll_back(22)
        publish_outside(app)
        good = find_last_good(app)
        assert good
        assert good.version.number == 22
        first, second = Activation.objects.filter(deployment_id=app.deployment_id).order_by("-pk")[:2]
        assert (good.began_at, good.ended_at) == (second.at, first.at)

    def test_rolled_back_twice_in_a_row(self, app: App) -> None:
        app.roll_back(23)
        app.roll_back(21)
        assert last_good_number(app) == 20
        publish_outside(app)
        assert last_good_number(app) == 21

    def test_a_version_with_a_failed_check_is_not_good_however_it_was_before(self, app: App) -> None:
        app.roll_back(22)
        app.roll_back(21)
        app.change("promote", app.number(22))
        latest = Activation.objects.filter(version_id=app.number(22)).latest("pk")
        Activation.objects.filter(pk=latest.pk).update(verdict=Activation.Verdict.BAD)
        publish_outside(app)
        assert last_good_number(app) == 21

    def test_only_the_last_time_that_it_was_live_counts(self, app: App) -> None:
        app.roll_back(23)
        app.change("promote", app.number(24))
        publish_outside(app)
        app.roll_back(24)
        app.roll_back(22)
        Activation.objects.filter(version_id=app.number(22)).update(verdict=Activation.Verdict.BAD)
        publish_outside(app)
        assert last_good_number(app) == 23

    def test_a_version_past_its_retention_is_not_offered(self, app: App) -> None:
        assert find_last_good(app)
        assert find_last_good(app, later=timedelta(days=400)) is None

    def test_a_refused_rollback_changes_nothing(self, app: App) -> None:
        app.control.fault("*/rollback", status=409)
        assert app.roll_back(22).state == "refused"
        publish_outside(app)
        assert last_good_number(app) == 24

    def test_a_publish_that_was_rolled_back_between_two_reads_is_not_good(self, app: App) -> None:
        app.control.run_action("publish", deployment_id=app.deployment_id)
        roll_back_outside(app, 24)
        publish_outside(app)
        assert last_good_number(app) == 24

    def test_a_version_that_was_rolled_away_from_before_the_first_read(self, app: App) -> None:
        """The portal is installed while #22 is live, by a rollback from #24."""
        app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(22))
        read_for_the_first_time(app)
        publish_outside(app)
        assert last_good_number(app) == 22
        Activation.objects.filter(version_id=app.number(22)).update(verdict=Activation.Verdict.BAD)
        assert last_good_number(app) == 23
        app.roll_back(22)
        assert last_good_number(app) == 21


def test_the_last_good_version_is_of_the_customer_that_owns_the_live_one(app: App) -> None:
    """Staff see a shared app whole, and roll no customer back to another one's version."""
    give_away(app, 23)
    assert last_good_number(app, by=app.operator) == 22
    give_away(app, 24)
    assert last_good_number(app, by=app.operator) == 23


def give_away(app: App, number: int) -> None:
    fields = {"version_id": app.number(number), "external_workspace_id": "pawsome-vets"}
    app.control.run_action("reattribute", deployment_id=app.deployment_id, **fields)
    app.fetch()


def read_for_the_first_time(app: App) -> None:
    Activation.objects.all().delete()
    Version.objects.filter(deployment__miosa_id=app.deployment_id).delete()
    Deployment.objects.filter(miosa_id=app.deployment_id).update(live_since=None)
    app.fetch()


class TestWho:
    def test_our_rollback_is_of_who_requested_it(self, app: App) -> None:
        app.roll_back(23, by=app.operator, reason="since noon")
        row = app.row()
        assert (row.live_by, row.live_by_role) == (app.operator.name, "operator")
        assert row.live_reason == "Checkout broken: since noon"
        assert row.live_since == Activation.objects.latest("pk").at

    def test_our_publish_is_of_who_requested_it(self, app: App) -> None:
        page = app.change("publish", by=app.operator, reason="new prices", choice="")
        app.settle()
        row = app.row()
        version = Version.objects.get(deployment=row, number=25)
        assert version.external_user_id != app.operator.name
        assert (version.published_by, version.publish_reason) == (app.operator.name, "new prices")
        assert (row.live_by, row.live_operation_id) == (app.operator.name, page.key)

    def test_also_if_it_was_seen_before_our_request_was_answered(self, app: App) -> None:
        page = app.roll_back(23, by=app.operator)
        seen = Activation.objects.filter(deployment_id=app.deployment_id, version_id=app.number(23))
        seen.update(cause=Activation.Cause.SEEN, operation_id=None)
        Deployment.objects.filter(miosa_id=app.deployment_id).update(live_by="", live_operation_id=None)
        before = app.row().customer.generation
        record_switch(Operation.objects.get(key=page.key), app.row(), now=timezone.now())
        assert (app.row().live_by, app.row().live_operation_id) == (app.operator.name, page.key)
        assert app.row().customer.generation > before  # open pages show it

    def test_also_if_its_version_was_read_before_our_request_was_answered(self, app: App) -> None:
        page = app.change("publish", by=app.operator, choice="asked")
        app.settle()
        version = Version.objects.filter(deployment=app.row(), number=25)
        version.update(published_by="", publish_operation_id=None)
        entry = Entry.objects.filter(kind=Entry.Kind.VERSION, subject=version.get().pk)
        entry.update(person=0)
        before = app.row().customer.generation
        read_back.read_back(Operation.objects.get(key=page.key))
        assert version.get().published_by == app.operator.name
        assert Facet.objects.get(pk=entry.get().person).text == app.operator.name
        assert app.row().customer.generation > before

    def test_a_version_read_again_from_scratch_keeps_its_publisher(self, app: App) -> None:
        app.change("publish", by=app.operator, choice="asked")
        app.settle()
        Version.objects.filter(deployment=app.row(), number=25).delete()
        app.fetch()
        assert Version.objects.get(deployment=app.row(), number=25).published_by == app.operator.name

    def test_a_rollback_from_outside_is_of_nobody_we_know(self, app: App) -> None:
        assert app.row().live_by
        roll_back_outside(app, 23)
        assert app.row().live_by == ""

    def test_a_publish_from_outside_is_of_the_platforms_user(self, app: App) -> None:
        app.roll_back(23)
        publish_outside(app)
        assert app.row().live_by == Version.objects.get(deployment=app.row(), number=25).external_user_id != ""

    def test_a_rollback_before_the_first_read_is_of_nobody_we_know(self, app: App) -> None:
        published = app.control.run_action("publish", deployment_id=app.deployment_id)
        app.control.run_action("publish", deployment_id=app.deployment_id)
        app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=published["id"])
        read_for_the_first_time(app)
        assert (app.row().active_version_id, app.row().live_by) == (published["id"], "")
        customer, deployment = deployments.load(by=app.owner, slug=app.slug, deployment_id=app.deployment_id)
        rollback = actions.get_deployment_summary(deployment, customer, by=app.owner, now=timezone.now()).rollback
        assert rollback
        assert (rollback.at, rollback.who) == (None, "")

    def test_a_promotion_before_the_first_read_is_of_nobody_we_know(self, app: App) -> None:
        app.use("Booking")
        app.control.run_action("promote", deployment_id=app.deployment_id, version_id=app.number(12))
        read_for_the_first_time(app)
        assert (app.row().active_version_id, app.row().live_by) == (app.number(12), "")

    def test_a_publisher_is_not_shown_to_another_customer(self, app: App) -> None:
        """An owner published it, and MIOSA attributes the version to somebody else since."""
        app.change("publish")
        app.settle()
        version = Version.objects.get(deployment=app.row(), number=25)
        assert version.published_by == app.owner.name
        give_away(app, 25)
        version.refresh_from_db()
        assert (version.published_by, version.publish_reason) == ("", "")
        assert app.row().live_by != app.owner.name

    def test_the_page_of_a_version_says_who_made_it_live_and_why(self, app: App) -> None:
        page = app.roll_back(23, by=app.operator)
        loaded = versions.load(by=app.owner, slug=app.slug, deployment_id=app.deployment_id, version_id=app.number(23))
        moments = versions.get_version(loaded, by=app.owner, now=timezone.now()).moments
        (went_live,) = [each for each in moments if each.what == "went_live"]
        assert (went_live.who, went_live.reason) == ("Deploy desk support", "Checkout broken")
        assert went_live.operation == page.key


class TestSince:
    def test_a_version_was_created_first_even_if_the_hosting_services_clock_is_ahead(self, app: App) -> None:
        app.control.advance(180)
        id_ = publish_outside(app)
        loaded = versions.load(by=app.owner, slug=app.slug, deployment_id=app.deployment_id, version_id=id_)
        moments = versions.get_version(loaded, by=app.owner, now=timezone.now()).moments
        assert [each.what for each in moments] == ["created", "went_live"]

    def test_a_hidden_publish_is_recorded_with_its_own_times(self, app: App) -> None:
        was = app.row().live_since
        hidden = app.control.run_action("publish", deployment_id=app.deployment_id)
        roll_back_outside(app, 24)
        went, back = Activation.objects.filter(deployment_id=app.deployment_id).order_by("pk")[1:3]
        assert (went.version_id, back.version_id) == (hidden["id"], app.number(24))
        assert went.at < back.at
        since = app.row().live_since
        assert since
        assert was
        assert since > was

    def test_versions_that_are_newer_than_the_apps_row_change_nothing_yet(self, app: App) -> None:
        was = app.live
        ids = [app.control.run_action("publish", deployment_id=app.deployment_id)["id"] for _publish in range(2)]
        client = upstream.client(Purpose.BACKGROUND)
        version_refresh.refresh_versions(app.row(), client=client, now=timezone.now())
        app.fetch()
        activations = Activation.objects.filter(deployment_id=app.deployment_id).order_by("pk")
        assert list(activations.values_list("version_id", flat=True)) == [was, *ids]

    def test_what_was_known_of_another_version_is_not_shown_until_the_change_is_read(self, app: App) -> None:
        assert app.row().live_by
        app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(23))
        sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
        row = app.row()
        assert row.live_version == Version.objects.get(deployment=row, number=23)
        assert (row.live_since, row.live_by) == (None, "")

    def test_a_moment_that_nobody_knows_is_left_out(self, app: App) -> None:
        Version.objects.filter(miosa_id=app.live).update(promoted_at=None)
        began_at, _ended_at = live_periods.find_last_times(app.row(), Version.objects.get(miosa_id=app.live))
        assert began_at is None
        Deployment.objects.filter(miosa_id=app.deployment_id).update(live_since=None)
        live_pointer.update_live_pointer(app.row(), changes=None, now=timezone.now())
        assert app.row().live_since is None
