"""Made-up changes for the styleguide: forms, and operations in each of their states."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from deployments_ui import operation_page, samples, samples_versions
from deployments_ui.forms.base import ConfirmForm
from deployments_ui.samples import moment_ago
from portal.permissions import Role
from portal.services.operations import reasons
from portal.services.operations.kinds.publish import Publish
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.releases import Candidate, ReleaseDialog
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.progress import Progress
from portal.services.queries.schemas import BuildOutcome, State, Undo

KEY = UUID(int=1)
UNDO = Undo(
    operation=KEY,
    customer_id=1,
    deployment_id="dep_main_site",
    live_id="ver_0045",
    live_number=45,
    version_id="ver_0046",
    number=46,
    cause="",
    is_one_click=True,
)
AWAY = "The hosting service can't be reached, so nothing can be changed now."


def operation(now: datetime, **changes: Any) -> OperationPage:
    usual = OperationPage(
        key=KEY,
        kind=RollBack.name,
        state="succeeded",
        is_open=False,
        needs_decision=False,
        may_decide=True,
        customer_slug="brightsmile-dental",
        customer_name="Bright Smile Dental",
        deployment_id="dep_main_site",
        deployment_name="Main site",
        deployment_is_here=True,
        version_id="ver_0045",
        number=45,
        from_version_id="ver_0046",
        from_number=46,
        who="Ana Ruiz",
        role=Role.SUPPORT,
        reason="Checkout broken: since noon",
        note="Ticket 1207",
        environment="",
        is_main=True,
        requested_at=moment_ago(now, seconds=9),
        sent_at=moment_ago(now, seconds=9),
        settled_at=moment_ago(now, seconds=8),
        switched_at=moment_ago(now, seconds=8),
        checked_at=moment_ago(now, seconds=5),
        verdict="ok",
        verdict_text="It answers (200), and this version is what runs.",
        by_reading=False,
        is_live=True,
        is_unseen=False,
        is_building=False,
        decided_by="",
        decision="",
        error_code="",
        error="",
        for_operators="",
        upstream_request_id="req_5f2c",
        undo=UNDO,
        undo_of=None,
        outcome=None,
        failure="",
        sandbox="",
        names=(),
        vanished=(),
        domain="",
        next_read_at=None,
    )
    return replace(usual, **changes)


def lost(now: datetime, **changes: Any) -> OperationPage:
    """Sent, and not answered."""
    nothing: dict[str, Any] = dict.fromkeys(("settled_at", "switched_at", "checked_at"))
    nothing |= {"verdict": "", "verdict_text": "", "state": "unknown", "is_open": True, "is_live": False, "undo": None}
    return operation(now, **{**nothing, **changes})


def pages(now: datetime) -> dict[str, dict[str, Any]]:
    """The context of each operation's page."""
    refused = lost(
        now,
        state="refused",
        is_open=False,
        settled_at=now,
        error="When you opened the form, #46 was live; now #47 is. Nothing was sent. Check, then decide.",
    )
    checking = operation(now, is_open=True, checked_at=None, verdict="", verdict_text="")
    unseen = lost(now, state="succeeded", is_open=False, is_unseen=True, settled_at=now)
    publish = operation(now, kind=Publish.name, version_id="ver_0048", number=48, is_live=False, undo=None)
    failed = replace(publish, outcome=BuildOutcome.FAILED)
    publishes = {
        "publish-building": progress(now, "building"),
        "publish-staged": progress(now, "ready"),
    }
    return {
        "operation-done": operation_page.context_of(operation(now)),
        "operation-being-checked": operation_page.context_of(checking),
        "operation-unseen": operation_page.context_of(unseen),
        "operation-unknown": operation_page.context_of(lost(now)),
        "operation-undecided": operation_page.context_of(lost(now, needs_decision=True)),
        "operation-refused": operation_page.context_of(refused),
        **{name: operation_page.context_of(publish, each) for name, each in publishes.items()},
        "publish-failed": operation_page.context_of(failed, progress(now, "failed")),
    }


def progress(now: datetime, step: str) -> Progress:
    version = samples.version(now, 48, State.FAILED if step == "failed" else State.BUILDING, minutes=1)
    is_done = step != "building"
    return Progress(
        step=step,
        moments=(
            ("sending", moment_ago(now, seconds=10)),
            ("created", moment_ago(now, seconds=7)),
            (step, moment_ago(now, seconds=4)),
        ),
        started_at=moment_ago(now, seconds=94),
        is_done=is_done,
        goes_live=step != "ready",
        version=version,
        still_live=samples.version(now, 46),
        failure="The health check on /ready answered 503 for 60 seconds." if step == "failed" else "",
        log=samples_versions.log_page(14),
        poll_every_s=2,
        may_publish=True,
    )


def forms(now: datetime) -> dict[str, tuple[ReleaseDialog, ConfirmForm]]:
    """Each state of the rollback form."""
    usual = form(now)
    running = replace(usual, running=KEY, running_name="Dr Rao")
    unknown = replace(running, unknown=KEY)
    wrong = ConfirmForm(QueryDict("note=Ticket 1207"))
    wrong.add_error("reason", "Enter a reason. The customer will see it.")
    return {
        "rollback-form": (usual, ConfirmForm()),
        "rollback-wrong": (usual, wrong),
        "rollback-running": (running, ConfirmForm()),
        "rollback-unsettled": (unknown, ConfirmForm()),
        "rollback-away": (replace(usual, obstacle=AWAY), ConfirmForm()),
    }


def form(now: datetime) -> ReleaseDialog:
    target = samples.version(now, 45, State.ARCHIVED, minutes=13_000)
    failed = samples.version(now, 44, State.FAILED, minutes=14_000)
    old = samples.version(now, 43, State.ARCHIVED, minutes=90_000)
    return ReleaseDialog(
        kind=RollBack(),
        goes_back=True,
        token="sample",  # noqa: S106  # not a password
        customer=samples_versions.CUSTOMER,
        deployment=samples.deployment(now),
        live=samples.version(now, 46),
        live_is_foreign=False,
        target=target,
        target_from=moment_ago(now, days=9),
        target_until=moment_ago(now, hours=2),
        env_changed=2,
        candidates=(
            Candidate(target, is_last_good=True, cause=""),
            Candidate(failed, is_last_good=False, cause="It failed, so there is nothing to go back to."),
            Candidate(old, is_last_good=False, cause="Its files are no longer kept, so it can't be restored."),
        ),
        changes=(),
        same_artifact=None,
        artifact_sha256="",
        domains=("brightsmile.example", "www.brightsmile.example"),
        environments=(),
        reasons=reasons.list_reasons(RollBack.reasons),
        reason_required=True,
        may_note=True,
        obstacle="",
        unknown=None,
        running=None,
        running_name="",
    )
