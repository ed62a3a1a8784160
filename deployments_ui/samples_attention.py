"""Made-up homes of staff for the styleguide."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from deployments_ui import samples
from portal.services.attention.counts import Counts
from portal.services.attention.home import Home
from portal.services.checklist import ChecklistItem, Step
from portal.services.queries.attention_filters import AttentionFilters
from portal.services.queries.schemas import Fill
from portal.services.queries.statistics import Durations, Numbers


def first_run(now: datetime) -> tuple[Home, dict[str, Any]]:
    """Home after the first sign-in, while the apps are listed, and the checklist on it."""
    fill = Fill(read=0, total=12, remaining_s=40, is_listing=True)
    none = Durations(None, known=0, unknown=0)
    found = Home(
        filters=AttentionFilters(),
        counts=Counts(Counter(), healthy_apps=0, healthy_customers=0, has_apps=False, unread=0),
        rows=(),
        page=1,
        pages=1,
        recent=(),
        numbers=Numbers(days=(), unfinished=0, rolled_back=0, builds=none, restores=none),
        tags=(),
        age=samples.age(now, as_of=None, stale=True, filling=True),
        fill=fill,
    )
    return found, {"checklist": [ChecklistItem(step, is_done=step is Step.CONNECTION) for step in Step]}
