"""The base class of the kinds of operation. One class per kind, in `kinds/`; nothing else switches on a kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Customer, Deployment, Entry, Operation, Version
from portal.permissions import Permission
from portal.services import environments
from portal.services.connection import WrongTenant

Response = miosa.Changed | miosa.Published

POINTER_LANE = "pointer"
ENV_LANE = "env"


class Detection(StrEnum):
    """What reading MIOSA shows about a change with an unknown outcome."""

    DONE = "done"
    NOT_DONE = "not_done"  # everything is as it was before
    OVERTAKEN = "overtaken"  # something else has changed since, so it must not be sent again
    HIDDEN = "hidden"  # MIOSA does not show whether it was done
    NO_ANSWER = "no_answer"  # MIOSA could not be read


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is sent: a stable code, and a sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Each completes a sentence that begins with the app's name.

    `accepted`: accepted, and not seen to take effect. `failed`: what it was to build failed. `staged`: built, not live.
    `in_timeline`: where a timeline shows only what changed something, instead of `done`.
    """

    done: Promise
    in_progress: Promise
    unknown: Promise
    not_done: Promise
    accepted: Promise | None = None
    failed: Promise | None = None
    staged: Promise | None = None
    in_timeline: Promise | None = None


class Icon(StrEnum):
    """The shape drawn beside an operation that succeeded."""

    BACK = "back"
    CHECK = "ready"
    UP = "up"


