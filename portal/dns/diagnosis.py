"""The diagnosis of a lookup: for each required record what is found, and what else blocks the domain.

Nothing here uses the network or the clock, so a stored lookup can be diagnosed again at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.dns import caa, providers
from portal.dns.lookup import Lookup, Outcome, ServerAnswers
from portal.dns.messages import Message, MessageCode, Param
from portal.dns.observations import Found, Observation, describe_records, list_observations, observe
from portal.dns.record_checks import AliasTarget, Check, Finding, check_address, check_alias, check_text
from portal.dns.records import RequiredRecord
from portal.dns.suffixes import find_registrable, relative_name

ISSUERS = ("letsencrypt.org",)
_NO_ANSWER_CODES = {
    Outcome.LAME: MessageCode.NO_ANSWER_LAME,
    Outcome.REFUSED: MessageCode.NO_ANSWER_REFUSED,
    Outcome.SERVFAIL: MessageCode.NO_ANSWER_SERVFAIL,
    Outcome.UNREACHABLE: MessageCode.NO_ANSWER_UNREACHABLE,
    Outcome.UNREADABLE: MessageCode.NO_ANSWER_UNREADABLE,
}


@dataclass(frozen=True)
class Diagnosis:
    """Of a required record or, if `record` is None, of something else that blocks the domain.

    `found` lists what the server `host` has in the record's place; `comparison` is a message with
    both this and what is required.
    """

    finding: Finding
    record: RequiredRecord | None
    message: Message
    found: Found = ()
    host: str | None = None
    comparison: Message | None = None

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
    def can_pass(self) -> bool:
        """Whether the platform's verification can pass now. CAA records matter only later, for the certificate."""
        is_blocked = any(each.finding is not Finding.CAA_FORBIDS for each in self.blockers)
        known = [each.is_correct for each in self.resolvers if each.is_correct is not None]
        return self.is_correct and not is_blocked and (not known or any(known))

    def find(self, finding: Finding) -> Diagnosis | None:
        return next((each for each in self.diagnoses if each.finding is finding), None)


def diagnose(
    lookup: Lookup,
    required: Sequence[RequiredRecord],
    *,
    now: datetime,
    issuers: Sequence[str] = ISSUERS,
) -> Report:
    """`issuers` are the platform's certificate authorities, as CAA records name them."""
    diagnoser = _Diagnoser(lookup, tuple(required), now)
    records = tuple(diagnoser.diagnose_record(record) for record in required)
    return Report(
        name=lookup.name,
        zone=lookup.zone,
        looked_up_at=lookup.looked_up_at,
        records=records,
        blockers=(
            *diagnoser.list_extra_records(),
            *diagnoser.list_failing_resolvers(records),
            *_list_caa_blockers(lookup, issuers),
        ),
        resolvers=tuple(diagnoser.read_resolver(resolver) for resolver in lookup.resolvers),
        provider=providers.find_provider(lookup.name_servers),
    )


