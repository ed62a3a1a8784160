"""What the row of a version in a timeline says beside the state, the app and the number, from publish to end."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from deployments_ui import formats
from deployments_ui.labels.facts import version_facts
from deployments_ui.translation import gettext as _
from portal.services.queries.schemas import State, VersionSummary
from portal.services.queries.timeline_schemas import VersionEntry

_UNFINISHED = (State.BUILDING, State.CREATED)
# States whose word says nothing that "was live 32 h" does not say.
_PAST = (State.ARCHIVED, State.READY)


class VersionText(NamedTuple):
    """`title` is what people wrote about it; `is_quote`: as their reason. Without either it is facts, `is_fact`.

    `rest` follows the word of the state; `is_past`: it says by itself that the version was live once. `built`: how long
    that took, empty if it is not known or said in `rest`. `is_running`: it is being built, `rest` is for how long.
    """

    title: str
    is_quote: bool
    is_fact: bool
    rest: str
    is_past: bool
    built: str
    is_running: bool


def describe(entry: VersionEntry, now: datetime, language: str | None) -> VersionText:
    version = entry.version
    written, failure = version.note or version.reason, version.failure
    title = written or failure or _from_sandbox(version.sandbox_name, language) or version_facts(version, language)
    is_past = version.was_live and version.state in _PAST and not entry.is_gone
    build_s = None if entry.is_gone else version.build_s
    build = None if build_s is None else _duration(build_s, language)
    is_running, built = version.state in _UNFINISHED and not entry.is_gone, ""
    if entry.is_gone:
        rest = ""
    elif version.state is State.FAILED:
        rest = _describe_failure(build, failure if written else "", language)
    elif is_running:
        rest = _duration((now - version.created_at).total_seconds(), language)
    else:
        rest, built = _describe_live(version, now, language), _built_in(build, language) if build else ""
    is_quote = bool(version.reason) and not version.note
    return VersionText(title, is_quote, not (written or failure), rest, is_past, built, is_running)


def _describe_failure(build: str | None, failure: str, language: str | None) -> str:
    """After 12 s: TS2339 in index.tsx"""
    after = _("after %(span)s", language) % {"span": build} if build else ""
    return f"{after}: {failure}" if failure else after


def _describe_live(version: VersionSummary, now: datetime, language: str | None) -> str:
    """How long it has been live; or was, the last time."""
    began, ended = version.live_from, version.live_until
    if version.state is State.LIVE:
        return formats.span((now - began).total_seconds()) if began else ""
    if version.state not in _PAST:
        return ""
    if not version.was_live:
        return f"· {_('never live', language)}"
    if began is None or ended is None or ended < began:
        return _("was live", language)
    return _was_live(int((ended - began).total_seconds()), language)


# A long list repeats few texts. `language` keeps those of two languages apart.


@lru_cache(maxsize=4096)
def _duration(seconds: float, language: str | None) -> str:
    return formats.duration(seconds)


@lru_cache(maxsize=4096)
def _built_in(span: str, language: str | None) -> str:
    return _("built in %(span)s", language) % {"span": span}


@lru_cache(maxsize=4096)
def _was_live(seconds: int, language: str | None) -> str:
    return _("was live %(span)s", language) % {"span": formats.span(seconds)}


@lru_cache(maxsize=1024)
def _from_sandbox(name: str, language: str | None) -> str:
    return _("from “%(sandbox)s”", language) % {"sandbox": name} if name else ""
