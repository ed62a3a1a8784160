"""After the pointer switched: does the app answer, and is it the target that runs?

Edge caches take up to a minute (contract 11.3), so nothing is called wrong before that. "Could not check" is not
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
from portal.services.operations import due, reading
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_rows

logger = logging.getLogger(__name__)

_NOBODY_ELSE_FOR = timedelta(seconds=20)
_GIVE_UP_AFTER = timedelta(minutes=5)
_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (3, 8, 15, 30, 60))


def check(operation: Operation, *, now: datetime) -> bool:
    """Check once, if it is due and nobody else does. True if it was tried."""
    ours = Operation.objects.filter(due.rows("check_due_at", now=now), pk=operation.pk)
    if not ours.filter(check_due_at=operation.check_due_at).update(check_due_at=now + _NOBODY_ELSE_FOR):
        return False
    since = operation.switched_at or operation.settled_at or operation.asked_at
    if since > now:
        # Nobody knows how long ago it was, since a clock was set back: this check is the last one.
        since = now - _AGAIN[-1]
    if now - since > _GIVE_UP_AFTER:
        _note(operation, Operation.Verdict.UNKNOWN, _could_not(None), again_at=None)
        return True
    deployment = _deployment(operation)
    if deployment is not None:
        _read_running(operation, deployment)
    if deployment is None or not _is_still_live(operation, deployment):
        text = _("Something else is live by now, so there was nothing left to check.")
        _note(operation, Operation.Verdict.UNKNOWN, text, again_at=None)
        return True
    answer = probe.ask(deployment.public_url or deployment.managed_url, loopback_port=_simulator_port())
    same = _is_target(operation, deployment)
    verdict, text = _judge(answer, same)
    again_at = next((since + pause for pause in _AGAIN if since + pause > now), None)
    if verdict == Operation.Verdict.OK or again_at is None:
        if verdict == Operation.Verdict.OK and again_at is not None:
            text = f"{text} {_edges()}"
        _note(operation, verdict, text, again_at=None)
    else:
        _note(operation, Operation.Verdict.NONE, _provisional(answer, same), again_at=again_at)
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
    return _("We look again.") + " " + _edges()


def _edges() -> str:
    return _("It can take up to a minute until every visitor sees the change.")


def _could_not(outcome: probe.Outcome | None) -> str:
    """Never to be read as a failure of the app."""
    causes = {
        probe.Outcome.NO_ADDRESS: _("We could not check: its address was not found."),
        probe.Outcome.NO_CONNECTION: _("We could not check: it could not be reached from here."),
        probe.Outcome.NOT_ALLOWED: _("We could not check: its address is not one we may ask."),
        probe.Outcome.TIMEOUT: _("We could not check: it took too long to answer."),
        probe.Outcome.TLS: _("We could not check: its certificate was not accepted."),
    }
    return causes[outcome] if outcome in causes else _("We could not check.")


def _note(operation: Operation, verdict: Operation.Verdict, text: str, *, again_at: datetime | None) -> None:
    Operation.objects.filter(pk=operation.pk).update(
        verdict=verdict, verdict_text=text[:300], checked_at=timezone.now(), check_due_at=again_at
    )
    if verdict != Operation.Verdict.NONE:
        Activation.objects.filter(operation_id=operation.key).update(verdict=verdict)
    customer_rows.bump_generation({operation.customer_id})


def _read_running(operation: Operation, deployment: Deployment) -> None:
    """What MIOSA says runs, as far as it can be asked."""
    try:
        reading.remember(upstream.client(Purpose.PROGRESS).deployments.get(deployment.miosa_id))
    except (miosa.MiosaError, WrongTenant) as error:
        logger.info("running version not read", extra={"operation": str(operation.key), "reason": str(error)})
        return
    deployment.refresh_from_db()


def _is_still_live(operation: Operation, deployment: Deployment) -> bool:
    wanted = reading.version_id(operation)
    return bool(deployment.active_version_id) and deployment.active_version_id == (
        wanted or deployment.active_version_id
    )


def _is_target(operation: Operation, deployment: Deployment) -> bool | None:
    """Whether the artifact that runs is the target's; None where one of the two is not told."""
    target = Version.objects.filter(deployment=deployment, miosa_id=reading.version_id(operation)).first()
    if target is None or not target.artifact_sha256 or not deployment.running_sha256:
        return None
    return target.artifact_sha256 == deployment.running_sha256


def _deployment(operation: Operation) -> Deployment | None:
    return Deployment.objects.filter(miosa_id=reading.touched_id(operation), gone_at=None).first()


def _simulator_port() -> int | None:
    return urlsplit(settings.MIOSA.base_url).port if settings.MIOSA.is_demo else None
