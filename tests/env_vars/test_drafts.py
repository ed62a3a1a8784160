"""Drafts: typed, reviewed without values, renamed, discarded, and applied once."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import EnvVarDraft, EnvVarUpdate, Operation
from portal.permissions import Person, Role
from portal.services.env_vars import dotenv, drafts, encryption, submit
from portal.services.errors import Forbidden, Invalid, NotFound
from portal.services.operations import background
from portal.services.operations.accept import LaneBusy
from portal.services.operations.tokens import BadToken, Confirmation
from tests.databases import dump_database
from tests.env_vars.client import SLUG, EnvVarsClient, last_number, sent_sizes
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cr3t-value-that-nobody-may-see"


def reconcile() -> None:
    """What the worker does with an operation whose outcome is unknown, ten seconds after it was sent."""
    sent_at = timezone.now() - timedelta(seconds=10)
    Operation.objects.update(next_read_at=timezone.now(), heartbeat_at=None, sent_at=sent_at)
    background.run_step(Operation.objects.get())


class TestApplying:
    def test_a_value_is_sent_once_and_stored_nowhere(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        key = env_vars.create_draft(pasted=f"API_KEY={SECRET}\nexport EMPTY=\n# a comment\n\nbad line")
        review = env_vars.get_review(key)
        assert [(line.name, line.effect) for line in review.lines] == [("API_KEY", "added"), ("EMPTY", "kept")]
        assert review.skipped == ("Line 3 skipped: a comment", "Line 5 skipped: expected NAME=value")
        since = last_number(simulator)
        page = env_vars.apply(key)
        assert (page.state, page.names) == ("succeeded", ("API_KEY",))
        assert sent_sizes(simulator, since=since) == [{"API_KEY": len(SECRET)}]
        row = env_vars.get_row("API_KEY")
        assert row.who == env_vars.owner.name
        assert row.fingerprint == EnvVarUpdate.objects.get(name="API_KEY").fingerprint
        assert not EnvVarDraft.objects.exists()
        assert SECRET not in dump_database()

    def test_submitting_twice_sends_once(self, simulator: SimulatorControl, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(name="API_KEY", value=SECRET)
        token = env_vars.get_review(key).token
        first = env_vars.apply(key, token=token)
        since = last_number(simulator)
        assert env_vars.apply(key, token=token).key == first.key
        assert not sent_sizes(simulator, since=since)

    def test_a_reserved_name_is_refused_without_naming_miosa(self, env_vars: EnvVarsClient) -> None:
        page = env_vars.set_values(name="MIOSA_X", value=SECRET)
        assert page.state == "refused"
        assert "names" in page.error
        assert "MIOSA" not in page.error
        assert not EnvVarDraft.objects.exists()

    def test_a_draft_is_kept_while_another_operation_runs(self, env_vars: EnvVarsClient, operator: Person) -> None:
        env_vars.apply(env_vars.create_draft(operator, name="A", value="x"), by=operator)
        Operation.objects.update(
            state=Operation.State.SENT, in_lane=True, runner=uuid.uuid4(), heartbeat_at=timezone.now()
        )
        key = env_vars.create_draft(name="B", value=SECRET)
        expires_at = env_vars.get_review(key).expires_at
        with pytest.raises(LaneBusy):
            env_vars.apply(key)
        assert env_vars.get_review(key).expires_at == expires_at


class TestAccess:
    def test_a_draft_is_for_one_person_and_its_token_for_one_draft(
        self, env_vars: EnvVarsClient, operator: Person
    ) -> None:
        key = env_vars.create_draft(name="API_KEY", value=SECRET)
        token = env_vars.get_review(key).token
        other_key = env_vars.create_draft(name="OTHER", value="x")
        with pytest.raises(NotFound):
            env_vars.get_review(key, by=operator)
        with pytest.raises(BadToken):
            env_vars.apply(key, by=operator, token=token)
        with pytest.raises(BadToken):
            env_vars.apply(other_key, token=token)
        with pytest.raises(NotFound):
            env_vars.get_review(uuid.uuid4())
        assert EnvVarDraft.objects.count() == 2

    def test_viewers_and_support_may_not_create_drafts(
        self, env_vars: EnvVarsClient, person_of: Callable[..., Person]
    ) -> None:
        support = Person(id=9, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
        for person in (person_of(SLUG, Role.VIEWER), support):
            with pytest.raises(Forbidden):
                env_vars.create_draft(person, name="A", value="x")

    def test_a_draft_can_not_be_applied_after_ten_minutes(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        key = env_vars.create_draft(name="API_KEY", value=SECRET)
        confirmation = Confirmation(token=env_vars.get_review(key).token)
        since = last_number(simulator)
        later = env_vars.arguments() | {"now": timezone.now() + encryption.DRAFT_LIFETIME}
        with pytest.raises(NotFound):
            submit.apply_draft(**later, key=key, confirmation=confirmation)
        assert not sent_sizes(simulator, since=since)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "1A", "value": SECRET}, "name"),
        ({"name": SECRET, "value": "x"}, "name"),
        ({"name": "sk_live_51HqLyjWDarjtT1zdp7dcXYZ0123456789", "value": "x"}, "name"),
        ({"name": "A", "value": ""}, "value"),
        ({"name": "A", "value": SECRET * 2000}, "value"),
        ({"name": "", "value": ""}, "name"),
        ({"pasted": SECRET}, "pasted"),
        ({"pasted": "\n".join(f"A{n}={SECRET}" for n in range(201))}, "pasted"),
        ({"pasted": f"A={SECRET}" * 30_000}, "pasted"),
        ({"name": "A", "value": SECRET, "environment": "moon"}, "environment"),
    ],
)
def test_invalid_input_is_reported_by_field_without_its_value(
    env_vars: EnvVarsClient, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as raised:
        env_vars.create_draft(**typed)
    assert set(raised.value.fields) == {field}
    assert SECRET not in str(raised.value)
    assert not EnvVarDraft.objects.exists()


def test_what_was_typed_has_no_value_in_its_repr() -> None:
    assert SECRET not in repr(dotenv.TypedValues(name="A", value=SECRET, pasted=SECRET))


class TestRenaming:
    def test_names_change_and_values_and_expiry_do_not(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        key = env_vars.create_draft(pasted=f"MY-KEY='{SECRET}'\nhunter2&x={SECRET}\nGOOD=1\nGONE=2")
        review = env_vars.get_review(key)
        assert [line.effect for line in review.lines] == ["refused", "refused", "added", "added"]
        assert "hunter2" not in dump_database()
        env_vars.rename_lines(key, {"MY-KEY": "MY_KEY", "line 2": "SECOND", "GONE": ""})
        renamed = env_vars.get_review(key)
        assert [line.name for line in renamed.lines] == ["MY_KEY", "SECOND", "GOOD"]
        assert {line.effect for line in renamed.lines} == {"added"}
        assert renamed.expires_at == review.expires_at
        since = last_number(simulator)
        env_vars.apply(key)
        assert sent_sizes(simulator, since=since) == [{"MY_KEY": len(SECRET), "SECOND": len(SECRET), "GOOD": 1}]

    def test_two_lines_with_one_name_become_one_with_a_notice(self, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(pasted="A=1\nB=2")
        env_vars.rename_lines(key, {"B": "A"})
        (line,) = env_vars.get_review(key).lines
        assert line.notices == ("Line 1 sets this name too, but only the last value counts.",)

    def test_one_line_has_to_remain(self, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(name="A", value="1")
        with pytest.raises(Invalid):
            env_vars.rename_lines(key, {"A": ""})

    def test_the_notice_about_skipped_lines_remains(self, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(pasted="A=1\n\nnothing\nB='2'\nnothing")
        env_vars.rename_lines(key, {"A": "C"})
        assert env_vars.get_review(key).skipped == ("Lines 3, 5 skipped: expected NAME=value",)

    def test_a_value_that_is_not_whole_is_not_set_under_another_name_either(self, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(pasted="GOOD=1\nA=-----BEGIN PRIVATE KEY-----\nMIIE")
        assert [line.can_be_renamed for line in env_vars.get_review(key).lines] == [True, False]
        env_vars.rename_lines(key, {"A": "B"})
        assert [(line.name, line.effect) for line in env_vars.get_review(key).lines] == [
            ("GOOD", "added"),
            ("B", "refused"),
        ]

    def test_a_name_that_was_typed_is_accepted_although_it_resembles_a_secret(self, env_vars: EnvVarsClient) -> None:
        name = "x7f3a9c2e8b1d4a6f0c5e9b2d7"
        key = env_vars.create_draft(pasted=f"{name}=1")
        (line,) = env_vars.get_review(key).lines
        assert (line.name, line.effect) == ("", "refused")
        env_vars.rename_lines(key, {line.key: name})
        (line,) = env_vars.get_review(key).lines
        assert (line.name, line.effect) == (name, "added")


class TestDoubts:
    """A quote may be missing in the file, so that a value runs over lines that were meant as others."""

    @pytest.mark.parametrize("pasted", ['LEVEL="debug\nA=1\nEND="', 'LEVEL="debug\nA=1\nSITE="x"\nPORT=80'])
    def test_nothing_is_set_until_they_are_confirmed(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient, pasted: str
    ) -> None:
        key = env_vars.create_draft(pasted=pasted)
        assert env_vars.get_review(key).has_doubts
        since = last_number(simulator)
        with pytest.raises(Invalid) as raised:
            env_vars.apply(key)
        assert set(raised.value.fields) == {"lines_confirmed"}
        assert not sent_sizes(simulator, since=since)
        assert env_vars.apply(key, lines_confirmed=True).state == "succeeded"
        assert sent_sizes(simulator, since=since)

    def test_new_names_do_not_confirm_them_and_leaving_the_line_out_does(self, env_vars: EnvVarsClient) -> None:
        key = env_vars.create_draft(pasted='B=1\nLEVEL="debug\nA=1"')
        env_vars.rename_lines(key, {"LEVEL": "OTHER"})
        assert env_vars.get_review(key).has_doubts
        env_vars.rename_lines(key, {"OTHER": ""})
        assert not env_vars.get_review(key).has_doubts


def test_discarding_deletes_the_values_at_once(env_vars: EnvVarsClient) -> None:
    key = env_vars.create_draft(name="A", value=SECRET)
    drafts.discard_draft(**env_vars.arguments(), key=key)
    assert not EnvVarDraft.objects.exists()


class TestLostAnswers:
    def test_the_operation_is_found_to_have_succeeded_and_the_values_are_deleted(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        simulator.fault("*/env", method="POST", drop_after=True)
        assert env_vars.set_values(name="API_KEY", value=SECRET).state == "unknown"
        assert EnvVarDraft.objects.get().expires_at <= timezone.now() + encryption.OPERATION_LIFETIME
        Operation.objects.update(next_read_at=timezone.now(), heartbeat_at=None)
        background.run_step(Operation.objects.get())
        assert Operation.objects.get().state == Operation.State.SUCCEEDED
        assert not EnvVarDraft.objects.exists()
        assert SECRET not in dump_database()

    def test_nothing_is_sent_again_without_the_values(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        simulator.fault("*/env", method="POST", times=5, drop_before=True)
        assert env_vars.set_values(name="API_KEY", value=SECRET).state == "unknown"
        simulator.clear_faults()
        EnvVarDraft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        since = last_number(simulator)
        reconcile()
        assert not sent_sizes(simulator, since=since)

    def test_an_abandoned_change_that_another_one_displaces_keeps_no_values(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        simulator.fault("*/env", method="POST", times=5, drop_before=True)
        abandoned = env_vars.set_values(name="API_KEY", value=SECRET)
        simulator.clear_faults()
        long_ago = timezone.now() - timedelta(seconds=61)
        Operation.objects.update(state="accepted", attempts=0, requested_at=long_ago, runner="", heartbeat_at=None)
        assert EnvVarDraft.objects.filter(key=abandoned.key).exists()
        assert env_vars.set_values(name="OTHER", value="plain").state == "succeeded"
        assert Operation.objects.get(key=abandoned.key).state == "refused"
        assert not EnvVarDraft.objects.exists()
        assert SECRET not in dump_database()

    def test_an_applied_draft_can_not_be_changed_in_another_tab(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        key = env_vars.create_draft(pasted="ONE=1\nTWO=22")
        simulator.fault("*/env", method="POST", times=5, drop_before=True)
        assert env_vars.apply(key).state == "unknown"
        encrypted_values = bytes(EnvVarDraft.objects.get().encrypted_values)
        with pytest.raises(NotFound):
            env_vars.rename_lines(key, {"ONE": "TWO", "TWO": "ONE"})
        with pytest.raises(NotFound):
            drafts.discard_draft(**env_vars.arguments(), key=key)
        with pytest.raises(NotFound):
            env_vars.get_review(key)
        assert bytes(EnvVarDraft.objects.get().encrypted_values) == encrypted_values
        simulator.clear_faults()
        since = last_number(simulator)
        reconcile()
        assert sent_sizes(simulator, since=since) == [{"ONE": 1, "TWO": 2}]

    def test_a_draft_that_was_renamed_while_it_was_applied_is_not_sent(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        """Otherwise the accepted names would be set to values that were not reviewed for them."""
        key = env_vars.create_draft(pasted="ONE=1\nTWO=22")
        reviewed = bytes(EnvVarDraft.objects.get().encrypted_values)
        env_vars.rename_lines(key, {"ONE": "TWO", "TWO": "ONE"})
        renamed = bytes(EnvVarDraft.objects.get().encrypted_values)
        EnvVarDraft.objects.update(encrypted_values=reviewed)
        simulator.fault("*/env", method="POST", times=5, drop_before=True)
        assert env_vars.apply(key).state == "unknown"
        EnvVarDraft.objects.update(encrypted_values=renamed)
        simulator.clear_faults()
        since = last_number(simulator)
        reconcile()
        assert not sent_sizes(simulator, since=since)
        assert Operation.objects.get().state != Operation.State.SUCCEEDED
