"""After the pointer switched: does the app answer, and is it the target that runs?

Edge caches take up to a minute (contract 11.3), so nothing is called wrong before that. "Could not check" is not "failed".
"""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa, probe
from portal.models import Activation, Deployment, Operation, Version
from portal.services import upstream
from portal.services.budget import Purpose
from portal.services.connection import WrongTenant
from portal.services.journal import reading
from portal.services.remembering import customers

logger = logging.getLogger(__name__)

_EDGES = timedelta(seconds=60)
_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (3, 8, 15, 30, 60))


def check(operation: Operation, *, now: datetime) -> bool:
    """Check once, if it is due and nobody else does. True if it was tried."""
    won = Operation.objects.filter(pk=operation.pk, check_due_at__lte=now).update(
        check_due_at=now + timedelta(seconds=20)
    )
    if not won:
        return False
    deployment = _deployment(operation)
    switched_at = operation.switched_at or operation.asked_at
    if deployment is None or not deployment.active_version_id:
        _note(operation, Operation.Verdict.UNKNOWN, _("There was nothing left to check."), again_at=None)
        return True
    _read_running(operation, deployment)
    answer = probe.ask(deployment.public_url or deployment.managed_url, loopback_port=_simulator_port())
    same = _is_target(operation, deployment)
    verdict, text = _judge(answer, same)
    settled = verdict == Operation.Verdict.OK and same is not False
    due = next((switched_at + pause for pause in _AGAIN if switched_at + pause > now), None)
    if settled or due is None:
        _note(operation, verdict, text, again_at=None)
    else:
        _note(operation, Operation.Verdict.NONE, _provisional(answer, same), again_at=due)
    return True


def _judge(answer: probe.Answer, same: bool | None) -> tuple[Operation.Verdict, str]:
    if answer.outcome is probe.Outcome.ELSEWHERE:
        return Operation.Verdict.OK, _("It answers, and sends visitors on to another address.")
    if answer.outcome is not probe.Outcome.ANSWERED or answer.status is None:
        return Operation.Verdict.UNKNOWN, _could_not(answer.outcome)
    if answer.status >= 500:
        return Operation.Verdict.BAD, _("It answers with an error (%(status)s).") % {"status": answer.status}
    if same is True:
        return Operation.Verdict.OK, _("It answers (%(status)s), and this version is what runs.") % {
            "status": answer.status
        }
    if same is False:
        text = _("It answers (%(status)s), but another version still seems to run.")
        return Operation.Verdict.UNKNOWN, text % {"status": answer.status}
    return Operation.Verdict.OK, _("It answers (%(status)s).") % {"status": answer.status}


def _provisional(answer: probe.Answer, same: bool | None) -> str:
    """While the edges may still serve what was before."""
    if answer.outcome is probe.Outcome.ANSWERED and same is False:
        return _("It answers; what runs has not changed everywhere yet. That can take up to a minute.")
    return _("We look again; it can take up to a minute until every visitor sees the change.")


def _could_not(outcome: probe.Outcome) -> str:
    return {
        probe.Outcome.NO_ADDRESS: _("We could not check: its address was not found."),
        probe.Outcome.NO_CONNECTION: _("We could not check: it could not be reached from here."),
        probe.Outcome.NOT_ALLOWED: _("We could not check: its address is not one we may ask."),
        probe.Outcome.TIMEOUT: _("We could not check: it took too long to answer."),
        probe.Outcome.TLS: _("We could not check: its certificate was not accepted."),
    }.get(outcome, _("We could not check."))


def _note(operation: Operation, verdict: Operation.Verdict, text: str, *, again_at: datetime | None) -> None:
    Operation.objects.filter(pk=operation.pk).update(
        verdict=verdict, verdict_text=text[:300], checked_at=timezone.now(), check_due_at=again_at
    )
    if verdict != Operation.Verdict.NONE:
        Activation.objects.filter(operation_id=operation.key).update(verdict=verdict)
    customers.touch({operation.customer_id})


def _read_running(operation: Operation, deployment: Deployment) -> None:
    """What MIOSA says runs, as far as it can be asked."""
    try:
        reading.remember(operation, upstream.client(Purpose.PROGRESS).deployments.get(deployment.miosa_id))
    except (miosa.MiosaError, WrongTenant) as error:
        logger.info("running version not read", extra={"operation": str(operation.key), "reason": str(error)})
        return
    deployment.refresh_from_db()


def _is_target(operation: Operation, deployment: Deployment) -> bool | None:
    """Whether the artifact that runs is the target's; None where one of the two is not told."""
    target_id = operation.target_id or operation.result.get("version_id", "")
    target = Version.objects.filter(deployment=deployment, miosa_id=target_id).first()
    if target is None or not target.artifact_sha256 or not deployment.running_sha256:
        return None
    return target.artifact_sha256 == deployment.running_sha256


def _deployment(operation: Operation) -> Deployment | None:
    deployment_id = operation.result.get("deployment_id") or operation.deployment_id
    return Deployment.objects.filter(miosa_id=deployment_id, gone_at=None).first()


def _simulator_port() -> int | None:
    return urlsplit(settings.MIOSA.base_url).port if settings.MIOSA.is_demo else None
