from __future__ import annotations

from collections.abc import Mapping

from portal.miosa import errors
from portal.miosa.caller import Place, hide
from portal.miosa.noun import Listed, Noun, given, read_page
from portal.miosa.paging import Token
from portal.miosa.types.base import Page
from portal.miosa.types.changes import Changed
from portal.miosa.types.env import EnvVar

_LISTED = Listed(EnvVar, ("env", "env_vars", "variables"), keyed_by="name")


class Env(Noun):
    """Values go out and never come back; errors of a change hold no word of MIOSA's, which might quote one."""

    def list(self, deployment_id: str, *, page_token: str | None = None) -> Page[EnvVar]:
        return self._page(_all(deployment_id), _LISTED, {}, None, page_token)

    def set(
        self,
        deployment_id: str,
        values: Mapping[str, str],
        *,
        environment: str | None = None,
        idempotency_key: str,
    ) -> Page[EnvVar]:
        """Sets these; whether others stay is MIOSA's doing, so read the list again.

        The page is empty where the answer holds no rows.
        """
        body = hide(given(env=dict(values), environment=environment))
        del values
        place = _all(deployment_id)
        answer = self._caller.change("POST", place, body=body, idempotency_key=idempotency_key, quiet=True)
        try:
            return read_page(answer, _LISTED, Token())
        except errors.BadAnswer:
            if answer.body.lstrip()[:1] == b"<":
                raise
            return Page()

    def delete(self, deployment_id: str, name: str, *, idempotency_key: str) -> Changed:
        """Not every MIOSA can: NotSupported, or NotFound for the path."""
        place = Place("/deployments/{id}/env/{name}", {"id": deployment_id, "name": name})
        return self._change("DELETE", place, idempotency_key=idempotency_key, quiet=True)


def _all(deployment_id: str) -> Place:
    return Place("/deployments/{id}/env", {"id": deployment_id})