class _Diagnoser:
    def __init__(self, lookup: Lookup, required: tuple[RequiredRecord, ...], now: datetime) -> None:
        self.lookup, self.required = lookup, required
        self.age = _describe_age(round((now - lookup.looked_up_at).total_seconds()))
        provider = providers.find_provider(lookup.name_servers)
        # How the apex of a zone can be an alias depends on the DNS provider.
        self.apex_type = (provider.apex_type if provider else None) or "ALIAS"

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
            return check_text(record, observed, self.lookup)
        if observed.failure is not None:
            return None
        if record.is_alias:
            return check_alias(record, observed, self.lookup)
        if record.type == "AAAA" and server.find_answered(record.name, "AAAA") is None:
            return None
        return check_address(record, observed, self.lookup, self.required)

    def _combine(self, record: RequiredRecord, checks: list[tuple[ServerAnswers, Check]]) -> Diagnosis:
        """The first server's check, unless some servers have the correct record already and others have not."""
        correct = tuple(server.host for server, check in checks if check.finding.is_correct)
        outdated = [(server, check) for server, check in checks if not check.finding.is_correct]
        if not correct or not outdated:
            server, check = checks[0]
            return self._build(record, check, server)
        server, check = outdated[0]
        values: dict[str, Param] = {"correct": correct, "outdated": tuple(each.host for each, _ in outdated)}
        propagating = Check(Finding.PROPAGATING, MessageCode.PROPAGATING, check.found, values)
        return self._build(record, propagating, server)

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
        check = Check(Finding.NO_ANSWER, code, (), {"hosts": tuple(dict.fromkeys(alike)) or ("DNS",)})
        return self._build(record, check, server)

    def _build(self, record: RequiredRecord, check: Check, server: ServerAnswers | None) -> Diagnosis:
        zone = self.lookup.zone
        record_type = self.apex_type if record.is_alias and record.is_at_apex(zone) else record.type
        values: dict[str, Param] = {
            "type": record_type,
            "name": record.name,
            "label": record.get_label(zone),
            "value": record.value,
            "zone": zone or find_registrable(record.name) or record.name,
            **check.values,
        }
        host = server.host if server else None
        comparison = None
        if check.found and host:
            comparison = Message.build(
                MessageCode.FOUND_AND_REQUIRED,
                found=check.found,
                host=host,
                age=self.age,
                required=f"{record_type} {record.value}",
            )
        return Diagnosis(check.finding, record, Message.build(check.code, **values), check.found, host, comparison)

    def list_extra_records(self) -> list[Diagnosis]:
        """Other addresses beside the required ones."""
        blockers = []
        for name in dict.fromkeys(record.name for record in self.required):
            observations = list_observations(self.lookup, self.lookup.authoritative, name)
            observations = observations or list_observations(self.lookup, self.lookup.resolvers, name)
            if observations and not observations[0].cname:
                blockers += self._list_extra_addresses(observations[0])
        return blockers

    def _list_extra_addresses(self, observed: Observation) -> list[Diagnosis]:
        """Only beside a correct address: otherwise the diagnosis of the record itself covers that."""
        name = observed.name
        records = [record for record in self.required if record.name == name]
        targets = [AliasTarget.read(self.lookup, record.value) for record in records if record.is_alias]
        a = {record.value for record in records if record.type == "A"}.union(*(each.a for each in targets))
        aaaa = {record.value for record in records if record.type == "AAAA"}.union(*(each.aaaa for each in targets))
        if not any(record.value in a | aaaa for record in observed.addresses):
            return []
        label, host = relative_name(name, self.lookup.zone or name), observed.server.host
        blockers = []
        for finding, code, records_of_type, expected in (
            (Finding.EXTRA, MessageCode.EXTRA, observed.a, a),
            (Finding.STALE_AAAA, MessageCode.STALE_AAAA, observed.aaaa, aaaa),
        ):
            if found := describe_records(each for each in records_of_type if each.value not in expected):
                message = Message.build(code, name=name, label=label, found=found)
                blockers.append(Diagnosis(finding, None, message, found, host))
        return blockers

    def list_failing_resolvers(self, records: Sequence[Diagnosis]) -> list[Diagnosis]:
        """Resolvers that fail where the name servers answer correctly, as with a DS record of a former provider."""
        name = self.lookup.name
        answers = [(each.host, each.find(name, "A")) for each in self.lookup.resolvers]
        failing = tuple(host for host, answer in answers if answer and answer.outcome is Outcome.SERVFAIL)
        has_correct = any(record.is_correct for record in records) and self.lookup.authoritative
        if not has_correct or not failing or len(failing) < len(answers):
            return []
        zone = self.lookup.zone or ""
        message = Message.build(MessageCode.UNRESOLVABLE, name=name, resolvers=failing, zone=zone)
        return [Diagnosis(Finding.UNRESOLVABLE, None, message)]

    def read_resolver(self, resolver: ServerAnswers) -> ResolverState:
        checks = [self._check(record, resolver) for record in self.required]
        known = [check for check in checks if check and check.finding is not Finding.NO_ANSWER]
        is_complete = bool(known) and len(known) == len(checks)
        return ResolverState(resolver.host, all(each.finding.is_correct for each in known) if is_complete else None)


def _list_caa_blockers(lookup: Lookup, issuers: Sequence[str]) -> list[Diagnosis]:
    policy = caa.find_policy(lookup, lookup.name)
    if not issuers or policy is None or policy.allows_any(issuers):
        return []
    code = MessageCode.CAA_FORBIDS if policy.allowed else MessageCode.CAA_FORBIDS_ALL
    message = Message.build(code, name=policy.name, allowed=policy.allowed or (), issuer=issuers[0])
    found = tuple(f"CAA {value}" for value in policy.values)
    return [Diagnosis(Finding.CAA_FORBIDS, None, message, found, policy.server.host)]


def _describe_age(age_s: int) -> Message:
    if age_s < 120:
        return Message.build(MessageCode.AGE_SECONDS, count=max(age_s, 0))
    if age_s < 7_200:
        return Message.build(MessageCode.AGE_MINUTES, count=age_s // 60)
    return Message.build(MessageCode.AGE_HOURS, count=age_s // 3_600)
