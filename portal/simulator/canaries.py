"""Recognisable strings in every field that customers must never see, and the list of those served.

A test that finds one of them on a page has found a leak.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

# Replaced wherever a row has text in them.
INTERNAL_FIELDS = frozenset({
    "artifact_uri", "build_log_uri", "storage_uri", "storage_backend", "log_url", "runtime_log_path", "log_path",
    "owner_id", "created_by", "host_id", "node_id", "vm_id", "docker_deploy_host_id", "ip_address", "runtime_ip",
    "instructions", "error", "error_message", "last_error", "repo_provider", "image_digest", "preview_url",
    "environment_id", "service_id", "message", "detail", "reason",
})  # fmt: skip
# Filled even where the row has null.
ALWAYS_FILLED = frozenset({"error_message", "owner_id", "created_by", "artifact_uri", "build_log_uri"})


class Canaries:
    def __init__(self) -> None:
        self._served: set[str] = set()
        self._lock = threading.Lock()

    def create(self, field: str, object_id: str) -> str:
        """The same field of the same object always gets the same canary."""
        digest = hashlib.blake2s(f"{field}/{object_id}".encode("utf-8", "replace"), digest_size=4).hexdigest()
        canary = f"canary-{field}-{digest}"
        with self._lock:
            self._served.add(canary)
        return canary

    def plant(self, value: Any, object_id: str = "") -> Any:
        """A copy of decoded JSON with canaries in it."""
        if isinstance(value, list):
            return [self.plant(item, object_id) for item in value]
        if not isinstance(value, dict):
            return value
        object_id = str(value.get("id") or object_id)
        planted = {key: self._plant_field(key, item, object_id) for key, item in value.items()}
        if "id" in value:
            planted["internal_note"] = self.create("unknown_key", object_id)
        if isinstance(value.get("metadata"), dict):
            planted["metadata"] = {**value["metadata"], "trace": self.create("metadata", object_id)}
        return planted

    def _plant_field(self, key: str, item: Any, object_id: str) -> Any:
        if key in INTERNAL_FIELDS and (isinstance(item, str) or (item is None and key in ALWAYS_FILLED)):
            return self.create(key, object_id)
        return self.plant(item, object_id)

    def list_served(self) -> list[str]:
        with self._lock:
            return sorted(self._served)

    def clear(self) -> None:
        with self._lock:
            self._served.clear()
