from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from portal.miosa.types.base import Row


class EnvVar(Row, frozen=True, kw_only=True):
    """A name and a mask. A value is dropped where the row is read, even if MIOSA sends one."""

    essential: ClassVar[frozenset[str]] = frozenset({"name"})
    required: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str
    preview: str | None = None
    environment: str | None = None
    is_secret: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        row = {key: item for key, item in super().shape(row).items() if key != "value"}
        if row.get("name") is None and row.get("key") is not None:
            row["name"] = row["key"]
        return row
