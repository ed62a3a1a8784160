"""A timeline as days of drawn rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deployments_ui import links, sizes, states
from deployments_ui.stencil import Stencil
from deployments_ui.templatetags.desk import name_of
from deployments_ui.times import Clock, iso
from portal.services.answers import DeploymentBrief, State
from portal.services.rows import ActivationEntry, VersionEntry

Entry = VersionEntry | ActivationEntry
DOT = " · "


@dataclass(slots=True)
class VersionRow:
    id: str
    url: str
    at: str
    exact: str
    hour: str
    look: str
    shape: str
    word: str
    app: str
    number: str
    facts: str
    who: str
    compare_url: str
    can_compare: bool


@dataclass(slots=True)
class TurnRow:
    """A change of what is live. The two versions may each be unknown or another customer's."""

    id: str
    at: str
    exact: str
    hour: str
    shape: str
    app: str
    deed: str
    url: str
    number: str
    from_url: str
    from_number: str
    reason: str
    who: str
    has_from: bool
    has_reason: bool


@dataclass(frozen=True, slots=True)
class Day:
    label: str
    rows: SafeString


VERSION = Stencil("history/_version.html", VersionRow)
TURN = Stencil("history/_turn.html", TurnRow)


def days(entries: Iterable[Entry], *, slug: str, live: Mapping[str, str], clock: Clock) -> list[Day]:
    """The entries below a heading for each day. `live` maps a deployment's id to its live version's, to compare with."""
    by_day = itertools.groupby(entries, key=lambda entry: clock.local(entry.at).date())
    return [Day(clock.day(date), draw(together, slug=slug, live=live, clock=clock)) for date, together in by_day]


def draw(entries: Iterable[Entry], *, slug: str, live: Mapping[str, str], clock: Clock) -> SafeString:
    """Neighbours of one kind are drawn together."""
    drawn = SafeString()
    for is_version, together in itertools.groupby(entries, key=lambda entry: isinstance(entry, VersionEntry)):
        if is_version:
            drawn += VERSION.draw(
                version_row(entry, slug, live, clock) for entry in together if isinstance(entry, VersionEntry)
            )
        else:
            drawn += TURN.draw(turn_row(entry, slug, clock) for entry in together if isinstance(entry, ActivationEntry))
    return drawn


def version_row(entry: VersionEntry, slug: str, live: Mapping[str, str], clock: Clock) -> VersionRow:
    version = entry.version
    look = states.LOOKS[State.GONE if entry.is_gone else version.state]
    live_id = live.get(entry.deployment_id, "")
    return VersionRow(
        id=f"v{entry.id}",
        url=links.version(slug, entry.deployment_id, version.id),
        at=iso(entry.at),
        exact=clock.exact(entry.at),
        hour=clock.hour(entry.at),
        look=look.name,
        shape=look.shape,
        word=str(look.word) if entry.is_gone else states.word(version.state, version.state_text),
        app=entry.deployment_name,
        number=name_of(version.number, version.id),
        facts=facts(version.kind, version.files, version.total_bytes, entry.sandbox, get_language()),
        who=version.who or _("the platform"),
        compare_url=links.compare(slug, entry.deployment_id, version.id, live_id) if live_id else "",
        can_compare=bool(live_id) and live_id != version.id and version.state is not State.UNREADABLE,
    )


@lru_cache(maxsize=4096)
def facts(kind: str, files: int | None, total_bytes: int | None, sandbox: str, language: str | None) -> str:
    """static · 42 files · 184 KB; `language` is only there for the cache."""
    told = [states.kind(kind) if kind else ""]
    told.append(sizes.files(files) if files is not None else "")
    told.append(sizes.size(total_bytes) if total_bytes is not None else "")
    told.append(_("from %(sandbox)s") % {"sandbox": short(sandbox)} if sandbox else "")
    return DOT.join(text for text in told if text)


def short(text: str) -> str:
    """The end of a long id, which is the part that tells two apart."""
    return text if len(text) <= 14 else f"…{text[-6:]}"


def turn_row(entry: ActivationEntry, slug: str, clock: Clock) -> TurnRow:
    look = states.DEEDS[entry.deed]
    return TurnRow(
        id=f"a{entry.id}",
        at=iso(entry.at),
        exact=clock.exact(entry.at),
        hour=clock.hour(entry.at),
        shape=look.shape,
        app=entry.deployment_name,
        deed=str(look.word),
        url=links.version(slug, entry.deployment_id, entry.version_id),
        number=name_of(entry.number, entry.version_id),
        from_url=links.version(slug, entry.deployment_id, entry.from_version_id),
        from_number=name_of(entry.from_number, entry.from_version_id),
        reason=entry.reason,
        who=entry.who,
        has_from=bool(entry.from_version_id),
        has_reason=bool(entry.reason),
    )


def live_versions(deployments: Iterable[DeploymentBrief]) -> dict[str, str]:
    return {deployment.id: deployment.live.id for deployment in deployments if deployment.live is not None}
