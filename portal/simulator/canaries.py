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
# Words of open sets: one that no client knows.
OPEN_WORDS = frozenset({
    "state", "status", "desired_state", "kind", "redirect_policy", "deployment_product", "error_code",
    "triggered_by",
})  # fmt: skip
# Texts that may name the platform, in the middle of a word or behind codes that a terminal does not show.
OPEN_TEXTS = frozenset({
    "name", "branch", "entrypoint", "health_check_path", "runtime_command", "runtime_image", "build_command",
    "run_command", "commit_message",
})  # fmt: skip


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

    def plant(self, value: Any, object_id: str = "", *, is_open: bool = False) -> Any:
        """A copy of decoded JSON with canaries in it. `is_open`: in open sets and texts, too."""
        if isinstance(value, list):
            return [self.plant(item, object_id, is_open=is_open) for item in value]
        if not isinstance(value, dict):
            return value
        object_id = str(value.get("id") or object_id)
        planted = {key: self._plant_field(key, item, object_id, is_open=is_open) for key, item in value.items()}
        if "id" in value:
            planted["internal_note"] = self.create("unknown_key", object_id)
        if isinstance(value.get("metadata"), dict):
            planted["metadata"] = {**value["metadata"], "trace": self.create("metadata", object_id)}
        return planted

    def _plant_field(self, key: str, item: Any, object_id: str, *, is_open: bool) -> Any:
        if key in INTERNAL_FIELDS and (isinstance(item, str) or (item is None and key in ALWAYS_FILLED)):
            return self.create(key, object_id)
        if is_open and key in OPEN_WORDS and isinstance(item, str):
            return self.create(key, object_id)
        if is_open and key in OPEN_TEXTS and isinstance(item, str):
            return f"{item} mi\x1b[1mosa-fra1 \x1b[36ms3://{self.create(key, object_id)}\x1b[0m 10.40\u200b.3.9"
        return self.plant(item, object_id, is_open=is_open)

    def list_served(self) -> list[str]:
        with self._lock:
            return sorted(self._served)

    def clear(self) -> None:
        with self._lock:
            self._served.clear()
