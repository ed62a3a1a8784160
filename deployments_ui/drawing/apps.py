"""Deployments in one line each: what is live, and what waits or went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from deployments_ui import links, states
from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock, iso
from portal.services.queries.schemas import DeploymentSummary, VersionSummary


@dataclass(slots=True)
class AppRow:
    id: str
    url: str
    name: str
    live: str
    since_at: str
    since_exact: str
    since: str
    building: str
    staged: str
    failed: str
    failed_url: str
    site: str
    site_name: str
    roll_back_url: str
    roll_back_cause: str
    promote_url: str
    promote_cause: str
    domains_url: str
    waiting: str
    is_gone: bool
    is_live: bool
    has_since: bool
    is_foreign: bool
    is_stopped: bool
    on_rollback: bool
    has_building: bool
    has_staged: bool
    has_failed: bool
    has_site: bool
    has_waiting: bool
    may_roll_back: bool
    roll_back_is_off: bool
    may_promote: bool
    promote_is_off: bool


FULL = Stencil("deployments/_app.html", AppRow)


def draw(apps: Iterable[DeploymentSummary], *, slug: str, clock: Clock) -> SafeString:
    return FULL.draw(row(app, slug=slug, clock=clock) for app in apps)


def row(app: DeploymentSummary, *, slug: str, clock: Clock) -> AppRow:
    since = app.live_since
    site = links.web(app.url)
    return AppRow(
        id=app.id,
        url=links.deployment(slug, app.id),
        name=app.name,
        live=called(app.live),
        since_at=iso(since) if since else "",
        since_exact=clock.exact(since) if since else "",
        since=clock.since(since) if since else "",
        building=called(app.building),
        staged=called(app.staged),
        failed=called(app.last_failed),
        failed_url=links.version(slug, app.id, app.last_failed.id) if app.last_failed else "",
        site=site,
        site_name=links.host(site),
        roll_back_url=links.last_good(slug, app.id),
        roll_back_cause=app.actions.roll_back.cause,
        promote_url=links.promotion(slug, app.id, app.staged.id) if app.staged else "",
        promote_cause=app.actions.promote.cause,
        domains_url=links.domains(slug, app.id),
        waiting=waiting(app.domains_waiting),
        is_gone=app.is_gone,
        is_live=app.live is not None,
        has_since=since is not None,
        is_foreign=app.live_is_foreign,
        is_stopped=app.is_stopped,
        on_rollback=app.on_rollback,
        has_building=app.building is not None,
        has_staged=app.staged is not None,
        has_failed=app.last_failed is not None,
        has_site=bool(site),
        has_waiting=app.domains_waiting > 0,
        may_roll_back=app.actions.roll_back.may and app.live is not None,
        roll_back_is_off=bool(app.actions.roll_back.cause),
        may_promote=app.actions.promote.may and app.staged is not None,
        promote_is_off=bool(app.actions.promote.cause),
    )


def called(version: VersionSummary | None) -> str:
    return states.name_of(version.number, version.id) if version else ""


def waiting(domains: int) -> str:
    if not domains:
        return ""
    return ngettext("%(n)d domain waits for DNS", "%(n)d domains wait for DNS", domains) % {"n": domains}
