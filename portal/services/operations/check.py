"""After the live version switched: does the app's address answer, and does the target version run?

Edge caches take up to a minute (contract 11.3), so nothing is called wrong before that. "Could not check" never means
"failed".
"""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa, probe
from portal.models import Activation, Deployment, Operation, Version
from portal.services.connection import WrongTenant
from portal.services.operations.read_back import store_deployment, update_live_version
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_rows

logger = logging.getLogger(__name__)

_CLAIMED_FOR = timedelta(seconds=20)
_GIVE_UP_AFTER = timedelta(minutes=5)
# After the switch.
_CHECK_AT = tuple(timedelta(seconds=seconds) for seconds in (3, 8, 15, 30, 60))


def check_app(operation: Operation, *, now: datetime) -> bool:
    """Check once, if it is due and no other process checks it. True if this process did."""
    due = Operation.objects.due("check_due_at", now=now)
    if not due.filter(pk=operation.pk, check_due_at=operation.check_due_at).update(check_due_at=now + _CLAIMED_FOR):
        return False
    since = operation.switched_at or operation.settled_at or operation.requested_at
    if since > now:
        # A clock was set back, so the time since the switch is unknown: this check is the last one.
        since = now - _CHECK_AT[-1]
    if now - since > _GIVE_UP_AFTER:
        _record(operation, Operation.Verdict.UNKNOWN, _explain_no_check(None), again_at=None)
        return True
    deployment = Deployment.objects.filter(miosa_id=operation.actual_deployment_id, gone_at=None).first()
    if deployment is not None:
        _refresh_deployment(operation, deployment)
    if deployment is None or not _is_still_live(operation, deployment):
        text = _("Another version is live by now, so there was nothing left to check.")
        _record(operation, Operation.Verdict.UNKNOWN, text, again_at=None)
        return True
    # A demo's apps are served by the simulator, on loopback.
    simulator_port = urlsplit(settings.MIOSA.base_url).port if settings.MIOSA.is_demo else None
    answer = probe.ask(deployment.public_url or deployment.managed_url, loopback_port=simulator_port)
    again_at = next((since + pause for pause in _CHECK_AT if since + pause > now), None)
    _judge(operation, answer, is_target=_runs_target(operation, deployment), again_at=again_at)
    return True


def _judge(operation: Operation, answer: probe.Answer, *, is_target: bool | None, again_at: datetime | None) -> None:
    """A bad answer counts only on the last check, when no edge can still serve what was there before."""
    verdict, text = _get_verdict(answer, is_target)
    if verdict == Operation.Verdict.OK or again_at is None:
        _record(operation, verdict, text, again_at=None)
    elif answer.outcome is probe.Outcome.ANSWERED and is_target is False:
        text = _("It answers; the new version does not run everywhere yet. That can take up to a minute.")
        _record(operation, Operation.Verdict.NONE, text, again_at=again_at)
    else:
        text = _("We will check again. It can take up to a minute until every visitor sees the change.")
        _record(operation, Operation.Verdict.NONE, text, again_at=again_at)


def _get_verdict(answer: probe.Answer, is_target: bool | None) -> tuple[Operation.Verdict, str]:
    if answer.outcome is probe.Outcome.ELSEWHERE:
        return Operation.Verdict.OK, _("It answers, and redirects visitors to another address.")
    if answer.outcome is not probe.Outcome.ANSWERED or answer.status is None:
        return Operation.Verdict.UNKNOWN, _explain_no_check(answer.outcome)
    status = {"status": answer.status}
    if answer.status >= 500:
        return Operation.Verdict.BAD, _("It answers with an error (%(status)s).") % status
    if is_target is True:
        return Operation.Verdict.OK, _("It answers (%(status)s), and this version is what runs.") % status
    if is_target is False:
        return Operation.Verdict.UNKNOWN, _("It answers (%(status)s), but another version still seems to run.") % status
    return Operation.Verdict.OK, _("It answers (%(status)s).") % status


def _explain_no_check(outcome: probe.Outcome | None) -> str:
    """Never worded as a failure of the app."""
    causes = {
        probe.Outcome.NO_ADDRESS: _("We could not check: its address was not found."),
        probe.Outcome.NO_CONNECTION: _("We could not check: it could not be reached from here."),
        probe.Outcome.NOT_ALLOWED: _("We could not check: its address is not one that this portal may request."),
        probe.Outcome.TIMEOUT: _("We could not check: it took too long to answer."),
        probe.Outcome.TLS: _("We could not check: its certificate was not accepted."),
    }
    return causes[outcome] if outcome in causes else _("We could not check.")


def _record(operation: Operation, verdict: Operation.Verdict, text: str, *, again_at: datetime | None) -> None:
    Operation.objects.filter(pk=operation.pk).update(
        verdict=verdict, verdict_text=text[:300], checked_at=timezone.now(), check_due_at=again_at
    )
    if verdict != Operation.Verdict.NONE:
        Activation.objects.filter(operation_id=operation.key).update(verdict=verdict)
    customer_rows.bump_generation({operation.customer_id})


def _refresh_deployment(operation: Operation, deployment: Deployment) -> None:
    """Read which artifact runs, if MIOSA can be reached."""
    try:
        row = upstream.client(Purpose.PROGRESS).deployments.get(deployment.miosa_id)
        update_live_version(store_deployment(row).deployment)
    except (miosa.MiosaError, WrongTenant) as error:
        logger.info("running version not read", extra={"operation": str(operation.key), "reason": str(error)})
        return
    deployment.refresh_from_db()


def _is_still_live(operation: Operation, deployment: Deployment) -> bool:
    live_id = deployment.active_version_id
    return bool(live_id) and live_id == (operation.version_id or live_id)


def _runs_target(operation: Operation, deployment: Deployment) -> bool | None:
    """Whether the artifact that runs is the target's; None where one of the two hashes is missing."""
    target = Version.objects.filter(deployment=deployment, miosa_id=operation.version_id).first()
    if target is None or not target.artifact_sha256 or not deployment.running_sha256:
        return None
    return target.artifact_sha256 == deployment.running_sha256
