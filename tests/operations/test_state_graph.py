"""Random walks over the graph of states: MIOSA, people, the worker and dying processes in any order.

accepted → sent → succeeded | refused | unknown → succeeded | refused | decided by a person
"""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.models import Operation
from portal.permissions import Person
from portal.services.errors import Invalid, ServiceError
from portal.services.operations import status
from portal.services.operations.accept import LaneBusy
from portal.services.sync import upstream
from tests.operations.app import App

pytestmark = pytest.mark.django_db(transaction=True)

EDGES = {
    "accepted": {"accepted", "sent", "refused", "succeeded", "unknown"},
    "sent": {"sent", "succeeded", "refused", "unknown"},
    "unknown": {"unknown", "sent", "succeeded", "refused", "decided"},
    "succeeded": {"succeeded"},
    "refused": {"refused"},
    "decided": {"decided"},
}
FAULTS: list[dict[str, Any]] = [
    {"drop_before": True},
    {"drop_after": True},
    {"status": 503},
    {"status": 503, "after": True},
    {"status": 429, "retry_after": 1},
    {"status": 404, "body": "<html>no such host</html>"},
    {"status": 402},
    {"status": 409},
    {"body": "{", "content_type": "application/json"},
]
PATHS = ["*/rollback", "*/publish", "*/redeploy", "/api/v1/deployments/*"]


def machine_for(app: App, person: Person) -> type[RuleBasedStateMachine]:  # noqa: C901  # its rules are many
    class Journal(RuleBasedStateMachine):
        """One app, two people, a worker, a connection that breaks, and processes that die."""

        @initialize()
        def start_anew(self) -> None:
            Operation.objects.all().delete()
            app.control.clear_faults()
            upstream.reset_client()
            self.states: dict[int, str] = {}
            self.sent: dict[str, float] = {}
            self.since = app.log_position()

        @rule(number=st.sampled_from([21, 22, 23]), by=st.sampled_from([app.owner, person]))
        def roll_back(self, number: int, by: Person) -> None:
            self.request("roll_back", app.number(number), by)

        @rule(by=st.sampled_from([app.owner, person]))
        def redeploy(self, by: Person) -> None:
            self.request("redeploy", "", by)

        @rule(by=st.sampled_from([app.owner, person]), override=st.booleans())
        def publish(self, by: Person, override: bool) -> None:
            self.request("publish", "", by, go_live=False, over_rollback=override)

        def request(self, kind: str, target: str, by: Person, **more: Any) -> None:
            try:
                token = app.open_dialog(kind, target, by=by)
                page = app.submit(kind, token, target, by=by, **more)
            except (LaneBusy, ServiceError):
                return
            again = app.submit(kind, token, target, by=by, **more)
            assert again.key == page.key

        @rule(fault=st.sampled_from(FAULTS), path=st.sampled_from(PATHS), times=st.integers(1, 3))
        def break_the_connection(self, fault: dict[str, Any], path: str, times: int) -> None:
            app.control.fault(path, times=times, **fault)

        @rule()
        def heal(self) -> None:
            app.control.clear_faults()
            upstream.reset_client()

        @rule()
        def publish_elsewhere(self) -> None:
            app.control.run_action("publish", deployment_id=app.deployment_id)

        @rule(seconds=st.sampled_from([0.5, 2, 4, 30, 61]))
        def wait(self, seconds: float) -> None:
            app.pass_time(seconds)

        @rule()
        def work(self) -> None:
            upstream.reset_client()
            app.run_worker()

        @rule(state=st.sampled_from(["accepted", "sent"]))
        def die(self, state: str) -> None:
            """A process has died while it worked on the operation."""
            operation = Operation.objects.filter(state="unknown", in_lane=True).first()
            if operation is not None and state == "sent":
                Operation.objects.filter(pk=operation.pk).update(
                    state="sent", runner="dead", heartbeat_at=timezone.now(), next_read_at=None
                )
                self.states[operation.pk] = "sent"

        @precondition(lambda self: Operation.objects.filter(state="unknown").exists())
        @rule(choice=st.sampled_from(["happened", "did_not", "again"]))
        def decide(self, choice: str) -> None:
            operation = Operation.objects.filter(state="unknown")[0]
            try:
                status.decide(by=app.operator, key=operation.key, choice=choice, now=timezone.now())
            except Invalid:
                assert choice != "again"

        @invariant()
        def states_follow_the_graph(self) -> None:
            for operation in Operation.objects.all():
                before = self.states.get(operation.pk, "accepted")
                is_late_answer = before == "refused" and operation.state == "succeeded"
                assert operation.state in EDGES[before] or is_late_answer, (before, operation.state)
                self.states[operation.pk] = operation.state

        @invariant()
        def at_most_one_holds_a_lane(self) -> None:
            held = list(Operation.objects.filter(in_lane=True).values_list("deployment_id", "lane"))
            assert len(held) == len(set(held))
            ended = Operation.objects.filter(in_lane=True).exclude(state__in=["accepted", "sent", "unknown"])
            assert not ended.exists()

        @invariant()
        def nothing_is_done_twice_or_sent_late(self) -> None:
            heard: dict[str, list[str]] = {}
            for row in app.changes_received(self.since):
                heard.setdefault(row["idempotency_key"], []).append(row["path"].rsplit("/", 1)[1])
            for operation in Operation.objects.all():
                paths = heard.get(operation.key.hex, [])
                assert len(paths) <= 2 * operation.attempts
                if operation.sent_at is not None:
                    assert (operation.sent_at - operation.requested_at).total_seconds() <= 61
                if operation.error_code in {"live_changed", "already_live", "too_late"}:
                    assert operation.attempts == 0
                    assert paths == []

        def teardown(self) -> None:
            """In the end, once MIOSA works again, every outcome is known or needs a decision."""
            app.control.clear_faults()
            for _second in range(90):
                upstream.reset_client()
                app.run_worker()
                app.pass_time(1)
            for operation in Operation.objects.filter(state__in=["accepted", "sent", "unknown"]):
                page = status.refresh_operation(by=app.operator, key=operation.key, now=timezone.now())
                assert page.needs_decision or page.state in {"succeeded", "refused"}, page
                assert not operation.in_lane

    return Journal


def test_states_follow_the_graph_whatever_happens(app: App) -> None:
    support = Person(id=2, name="Ana Ruiz", email="support@portal.test", staff=app.operator.staff)
    run_state_machine_as_test(
        machine_for(app, support),
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
