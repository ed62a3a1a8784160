"""What happens to each line of a draft of env vars."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label
from portal.services.env_vars.reviews import Effect, ReviewLine

# Of the lines of a draft.
ENV_VAR_EFFECTS: dict[Effect, Label] = {
    Effect.ADDED: Label("good", "up", _("Added")),
    Effect.CHANGED: Label("good", "ready", _("Changed")),
    Effect.KEPT: Label("archived", "archived", _("Unchanged")),
    Effect.REFUSED: Label("failed", "failed", _("Skipped")),
}


def get_review_line_label(line: ReviewLine) -> Label:
    return ENV_VAR_EFFECTS[line.effect]
