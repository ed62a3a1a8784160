"""Made-up changes for the styleguide: forms, and operations in each of their states."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from deployments_ui import samples, samples_versions
from deployments_ui.changing import Typed
from deployments_ui.drawing import operations
from deployments_ui.samples import moment
from deployments_ui.views import releases
from portal.permissions import Role
from portal.services.operations import reasons
from portal.services.operations.kinds.publish import Publish
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.progress import Progress
from portal.services.operations.releases import Candidate, ReleaseDialog
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import State

KEY = UUID(int=1)
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
        asked_at=moment(now, seconds=9),
        sent_at=moment(now, seconds=9),
        settled_at=moment(now, seconds=8),
        switched_at=moment(now, seconds=8),
        checked_at=moment(now, seconds=5),
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
        undo_version_id="ver_0046",
        sandbox="",
        names=(),
        vanished=(),
        domain="",
        look_at=None,
    )
    return replace(usual, **changes)


def lost(now: datetime, **changes: Any) -> OperationPage:
    """Sent, and not heard of since."""
    nothing: dict[str, Any] = dict.fromkeys(("settled_at", "switched_at", "checked_at"))
    nothing |= {"verdict": "", "verdict_text": "", "state": "unknown", "is_open": True, "is_live": False}
    return operation(now, **{**nothing, **changes})


def pages(now: datetime) -> dict[str, dict[str, Any]]:
    """The context of each operation's page."""
    refused = lost(
        now,
        state="refused",
        is_open=False,
        settled_at=now,
        error="While you were looking at #46, #47 went live. Nothing was sent. Look again, then decide.",
    )
    checking = operation(now, is_open=True, checked_at=None, verdict="", verdict_text="")
    unseen = lost(now, state="succeeded", is_open=False, is_unseen=True, settled_at=now, undo_version_id="")
    drawn = {
        "operation-done": operations.context_of(operation(now)),
        "operation-being-checked": operations.context_of(checking),
        "operation-unseen": operations.context_of(unseen),
        "operation-unknown": operations.context_of(lost(now)),
        "operation-undecided": operations.context_of(lost(now, needs_decision=True)),
        "operation-refused": operations.context_of(refused),
    }
    for name, step in (("publish-building", "building"), ("publish-failed", "failed"), ("publish-staged", "ready")):
        told = progress(now, step)
        drawn[name] = operations.context_of(told.operation, told)
    return drawn


def progress(now: datetime, step: str) -> Progress:
    version = samples.version(now, 48, State.FAILED if step == "failed" else State.BUILDING, minutes=1)
    is_done = step != "building"
    asked = operation(now, kind=Publish.name, version_id=version.id, number=48, is_live=False, undo_version_id="")
    return Progress(
        operation=asked,
        step=step,
        moments=(("sending", asked.asked_at), ("created", moment(now, seconds=7)), (step, moment(now, seconds=4))),
        started_at=moment(now, seconds=94),
        is_done=is_done,
        goes_live=step != "ready",
        version=version,
        still_live=samples.version(now, 46),
        failure="The health check on /ready answered 503 for 60 seconds." if step == "failed" else "",
        log_tail=samples_versions.log(14),
        poll_every_s=2,
    )


def forms(now: datetime) -> dict[str, dict[str, Any]]:
    """The context of the form to roll back: usual, in the way of somebody else, away, and filled in wrongly."""
    usual = form(now)
    running = replace(usual, running=KEY, running_name="Dr Rao")
    unsettled = replace(running, unknown=KEY)
    wrong = Typed({"note": "Ticket 1207"}, {"reason": "Say why, in a few words; the customer will read it."})
    drawn = {
        "rollback-form": (usual, Typed()),
        "rollback-wrong": (usual, wrong),
        "rollback-running": (running, Typed()),
        "rollback-unsettled": (unsettled, Typed()),
        "rollback-away": (replace(usual, obstacle=AWAY), Typed()),
    }
    return {name: dict(releases.release_context(*each)) for name, each in drawn.items()}


def form(now: datetime) -> ReleaseDialog:
    target = samples.version(now, 45, State.ARCHIVED, minutes=13_000)
    failed = samples.version(now, 44, State.FAILED, minutes=14_000)
    old = samples.version(now, 43, State.ARCHIVED, minutes=90_000)
    return ReleaseDialog(
        kind=RollBack(),
        token="sample",  # noqa: S106 - opens nothing
        customer=samples_versions.CUSTOMER,
        deployment=samples.deployment(now),
        live=samples.version(now, 46),
        live_is_foreign=False,
        target=target,
        target_from=moment(now, days=9),
        target_until=moment(now, hours=2),
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
