"""From (needed records, one look) to a verdict for each record and what stands in the way, each with one sentence and
one action. Pure: a look that was kept is explained again at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.dns import caa, findings, providers
from portal.dns.findings import Finding, Judgement, Params, Word
from portal.dns.records import Needed
from portal.dns.seen import Look, Outcome, Source
from portal.dns.sentences import SENTENCES
from portal.dns.suffixes import label_of, registrable
from portal.dns.texts import Text, text
from portal.dns.views import View, shown_record, view, views

ISSUERS = ("letsencrypt.org",)


@dataclass(frozen=True)
class Verdict:
    """`record` is None for what stands in the way without being asked for. `see` is "We see …, need …"."""

    judgement: Judgement
    record: Needed | None
    sentence: Text
    action: Text | None = None
    seen: tuple[Word, ...] = ()
    source: str | None = None
    see: Text | None = None

    @property
    def is_right(self) -> bool:
        return self.judgement.is_right


@dataclass(frozen=True)
class Spread:
    """What one public resolver sees already; None: could not ask."""

    resolver: str
    is_right: bool | None


@dataclass(frozen=True)
class Report:
    name: str
    zone: str | None
    asked_at: datetime
    records: tuple[Verdict, ...]
    blockers: tuple[Verdict, ...]
    spread: tuple[Spread, ...]
    provider: providers.Provider | None

    @property
    def provider_page(self) -> str | None:
        return self.provider.page_for(self.zone) if self.provider and self.zone else None

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        return (*self.records, *self.blockers)

    @property
    def is_told(self) -> bool:
        """At least one record could be asked for."""
        return any(verdict.judgement is not Judgement.COULD_NOT_ASK for verdict in self.records)

    @property
    def is_right(self) -> bool:
        return bool(self.records) and all(verdict.is_right for verdict in self.records)

    @property
    def can_pass(self) -> bool:
        """Whether asking the platform to verify makes sense now: a CAA record matters later, the rest at once."""
        in_the_way = [each for each in self.blockers if each.judgement is not Judgement.CAA_FORBIDS]
        stale = [each.is_right for each in self.spread if each.is_right is not None]
        return self.is_right and not in_the_way and (not stale or any(stale))

    def find(self, judgement: Judgement) -> Verdict | None:
        return next((each for each in self.all_verdicts if each.judgement is judgement), None)


def explain(
    look: Look,
    needed: Sequence[Needed],
    *,
    now: datetime | None = None,
    issuers: Sequence[str] = ISSUERS,
) -> Report:
    """`issuers` are the certificate authorities of the platform, as CAA records name them."""
    explaining = _Explaining(look, tuple(needed), now or datetime.now(UTC))
    records = tuple(explaining.record(need) for need in needed)
    return Report(
        name=look.name,
        zone=look.zone,
        asked_at=look.asked_at,
        records=records,
        blockers=(*explaining.in_the_way(records), *explaining.forbidden(issuers)),
        spread=tuple(explaining.spread()),
        provider=providers.find(look.name_servers),
    )


class _Explaining:
    def __init__(self, look: Look, needed: tuple[Needed, ...], now: datetime) -> None:
        self.look, self.needed = look, needed
        self.age = age(round((now - look.asked_at).total_seconds()))

    def record(self, need: Needed) -> Verdict:
        if self.look.zone is None and self.look.zone_outcome is Outcome.NXDOMAIN:
            return self._verdict(need, Finding(Judgement.NO_ZONE, "no_zone"), None)
        for sources in (self.look.authoritative, self.look.resolvers):
            found = [(each, finding) for each, finding in self._findings(need, sources) if finding is not None]
            if found:
                return self._agreed(need, found)
        return self._could_not_ask(need)

    def _findings(self, need: Needed, sources: Sequence[Source]) -> list[tuple[Source, Finding | None]]:
        return [(source, self._finding(need, view(self.look, source, need.name))) for source in sources]

    def _finding(self, need: Needed, seen: View) -> Finding | None:
        if not need.is_alias and need.type not in ("A", "AAAA"):
            return findings.of_other(need, seen, self.look)
        answer = seen.source.find(need.name, need.type)
        if seen.failure is not None or (need.type == "AAAA" and not (answer and answer.outcome.is_told)):
            return None
        if need.is_alias:
            return findings.of_alias(need, seen, self.look)
        return findings.of_address(need, seen, self.look, self.needed)

    def _agreed(self, need: Needed, found: list[tuple[Source, Finding]]) -> Verdict:
        right = [source.host for source, finding in found if finding.judgement.is_right]
        behind = [(source, finding) for source, finding in found if not finding.judgement.is_right]
        if right and behind:
            source, finding = behind[0]
            late = tuple(each.host for each, _ in behind)
            more: Params = {"right": tuple(right), "behind": late}
            return self._verdict(need, Finding(Judgement.SPREADING, "spreading", finding.seen, more), source)
        source, finding = found[0]
        return self._verdict(need, finding, source)

    def _could_not_ask(self, need: Needed) -> Verdict:
        kind = "A" if need.is_alias else need.type
        failed = [(each, answer) for each in self.look.sources if (answer := each.find(need.name, kind))]
        if self.look.unasked and not self.look.authoritative:
            finding = Finding(Judgement.COULD_NOT_ASK, "could_not_ask_private", (), {"hosts": self.look.unasked})
            return self._verdict(need, finding, None)
        source, outcome = (failed[0][0], failed[0][1].outcome) if failed else (None, self.look.zone_outcome)
        outcome = Outcome.TIMEOUT if outcome.is_told else outcome
        alike = [each for each, _ in failed if source and each.is_authoritative == source.is_authoritative]
        hosts = tuple(dict.fromkeys(each.host for each in alike))
        finding = Finding(Judgement.COULD_NOT_ASK, f"could_not_ask_{outcome}", (), {"hosts": hosts or ("DNS",)})
        return self._verdict(need, finding, source)

    def _verdict(self, need: Needed, finding: Finding, source: Source | None) -> Verdict:
        params: Params = {
            "name": need.name,
            "label": need.label(self.look.zone),
            "type": self._type(need),
            "value": need.value,
            "top": self.look.zone or registrable(need.name) or need.name,
            **finding.more,
        }
        action = f"{finding.code}_do"
        see = None
        if finding.seen and source is not None:
            see = text(
                "we_see", seen=finding.seen, host=source.host, age=self.age, need=f"{self._type(need)} {need.value}"
            )
        return Verdict(
            judgement=finding.judgement,
            record=need,
            sentence=Text(finding.code, params),
            action=Text(action, params) if action in SENTENCES else None,
            seen=finding.seen,
            source=source.host if source else None,
            see=see,
        )

    def _type(self, need: Needed) -> str:
        """At the top of a zone, the type by which this DNS host lets it follow a name, where that is known."""
        if not (need.is_alias and need.is_at_top(self.look.zone)):
            return need.type
        provider = providers.find(self.look.name_servers)
        return (provider.apex if provider else None) or "ALIAS"

    def in_the_way(self, records: Sequence[Verdict]) -> list[Verdict]:
        """Records beside those asked for, and resolvers that can't follow."""
        found = []
        for name in dict.fromkeys(need.name for need in self.needed):
            seen = self._preferred(name)
            if seen is not None and not seen.cname:
                found += self._beside(name, seen)
        is_right = any(verdict.is_right for verdict in records) and self.look.authoritative
        told = [(each.host, each.find(self.look.name, "A")) for each in self.look.resolvers]
        failed = tuple(host for host, answer in told if answer and answer.outcome is Outcome.SERVFAIL)
        if is_right and failed and len(failed) == len(told):
            more: Params = {"resolvers": failed, "name": self.look.name, "top": self.look.zone or ""}
            found.append(_blocker(Judgement.UNRESOLVABLE, "unresolvable", more))
        return found

    def _preferred(self, name: str) -> View | None:
        seen = views(self.look, self.look.authoritative, name) or views(self.look, self.look.resolvers, name)
        return seen[0] if seen else None

    def _beside(self, name: str, seen: View) -> list[Verdict]:
        """Only where the right answer is there too: else the record's own verdict names what is in its place."""
        a, aaaa = self._wanted(name)
        if not any(record.value in a | aaaa for record in seen.addresses):
            return []
        extra = tuple(shown_record(record) for record in seen.a if record.value not in a)
        stale = tuple(shown_record(record) for record in seen.aaaa if record.value not in aaaa)
        more: Params = {"name": name, "label": label_of(name, self.look.zone or name)}
        kinds = ((Judgement.EXTRA, "extra", extra), (Judgement.STALE_AAAA, "stale_aaaa", stale))
        return [
            _blocker(judgement, code, {**more, "extra": there}, there, seen.source.host)
            for judgement, code, there in kinds
            if there
        ]

    def _wanted(self, name: str) -> tuple[frozenset[str], frozenset[str]]:
        here = [need for need in self.needed if need.name == name]
        targets = [findings.Target.of(self.look, need.value) for need in here if need.is_alias]
        a = frozenset(need.value for need in here if need.type == "A").union(*(target.a for target in targets))
        aaaa = frozenset(need.value for need in here if need.type == "AAAA").union(*(target.aaaa for target in targets))
        return a, aaaa

    def forbidden(self, issuers: Sequence[str]) -> list[Verdict]:
        policy = caa.policy(self.look, self.look.name)
        if not issuers or policy is None or policy.has_permission(issuers):
            return []
        code = "caa_forbids" if policy.allowed else "caa_forbids_all"
        more: Params = {"at": policy.at, "allowed": policy.allowed or (), "issuer": issuers[0]}
        seen = tuple(f"CAA {value}" for value in policy.values)
        return [_blocker(Judgement.CAA_FORBIDS, code, more, seen, policy.source.host)]

    def spread(self) -> list[Spread]:
        found = []
        for source in self.look.resolvers:
            told = [each for need in self.needed for _, each in self._findings(need, [source])]
            known = [each for each in told if each and each.judgement is not Judgement.COULD_NOT_ASK]
            is_right = all(each.judgement.is_right for each in known) if known and len(known) == len(told) else None
            found.append(Spread(source.host, is_right))
        return found


def _blocker(
    judgement: Judgement,
    code: str,
    params: Params,
    seen: tuple[Word, ...] = (),
    source: str | None = None,
) -> Verdict:
    return Verdict(judgement, None, Text(code, params), Text(f"{code}_do", params), seen, source)


def age(seconds: int) -> Text:
    if seconds < 120:
        return text("age_seconds", count=max(seconds, 0))
    if seconds < 7_200:
        return text("age_minutes", count=seconds // 60)
    return text("age_hours", count=seconds // 3_600)
