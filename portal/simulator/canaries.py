"""Recognisable strings in every field that customers must never see, and the list of those served."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

# Planted where a row has text in them.
OFF_LIST = frozenset({
    "artifact_uri", "build_log_uri", "storage_uri", "storage_backend", "log_url", "runtime_log_path", "log_path",
    "owner_id", "created_by", "host_id", "node_id", "vm_id", "docker_deploy_host_id", "ip_address", "runtime_ip",
    "instructions", "error", "error_message", "last_error", "repo_provider", "image_digest", "preview_url",
    "environment_id", "service_id", "message", "detail", "reason",
})  # fmt: skip
# Planted even where the row has nothing.
ALWAYS = frozenset({"error_message", "owner_id", "created_by", "artifact_uri", "build_log_uri"})


class Canaries:
    def __init__(self) -> None:
        self._served: set[str] = set()
        self._lock = threading.Lock()

    def make(self, field: str, about: str) -> str:
        mark = hashlib.blake2s(f"{field}/{about}".encode("utf-8", "replace"), digest_size=4).hexdigest()
        text = f"canary-{field}-{mark}"
        with self._lock:
            self._served.add(text)
        return text

    def plant(self, value: Any, about: str = "") -> Any:
        """A copy of decoded JSON with canaries in it."""
        if isinstance(value, list):
            return [self.plant(item, about) for item in value]
        if not isinstance(value, dict):
            return value
        about = str(value.get("id") or about)
        planted = {key: self._field(key, item, about) for key, item in value.items()}
        if "id" in value:
            planted["internal_note"] = self.make("unknown_key", about)
        if isinstance(value.get("metadata"), dict):
            planted["metadata"] = {**value["metadata"], "trace": self.make("metadata", about)}
        return planted

    def _field(self, key: str, item: Any, about: str) -> Any:
        if key in OFF_LIST and (isinstance(item, str) or (item is None and key in ALWAYS)):
            return self.make(key, about)
        return self.plant(item, about)

    def served(self) -> list[str]:
        with self._lock:
            return sorted(self._served)

    def clear(self) -> None:
        with self._lock:
            self._served.clear()
