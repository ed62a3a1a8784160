"""Everything that services return to one person about one customer, to be searched for foreign data."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from portal.models import Deployment, Version
from portal.permissions import Person
from portal.services.errors import NotFound
from portal.services.queries import comparison, search
from portal.services.queries.timeline import Page
from tests import page_views

SEARCHES: tuple[dict[str, list[str]], ...] = (
    {},
    {"state": ["live"]},
    {"state": ["staged"]},
    {"state": ["ready", "archived"]},
    {"q": ["#1"]},
    {"q": ["a"]},
)


def as_text(answer: Any) -> str:
    return json.dumps(asdict(answer), default=str)


def collect_visible_text(*, by: Person, slug: str, now: datetime) -> str:
    """Everything about a customer in one text: history, deployments, every readable version, comparison, search."""
    found = [as_text(page_views.open_list(by=by, now=now))]
    found += [as_text(page_views.open_history(by=by, slug=slug, query=query, now=now)) for query in SEARCHES]
    for deployment in Deployment.objects.all():
        try:
            page = page_views.open_deployment(by=by, slug=slug, deployment_id=deployment.miosa_id, query={}, now=now)
        except NotFound:
            continue
        found.append(as_text(page))
        found += _collect_versions_text(deployment, by=by, slug=slug, now=now)
    for text in ("#1", "site", "a", *Version.objects.values_list("miosa_id", flat=True)[:30]):
        hits = search.find(by=by, text=text).hits
        found += [as_text(hit) for hit in hits]
    return "\n".join(found)


def _collect_versions_text(deployment: Deployment, *, by: Person, slug: str, now: datetime) -> list[str]:
    found = []
    ids = list(Version.objects.filter(deployment=deployment).order_by("-pk").values_list("miosa_id", flat=True)[:12])
    for version_id in ids:
        where: dict[str, Any] = {"by": by, "slug": slug, "deployment_id": deployment.miosa_id, "now": now}
        try:
            found.append(as_text(page_views.open_version(version_id=version_id, **where)))
            found.append(as_text(comparison.compare(from_id=version_id, to_id=ids[0], **where)))
        except NotFound:
            continue
    return found


def list_version_ids(page: Page) -> set[str]:
    """The ids of the versions on a page of a timeline."""
    named: set[str] = set()
    for entry in page.entries:
        version = getattr(entry, "version", None)
        named |= {version.id} if version is not None else {entry.version_id, entry.from_version_id}  # type: ignore[union-attr]  # the other kinds of entry have both
    return named - {""}
