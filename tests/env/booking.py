"""An app with env vars, and what its owner does with them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from portal.permissions import Person
from portal.services.env_vars import drafts, names, reviews
from portal.services.env_vars.names import EnvPage, EnvRow
from portal.services.operations.submit import Confirmation
from portal.services.queries.operations import OperationPage

SLUG = "brightsmile-dental"
SECRET = "s3cr3t-value-that-nobody-may-see"


@dataclass(frozen=True)
class Booking:
    id: str
    owner: Person

    def where(self, by: Person | None = None) -> dict[str, Any]:
        return {"by": by or self.owner, "slug": SLUG, "deployment_id": self.id, "now": timezone.now()}

    def draft(self, *, by: Person | None = None, **typed: str) -> uuid.UUID:
        return drafts.draft(**(self.where(by) | typed))

    def review(self, key: uuid.UUID, *, by: Person | None = None) -> reviews.Review:
        return reviews.get_review(**self.where(by), key=key)

    def apply(self, key: uuid.UUID, *, by: Person | None = None) -> OperationPage:
        token = self.review(key, by=by).token
        return reviews.apply(**self.where(by), key=key, confirmation=Confirmation(token=token, reason="because"))

    def set(self, **typed: str) -> OperationPage:
        return self.apply(self.draft(by=None, **typed))

    def page(self, *, by: Person | None = None) -> EnvPage:
        return names.get_env(**self.where(by))

    def row(self, name: str) -> EnvRow:
        return next(row for row in self.page().rows if row.name == name)


def whole_database() -> str:
    with connection.cursor() as cursor:
        text = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            text += [
                str(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)) for row in cursor
            ]
    return "\n".join(text)
