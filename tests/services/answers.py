"""Everything the services tell one person about one customer, to be searched for what they must not tell."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from portal.models import Deployment, Version
from portal.permissions import Person
from portal.services.errors import NotFound
from portal.services.queries import customers, search, versions
from portal.services.queries.timeline import Page
from tests import pages

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


def collect_answers(*, by: Person, slug: str, now: datetime) -> str:
    """All answers about a customer in one text: history, deployments, every version that can be had, compare, find."""
    told = [as_text(customers.list_customers(by=by, now=now))]
    told += [as_text(pages.open_history(by=by, slug=slug, query=query, now=now)) for query in SEARCHES]
    for deployment in Deployment.objects.all():
        try:
            page = pages.open_deployment(by=by, slug=slug, deployment_id=deployment.miosa_id, query={}, now=now)
        except NotFound:
            continue
        told.append(as_text(page))
        told += _collect_versions(deployment, by=by, slug=slug, now=now)
    for text in ("#1", "site", "a", *Version.objects.values_list("miosa_id", flat=True)[:30]):
        hits = search.find(by=by, text=text, now=now).hits
        told += [as_text(hit) for hit in hits]
    return "\n".join(told)


def _collect_versions(deployment: Deployment, *, by: Person, slug: str, now: datetime) -> list[str]:
    told = []
    ids = list(Version.objects.filter(deployment=deployment).order_by("-pk").values_list("miosa_id", flat=True)[:12])
    for version_id in ids:
        where: dict[str, Any] = {"by": by, "slug": slug, "deployment_id": deployment.miosa_id, "now": now}
        try:
            told.append(as_text(pages.open_version(version_id=version_id, **where)))
            told.append(as_text(versions.compare(from_id=version_id, to_id=ids[0], **where)))
        except NotFound:
            continue
    return told


def ids_of(page: Page) -> set[str]:
    """The versions that a page of a timeline names."""
    named: set[str] = set()
    for entry in page.entries:
        version = getattr(entry, "version", None)
        named |= {version.id} if version is not None else {entry.version_id, entry.from_version_id}  # type: ignore[union-attr]  # the other kinds of entry have both
    return named - {""}
