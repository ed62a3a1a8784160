"""A timeline as days of drawn rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deployments_ui import links, sizes, states
from deployments_ui.drawing import operations
from deployments_ui.states import Look
from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock
from portal.services.queries.schemas import ActivationEntry, OperationEntry, State, VersionEntry, VersionSummary

Entry = VersionEntry | ActivationEntry | OperationEntry
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
    is_readable: bool


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


def days(entries: Iterable[Entry], *, slug: str, clock: Clock) -> list[Day]:
    """The entries below a heading for each day."""
    entries = list(entries)
    pen = Pen(slug=slug, clock=clock)
    drawn = zip(map(pen.date_of, entries), pen.draw(entries), strict=True)
    return [
        Day(clock.day(when), mark_safe("".join([row for _when, row in together])))  # noqa: S308 - drawn by stencils
        for when, together in itertools.groupby(drawn, key=lambda pair: pair[0])
    ]


class Pen:
    """Draws entries; what many of them share is looked up once."""

    def __init__(self, *, slug: str, clock: Clock) -> None:
        self.slug = slug
        self.clock = clock
        self.language = get_language()
        self.platform = _("the platform")
        self.source = _("from %(sandbox)s")
        self.kinds = {name: str(word) for name, word in states.KINDS.items()}
        self.words: dict[State, tuple[Look, str]] = {}
        self.paths: dict[str, str] = {}

    def draw(self, entries: list[Entry]) -> list[str]:
        versions = iter(VERSION.each(self.version(one) for one in entries if isinstance(one, VersionEntry)))
        turns = iter(TURN.each(self.turn(one) for one in entries if isinstance(one, ActivationEntry)))
        asked = (operations.row(one, self.slug, self.clock) for one in entries if isinstance(one, OperationEntry))
        drawn = {VersionEntry: versions, ActivationEntry: turns, OperationEntry: iter(operations.OPERATION.each(asked))}
        return [next(drawn[type(one)]) for one in entries]

    def date_of(self, entry: Entry) -> date:
        return entry.at.astimezone(self.clock.zone).date()

    def version(self, entry: VersionEntry) -> VersionRow:
        version = entry.version
        path = self.path(entry.deployment_id)
        at, exact, hour = self.clock.row(entry.at, self.language)
        look, word = self.word(State.GONE if entry.is_gone else version.state)
        return VersionRow(
            id=f"v{entry.id}",
            url=f"{path}versions/{links.segment(version.id)}/",
            at=at,
            exact=exact,
            hour=hour,
            look=look.name,
            shape=look.shape,
            word=version.state_text if look.name == "other" and version.state_text else word,
            app=entry.deployment_name,
            number=states.name_of(version.number, version.id),
            facts=self.facts(version, entry.sandbox),
            who=version.who or self.platform,
            is_readable=version.state is not State.UNREADABLE,
        )

    def turn(self, entry: ActivationEntry) -> TurnRow:
        look = states.DEEDS[entry.deed]
        versions = f"{self.path(entry.deployment_id)}versions/"
        at, exact, hour = self.clock.row(entry.at, self.language)
        return TurnRow(
            id=f"a{entry.id}",
            at=at,
            exact=exact,
            hour=hour,
            shape=look.shape,
            app=entry.deployment_name,
            deed=str(look.word),
            url=f"{versions}{links.segment(entry.version_id)}/",
            number=states.name_of(entry.number, entry.version_id),
            from_url=f"{versions}{links.segment(entry.from_version_id)}/",
            from_number=states.name_of(entry.from_number, entry.from_version_id),
            reason=entry.reason,
            who=entry.who,
            has_from=bool(entry.from_version_id),
            has_reason=bool(entry.reason),
        )

    def facts(self, version: VersionSummary, sandbox: str) -> str:
        """static · 42 files · 184 KB"""
        told = [self.kinds.get(version.kind, version.kind)] if version.kind else []
        if version.files is not None:
            told.append(files(version.files, self.language))
        if version.total_bytes is not None:
            told.append(sizes.size(version.total_bytes))
        if sandbox:
            told.append(self.source % {"sandbox": short(sandbox)})
        return DOT.join(told)

    def path(self, deployment_id: str) -> str:
        path = self.paths.get(deployment_id)
        if path is None:
            path = self.paths[deployment_id] = links.deployment(self.slug, deployment_id)
        return path

    def word(self, state: State) -> tuple[Look, str]:
        found = self.words.get(state)
        if found is None:
            look = states.LOOKS[state]
            found = self.words[state] = (look, str(look.word))
        return found


@lru_cache(maxsize=1024)
def files(count: int, language: str | None) -> str:
    """42 files; `language` is only there for the cache."""
    return sizes.files(count)


def short(text: str) -> str:
    """The end of a long id, which is the part that tells two apart."""
    return text if len(text) <= 14 else f"…{text[-6:]}"
