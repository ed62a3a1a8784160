from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Deployment, Operation
from portal.services.env_vars import encryption, updates
from portal.services.env_vars.names import refresh_names
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.client import TooLate
from portal.services.operations.kinds._env import ChangedAt, EnvKind, list_names, was_changed_since


class SetEnv(EnvKind):
    """Set env vars. Their encrypted values are kept at most for the minute in which the operation may be sent."""

    name = "set_env"
    labels = Labels(
        done=_("env vars updated"),
        in_progress=_("env vars are being updated"),
        unknown=_("env vars may have been updated; we are checking"),
        not_done=_("env vars were not updated"),
    )
    title = _("Set env vars of %(app)s")
    button = _("Set env vars")
    sending = _("Setting…")
    reasons = ("asked", "renewed", "fixed")

    def snapshot(self, operation: Operation, row: miosa.Deployment, client: miosa.Client) -> dict[str, Any]:
        """If the names can't be listed, they can still be set; a lost answer can't be reconciled then."""
        before = super().snapshot(operation, row, client)
        try:
            names, is_complete = list_names(operation, client)
        except miosa.Refused:
            return before
        requested = set(operation.body["names"])
        existing = [[environment, name, at] for (environment, name), at in names.items() if name in requested]
        return before | {"env": existing, "env_is_whole": is_complete}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        """The values are decrypted here and nowhere else; without them nothing can be sent."""
        try:
            digest = operation.body.get("draft_digest", "")
            values = encryption.decrypt_for_operation(operation.key, digest=digest, now=timezone.now())
        except encryption.ValuesUnavailable:
            raise TooLate("the values are no longer kept") from None
        chosen = encryption.Values({name: values[name] for name in operation.body["names"]})
        answer = client.env.set(
            operation.deployment_id, chosen, environment=operation.environment or None, idempotency_key=key
        )
        updates.record_updates(operation, chosen)
        return miosa.Changed(status=200, request_id=answer.request_id)

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.Invalid | miosa.TooLarge):
            return gettext("The hosting service did not accept these names or values. It may reserve some names.")
        return ""

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        """Values can't be read. A name shows it if it is new or was changed since the read just before sending."""
        names, is_complete = list_names(operation, client)
        if was_changed_since(operation):
            return Detection.HIDDEN
        seen = {_detect_name(operation, name, names, is_complete=is_complete) for name in operation.body["names"]}
        order = (Detection.NOT_DONE, Detection.HIDDEN, Detection.DONE)
        return next(each for each in order if each in seen)

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        """MIOSA may replace instead of merge (contract 17.5): names that have vanished are reported."""
        self.conclude(operation)
        names = {name for _environment, name in refresh_names(deployment, client=client, now=now)}
        environments = {"", operation.environment}
        before = {name for environment, name in operation.body.get("before", []) if environment in environments}
        vanished = sorted(before - names)
        if vanished:
            operation.result = {**operation.result, "vanished": vanished}
            Operation.objects.filter(pk=operation.pk).update(result=operation.result)

    def conclude(self, operation: Operation) -> None:
        updates.record_detected_updates(operation)
        self.delete_secrets(operation)

    def delete_secrets(self, operation: Operation) -> None:
        encryption.delete_draft(operation.key)


def _detect_name(operation: Operation, name: str, names: ChangedAt, *, is_complete: bool) -> Detection:
    before: Mapping[str, Any] = operation.before
    was_at: ChangedAt = {(environment, other): at for environment, other, at in before.get("env", [])}
    # A row without an environment probably applies to all of them; the contract does not say (10.7).
    places = [place for place in (("", name), (operation.environment, name)) if place in names]
    if not places:
        return Detection.NOT_DONE if is_complete else Detection.HIDDEN
    for place in places:
        is_new = place not in was_at and before.get("env_is_whole", False)
        is_changed = bool(was_at.get(place) and names[place]) and names[place] != was_at[place]
        if is_new or is_changed:
            return Detection.DONE
    return Detection.HIDDEN
