"""The diagnosis of a lookup: for each required record what is found, and what else blocks the domain.

Nothing here uses the network or the clock, so a stored lookup can be diagnosed again at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.dns import caa, providers, zone_checks
from portal.dns.advice import AdvisedRecord, advise, get_values, locate_label
from portal.dns.alias_checks import Facts, check_alias
from portal.dns.extra_records import list_extra_records
from portal.dns.findings import Check, Finding
from portal.dns.lookup import Lookup, Outcome, ServerAnswers
from portal.dns.messages import Message, MessageCode, Param
from portal.dns.observations import Found, observe
from portal.dns.record_checks import check_address, check_text
from portal.dns.records import RequiredRecord
from portal.dns.suffixes import find_registrable, is_delegated, is_within

ISSUERS = ("letsencrypt.org",)
_NO_ANSWER_CODES = {
    Outcome.DELEGATED: MessageCode.NO_ANSWER_DELEGATED,
    Outcome.LAME: MessageCode.NO_ANSWER_LAME,
    Outcome.NOTIMP: MessageCode.NO_ANSWER_REFUSED,
    Outcome.REFUSED: MessageCode.NO_ANSWER_REFUSED,
    Outcome.SERVFAIL: MessageCode.NO_ANSWER_SERVFAIL,
    Outcome.UNREACHABLE: MessageCode.NO_ANSWER_UNREACHABLE,
    Outcome.UNREADABLE: MessageCode.NO_ANSWER_UNREADABLE,
}


@dataclass(frozen=True)
class Diagnosis:
    """Of a required record or, if `record` is None, of something else that blocks the domain.

    `found` lists what the server `host` has in the record's place; `found_at` is a message with both.
    `advised` is what to enter for the record at this DNS provider.
    """

    finding: Finding
    record: RequiredRecord | None
    message: Message
    found: Found = ()
    host: str | None = None
    found_at: Message | None = None
    advised: tuple[AdvisedRecord, ...] = ()

    @property
    def is_correct(self) -> bool:
        return self.finding.is_correct


@dataclass(frozen=True)
class ResolverState:
    """Whether a public resolver has all required records. None: it gave no answer."""

    host: str
    is_correct: bool | None


@dataclass(frozen=True)
class Report:
    name: str
    zone: str | None
    looked_up_at: datetime
    records: tuple[Diagnosis, ...]
    blockers: tuple[Diagnosis, ...]
    resolvers: tuple[ResolverState, ...]
    provider: providers.Provider | None

    @property
    def provider_page(self) -> str | None:
        return self.provider.get_page(self.zone) if self.provider and self.zone else None

    @property
    def is_delegated(self) -> bool:
        """Whether the zone is below the registered domain, so that its records are set somewhere else."""
        return is_delegated(self.zone)

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        return (*self.records, *self.blockers)

    @property
    def has_answers(self) -> bool:
        """Whether at least one record could be checked."""
        return any(each.finding is not Finding.NO_ANSWER for each in self.records)

    @property
    def is_correct(self) -> bool:
        return bool(self.records) and all(each.is_correct for each in self.records)

    @property
    def shows_cname(self) -> bool:
        """Whether a required CNAME is visible, rather than the addresses that a DNS provider fills in."""
        return any(each.record and each.record.is_alias and each.finding is Finding.CORRECT for each in self.records)

    @property
    def can_pass(self) -> bool:
        """Whether the platform's verification can pass now. CAA records matter only later, for the certificate."""
        findings = [each.finding for each in self.blockers]
        is_blocked = any(not (each.is_about_certificate or each.is_caution) for each in findings)
        known = [each.is_correct for each in self.resolvers if each.is_correct is not None]
        return self.is_correct and not is_blocked and (not known or any(known))

    def find(self, finding: Finding) -> Diagnosis | None:
        return next((each for each in self.diagnoses if each.finding is finding), None)


def diagnose(
    lookup: Lookup,
    required: Sequence[RequiredRecord],
    *,
    now: datetime,
    may_be_flattened: bool = False,
    issuers: Sequence[str] = ISSUERS,
) -> Report:
    """`may_be_flattened`: the platform has verified the domain, and a CNAME record was never seen at it. `issuers` are
    the platform's certificate authorities, as CAA records name them.
    """
    diagnoser = _Diagnoser(Facts(lookup, tuple(required), may_be_flattened), now)
    records = tuple(diagnoser.diagnose_record(record) for record in required)
    return Report(
        name=lookup.name,
        zone=lookup.zone,
        looked_up_at=lookup.looked_up_at,
        records=records,
        blockers=tuple(_list_blockers(diagnoser.facts, records, issuers)),
        resolvers=tuple(diagnoser.read_resolver(resolver) for resolver in lookup.resolvers),
        provider=providers.find_provider(lookup.name_servers),
    )


def _list_blockers(facts: Facts, records: Sequence[Diagnosis], issuers: Sequence[str]) -> Iterator[Diagnosis]:
    for extra in list_extra_records(facts):
        yield Diagnosis(extra.finding, None, extra.message, extra.found, extra.host)
    has_correct = any(record.is_correct for record in records)
    zone_problems = zone_checks.list_problems(facts.lookup, has_correct=has_correct)
    for finding, message in zone_problems:
        yield Diagnosis(finding, None, message)
    # A CAA record that has to make way for a CNAME record forbids nothing afterwards, and a name that can't be looked
    # up at all has more than a problem with CAA.
    covered = {each.record.name for each in records if each.record and _covers_caa(each, each.record, facts.lookup)}
    if any(finding in (Finding.DNSSEC, Finding.UNRESOLVABLE) for finding, _ in zone_problems):
        covered.add(facts.lookup.name)
    for problem in caa.list_problems(facts.lookup, issuers):
        if problem.message.params["name"] not in covered:
            yield Diagnosis(problem.finding, None, problem.message, problem.found, problem.host)


