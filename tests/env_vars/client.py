"""Sets env vars of one deployment through the services, as its pages do, and counts what the simulator received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from portal.permissions import Person
from portal.services.env_vars import drafts, pages, reviews, submit
from portal.services.env_vars.dotenv import TypedValues
from portal.services.env_vars.pages import EnvVarRow, EnvVarsPage
from portal.services.env_vars.reviews import Review
from portal.services.operations.tokens import Confirmation
from portal.services.queries.operation_schemas import OperationPage
from tests.simulator_control import SimulatorControl

SLUG = "brightsmile-dental"


@dataclass(frozen=True)
class EnvVarsClient:
    """Acts as `owner` unless `by` names somebody else."""

    deployment_id: str
    owner: Person

    def arguments(self, by: Person | None = None) -> dict[str, Any]:
        """What every function takes: who, which deployment, and when."""
        return {
            "by": by or self.owner,
            "slug": SLUG,
            "deployment_id": self.deployment_id,
            "now": timezone.now(),
        }

    def create_draft(self, by: Person | None = None, /, **typed: Any) -> UUID:
        return drafts.create_draft(**self.arguments(by), typed=TypedValues(**typed))

    def get_review(self, key: UUID, *, by: Person | None = None) -> Review:
        return reviews.get_review(**self.arguments(by), key=key)

    def rename_lines(self, key: UUID, renamed: dict[str, str]) -> None:
        drafts.rename_lines(**self.arguments(), key=key, renamed=renamed)

    def apply(
        self, key: UUID, *, by: Person | None = None, token: str = "", lines_confirmed: bool = False
    ) -> OperationPage:
        confirmation = Confirmation(token=token or self.get_review(key, by=by).token, reason="Rotated")
        arguments = self.arguments(by)
        return submit.apply_draft(**arguments, key=key, confirmation=confirmation, lines_confirmed=lines_confirmed)

    def set_values(self, **typed: str) -> OperationPage:
        return self.apply(self.create_draft(**typed))

    def get_page(self, *, by: Person | None = None) -> EnvVarsPage:
        return pages.get_env_vars(**self.arguments(by))

    def get_row(self, name: str) -> EnvVarRow:
        return next(row for row in self.get_page().rows if row.name == name)

    def list_names(self) -> set[str]:
        return {row.name for row in self.get_page().rows}

    def delete(self, name: str, *, token: str = "") -> OperationPage:
        token = token or pages.get_delete_form(**self.arguments(), name=name).token
        return submit.delete_env_var(**self.arguments(), name=name, confirmation=Confirmation(token=token))


def last_number(simulator: SimulatorControl) -> int:
    """Of the last request, to list the later ones."""
    return int(simulator.requests()[-1]["n"])


def sent_sizes(simulator: SimulatorControl, *, since: int = 0) -> list[Any]:
    """For each request that set env vars: the length of each value by name."""
    return [row["body"]["env"] for row in simulator.requests(since) if row["method"] == "POST"]


def count_lists(simulator: SimulatorControl) -> int:
    """How often the names were listed."""
    return sum(row["method"] == "GET" and row["path"].endswith("/env") for row in simulator.requests())


def count_deletions(simulator: SimulatorControl) -> int:
    return sum(row["method"] == "DELETE" for row in simulator.requests())
