"""First answers, kept for a day under the key the asker chose."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from msgspec import Struct
from werkzeug.wrappers import Request, Response

from portal.simulator.errors import Refusal

WINDOW = timedelta(hours=24)


class Kept(Struct, kw_only=True):
    name: str
    fingerprint: str
    at: datetime
    status: int | None = None  # None while the first call still runs
    body: str = ""
    content_type: str = ""
    under_way: bool = True


class Idempotency:
    """Used under the platform's lock."""

    def __init__(self, kept: list[Kept] | None = None) -> None:
        self._kept = {entry.name: entry for entry in kept or []}

    def find_or_begin(self, tenant_id: str, request: Request, now: datetime) -> tuple[Kept | None, Response | None]:
        """The entry to fill in, or the answer to give again; neither when no key was sent."""
        key = request.headers.get("Idempotency-Key")
        if not key or request.method in ("GET", "HEAD", "OPTIONS"):
            return None, None
        name = f"{tenant_id} {request.method} {request.path} {key}"
        fingerprint = hashlib.sha256(request.get_data()).hexdigest()
        known = self._kept.get(name)
        if known is None or known.at + WINDOW < now:
            entry = self._kept[name] = Kept(name=name, fingerprint=fingerprint, at=now)
            return entry, None
        if known.fingerprint != fingerprint:
            raise Refusal(409, "the key was used with another body", code="IDEMPOTENCY_PAYLOAD_MISMATCH")
        if known.under_way or known.status is None:
            raise Refusal(409, "the first request with this key is still running", code="IDEMPOTENCY_IN_FLIGHT")
        again = Response(known.body, known.status, content_type=known.content_type)
        if not known.content_type:
            del again.headers["Content-Type"]
        again.headers["idempotency-replayed"] = "true"
        return None, again

    def keep(self, entry: Kept, response: Response) -> None:
        """Remembers what was executed; what the server itself broke is not remembered."""
        if response.status_code >= 500:
            self.forget(entry)
            return
        entry.status = response.status_code
        entry.body = response.get_data(as_text=True)
        entry.content_type = response.headers.get("Content-Type", "")

    def forget(self, entry: Kept) -> None:
        self._kept.pop(entry.name, None)

    def all(self) -> list[Kept]:
        return [entry for entry in self._kept.values() if entry.status is not None]