def _covers_caa(diagnosis: Diagnosis, record: RequiredRecord, lookup: Lookup) -> bool:
    """Where a CNAME is missing, only a wildcard can have a CAA record, and not once the CNAME exists."""
    is_missing_cname = record.is_alias and not record.is_at_apex(lookup.zone) and diagnosis.finding is Finding.MISSING
    makes_way = diagnosis.message.code is MessageCode.CONFLICT_BEFORE
    return is_missing_cname or makes_way or diagnosis.finding is Finding.NO_ANSWER


class _Diagnoser:
    def __init__(self, facts: Facts, now: datetime) -> None:
        self.facts, self.lookup = facts, facts.lookup
        self.age = _describe_age(round((now - self.lookup.looked_up_at).total_seconds()))

    def diagnose_record(self, record: RequiredRecord) -> Diagnosis:
        if self.lookup.zone is None and self.lookup.zone_outcome is Outcome.NXDOMAIN:
            return self._build(record, Check(Finding.NO_ZONE, MessageCode.NO_ZONE), None)
        for servers in (self.lookup.authoritative, self.lookup.resolvers):
            checks = [(server, check) for server in servers if (check := self._check(record, server)) is not None]
            if checks:
                return self._combine(record, checks)
        return self._diagnose_no_answer(record)

    def _check(self, record: RequiredRecord, server: ServerAnswers) -> Check | None:
        """None if the server gave no answer."""
        observed = observe(self.lookup, server, record.name)
        if not record.is_alias and record.type not in ("A", "AAAA"):
            return check_text(record, observed, self.facts)
        if observed.failure is not None:
            return None
        if record.is_alias:
            return check_alias(record, observed, self.facts)
        if record.type == "AAAA" and server.find_answered(record.name, "AAAA") is None:
            return None
        return check_address(record, observed, self.facts)

    def _combine(self, record: RequiredRecord, checks: list[tuple[ServerAnswers, Check]]) -> Diagnosis:
        """The first server's check, unless some servers have the correct record already and others have not."""
        correct = [server for server, check in checks if check.finding.is_correct]
        outdated = [(server, check) for server, check in checks if not check.finding.is_correct]
        if not correct or not outdated:
            server, check = next((each for each in checks if each[1].finding is not Finding.MISSING), checks[0])
            return self._build(record, check, server)
        server, check = outdated[0]
        values: dict[str, Param] = {
            "correct": tuple(each.host for each in correct),
            "outdated": tuple(each.host for each, _ in outdated),
        }
        if zone_checks.are_independent(self.lookup, correct, [each for each, _ in outdated]):
            return self._build(record, Check(Finding.SPLIT, MessageCode.SPLIT, check.found, values), server)
        return self._build(record, Check(Finding.PROPAGATING, MessageCode.PROPAGATING, check.found, values), server)

    def _diagnose_no_answer(self, record: RequiredRecord) -> Diagnosis:
        hidden = self.lookup.private_name_servers
        if hidden and not self.lookup.authoritative:
            check = Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_PRIVATE, (), {"hosts": hidden})
            return self._build(record, check, None)
        queried = "A" if record.is_alias else record.type
        failed = [(each, answer) for each in self.lookup.servers if (answer := each.find(record.name, queried))]
        server, outcome = (failed[0][0], failed[0][1].outcome) if failed else (None, self.lookup.zone_outcome)
        alike = [each.host for each, _ in failed if server and each.is_authoritative == server.is_authoritative]
        code = _NO_ANSWER_CODES.get(outcome, MessageCode.NO_ANSWER_TIMEOUT)
        values: dict[str, Param] = {"hosts": tuple(dict.fromkeys(alike)) or ("DNS",)}
        if outcome is Outcome.DELEGATED:
            values["servers"] = failed[0][1].values if failed else ()
        check = Check(Finding.NO_ANSWER, code, (), values)
        return self._build(record, check, server)

    def _build(self, record: RequiredRecord, check: Check, server: ServerAnswers | None) -> Diagnosis:
        zone = self.lookup.zone
        advised = check.advised or advise(record, self.lookup)
        is_below = check.code is not MessageCode.MISSING_DELEGATED and zone is not None and is_within(record.name, zone)
        values: dict[str, Param] = {
            **get_values(advised),
            "name": record.name,
            "label": locate_label(record.get_label(zone), zone if is_below else None),
            "target": record.value,
            "zone": zone or find_registrable(record.name) or record.name,
            **check.values,
        }
        host = server.host if server else None
        found_at = None
        if check.found and host:
            found_at = Message.build(MessageCode.FOUND_AT, found=check.found, host=host, age=self.age)
        message = Message.build(check.code, **values)
        return Diagnosis(check.finding, record, message, check.found, host, found_at, advised)

    def read_resolver(self, resolver: ServerAnswers) -> ResolverState:
        checks = [self._check(record, resolver) for record in self.facts.required]
        known = [check for check in checks if check and check.finding is not Finding.NO_ANSWER]
        is_complete = bool(known) and len(known) == len(checks)
        return ResolverState(resolver.host, all(each.finding.is_correct for each in known) if is_complete else None)


def _describe_age(age_s: int) -> Message:
    if age_s < 60:
        return Message.build(MessageCode.AGE_SECONDS, count=max(age_s, 0))
    if age_s < 3_600:
        return Message.build(MessageCode.AGE_MINUTES, count=age_s // 60)
    return Message.build(MessageCode.AGE_HOURS, count=age_s // 3_600)