class Kind:
    """One kind of operation. A subclass sets the attributes and overrides the steps that differ."""

    name: ClassVar[str]
    permission: ClassVar[Permission]
    concerns: ClassVar[Operation.Concerns] = Operation.Concerns.DEPLOYMENT

    # At most one unfinished operation of a deployment holds a lane. Domain kinds append the domain: "domain:<name>".
    lane: ClassVar[str] = POINTER_LANE
    # Executed by the worker with 60 s for the call, else in the request with 10 s (contract 1).
    runs_in_worker: ClassVar[bool] = False
    # Sent twice, it has the effect of being sent once, so it may be repeated even where MIOSA honours no keys.
    is_idempotent: ClassVar[bool] = True
    # It was requested in view of the live version: if another one is live just before sending, nothing is sent.
    requires_same_live: ClassVar[bool] = False
    # Success makes `target_id` the live version.
    moves_pointer: ClassVar[bool] = False
    deletes_deployment: ClassVar[bool] = False
    # How long MIOSA is read again after success, until it shows the effect.
    follow_up_for: ClassVar[timedelta] = timedelta(seconds=90)

    # For pages, API and history.
    labels: ClassVar[Labels]
    icon: ClassVar[Icon] = Icon.CHECK
    event: ClassVar[Entry.Event] = Entry.Event.SETTINGS_CHANGED
    title: ClassVar[Promise]  # of the dialog; takes %(app)s, %(customer)s
    button: ClassVar[Promise]  # takes %(app)s and, where there is a target, %(number)s
    sending: ClassVar[Promise]  # of the button while its form is being sent
    done_title: ClassVar[Promise | None] = None  # of the result with its version; takes %(app)s, %(number)s
    # URL names: the page that shows what was changed, and the form to try again; empty if there is none.
    result_route: ClassVar[str] = "deployment"
    form_route: ClassVar[str] = ""
    # Whether the app's address is requested afterwards, and whether the result is a build with a page of its own.
    is_checked: ClassVar[bool] = False
    has_build_progress: ClassVar[bool] = False
    # Keys of `reasons.get_sentences()`, offered in the dialog.
    reasons: ClassVar[tuple[str, ...]] = ("asked",)

    @property
    def deadline_s(self) -> float:
        return miosa.PUBLISH_DEADLINE_S if self.runs_in_worker else miosa.CHANGE_DEADLINE_S

    def moves_live_version(self, environment: str) -> bool:
        """Only the first environment has a live version that MIOSA reports."""
        return self.moves_pointer and environments.is_main(environment)

    def depends_on_live(self, operation: Operation) -> bool:
        """Whether it must not be sent if another version went live since the person saw the form."""
        return self.requires_same_live and environments.is_main(operation.environment)

    # The form

    def find_obstacle(self, deployment: Deployment) -> str:
        """Why it can't be requested for this deployment now; empty if it can."""
        return ""

    def clean_name(self, name: str, deployment: Deployment | None, customer: Customer) -> dict[str, Any]:
        """The body to store, from the name typed into a deployment's dialog. Raises Invalid."""
        return {}

    # Just before sending

    def find_conflict(self, operation: Operation, row: miosa.Deployment) -> Refusal | None:
        """Why it must not be sent, by the deployment as MIOSA shows it now."""
        live_id = row.active_version_id or ""
        if not self.depends_on_live(operation):
            return None
        if operation.target_id and live_id == operation.target_id:
            return Refusal("already_live", _("This version is live already. Nothing was sent."))
        if live_id != operation.seen_live_id:
            return Refusal("live_changed", _explain_live_change(operation, live_id))
        return None

    def snapshot(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> dict[str, Any]:
        """The deployment's state just before sending, to detect a change afterwards. Raises miosa.MiosaError."""
        return {"live": row.active_version_id or "", "name": row.name, "build": row.current_build_id or ""}

    # The call

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        """Send it to MIOSA once, with `key` as Idempotency-Key. Raises miosa.MiosaError."""
        raise NotImplementedError

    def read_response(self, operation: Operation, response: Response) -> dict[str, Any]:
        """Facts of the answer to keep in `operation.result`; empty ones are dropped."""
        return {}

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        """A sentence of its own for MIOSA's refusal; empty where the general one fits. Names no other customer."""
        return ""

    # Detecting whether it was done

    def detect(self, operation: Operation, client: miosa.Client) -> Detection:
        """Reads only. An error never counts as "not done".

        May add to `operation.result` (not saved) what was found: the new version, the new deployment.
        """
        try:
            return self._detect(operation, client)
        except miosa.Refused as refused:
            # MIOSA will not show it however often it is read, unless the refusal was a gateway's or a rate limit.
            is_temporary = refused.from_gateway or isinstance(refused, miosa.RateLimited)
            return Detection.NO_ANSWER if is_temporary else Detection.HIDDEN
        except (miosa.MiosaError, WrongTenant):
            return Detection.NO_ANSWER

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        try:
            row = client.deployments.get(operation.deployment_id)
        except (miosa.NotFound, miosa.Gone) as missing:
            if missing.from_gateway:
                return Detection.NO_ANSWER
            return Detection.DONE if self.deletes_deployment else Detection.OVERTAKEN
        return self.detect_on(operation, row, client)

    def detect_on(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> Detection:
        """Detect by the deployment as MIOSA shows it now. Raises miosa.MiosaError."""
        before = operation.before.get("live", operation.seen_live_id)
        return Detection.NOT_DONE if (row.active_version_id or "") == before else Detection.OVERTAKEN

    # After success

    def find_result(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> None:
        """Complete `operation.result` where the answer named no version or build. Raises miosa.MiosaError."""

    def is_finished(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> bool:
        """Whether MIOSA shows the effect, so that nothing is left to read. Raises miosa.MiosaError."""
        return True

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        """Read and store what else it has changed. Raises miosa.MiosaError."""

    def conclude(self, operation: Operation) -> None:
        """It was done, by MIOSA's answer or a person's decision: keep the facts, delete the secrets."""
        self.delete_secrets(operation)

    def delete_secrets(self, operation: Operation) -> None:
        """It has ended: delete the values that were kept to repeat it."""

    def is_in_timeline(self, operation: Operation) -> bool:
        """Whether the timeline shows the operation itself. A publish is shown as its version, once that is known."""
        return True


def _explain_live_change(operation: Operation, live_id: str) -> str:
    """Names both versions by number, unless they are another customer's."""
    seen, live = _name_version(operation, operation.seen_live_id), _name_version(operation, live_id)
    if not live_id:
        text = _("When you opened the form, %(seen)s was live; now nothing is. Nothing was sent. Check, then decide.")
    elif not operation.seen_live_id:
        text = _("When you opened the form, nothing was live; now %(live)s is. Nothing was sent. Check, then decide.")
    else:
        text = _("When you opened the form, %(seen)s was live; now %(live)s is. Nothing was sent. Check, then decide.")
    return text % {"seen": seen, "live": live}


def _name_version(operation: Operation, version_id: str) -> str:
    """The customer sees this too, so another customer's version on a shared deployment is not named."""
    version = Version.objects.filter(deployment__miosa_id=operation.deployment_id, miosa_id=version_id).first()
    if version is None or version.number is None or version.customer_id != operation.customer_id:
        return _("another version")
    return f"#{version.number}"
