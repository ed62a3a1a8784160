"""Problems of the zone as a whole: resolvers that can't resolve it, and name servers that fail or don't agree."""

from __future__ import annotations

from collections.abc import Sequence

from portal.dns import providers
from portal.dns.findings import Finding
from portal.dns.lookup import Answer, Lookup, Outcome, ServerAnswers
from portal.dns.messages import Message, MessageCode
from portal.dns.suffixes import find_registrable, is_within, list_levels

_SHOWN_DIGEST = 12
_EXPIRED = 7  # RFC 8914, 4.8
_FAILURES = (Outcome.DELEGATED, Outcome.LAME, Outcome.NOTIMP, Outcome.REFUSED, Outcome.SERVFAIL)

Problem = tuple[Finding, Message]


def list_problems(lookup: Lookup, *, has_correct: bool) -> list[Problem]:
    """`has_correct`: at least one required record is correct."""
    dnssec = _find_dnssec_problem(lookup)
    problems = [dnssec] if dnssec else _list_failing_resolvers(lookup, has_correct=has_correct)
    return [*problems, *_list_failing_servers(lookup)]


def are_independent(lookup: Lookup, some: Sequence[ServerAnswers], others: Sequence[ServerAnswers]) -> bool:
    """Whether the name servers belong to different DNS providers, so that waiting does not make them agree.

    Providers that can't be recognized are told apart by the domain of the servers, unless one copies the zone from
    the other: then they state the same source (SOA), with different serial numbers.
    """
    if {_get_operator(each) for each in some} & {_get_operator(each) for each in others}:
        return False
    if all(providers.find_provider([each.host]) for each in (*some, *others)):
        return True
    zone = lookup.zone or ""
    first, second = _read_soa(some[0], zone), _read_soa(others[0], zone)
    return not (first and second and first[:2] == second[:2] and first[2] != second[2])


def _get_operator(server: ServerAnswers) -> str:
    provider = providers.find_provider([server.host])
    return provider.name if provider else (find_registrable(server.host) or server.host).partition(".")[0]


def _read_soa(server: ServerAnswers, zone: str) -> list[str]:
    """The primary server, the mailbox and the serial number."""
    answer = server.find_answered(zone, "SOA")
    return answer.records[0].value.lower().split()[:3] if answer and answer.records else []


def _find_dnssec_problem(lookup: Lookup) -> Problem | None:
    """Resolvers that give answers only without validating them."""
    domain = find_registrable(lookup.name.removeprefix("*.")) or lookup.name
    bogus = [
        (resolver.host, answer)
        for resolver in lookup.resolvers
        for answer in resolver.answers
        # Behind a CNAME, it may be the target's zone that fails; DS records are in the zone above.
        if answer.is_bogus and is_within(answer.name, domain) and answer.type != "DS" and not answer.chain
    ]
    names = [answer.name for _, answer in bogus if not (lookup.probe and answer.name.startswith(f"{lookup.probe}."))]
    if not names:
        return None
    zone, records = _find_ds(lookup)
    is_expired = any(_EXPIRED in answer.errors for _, answer in bogus)
    code = MessageCode.DNSSEC_EXPIRED if is_expired else MessageCode.DNSSEC
    code = code if records else MessageCode.DNSSEC_BELOW
    message = Message.build(
        code,
        name=lookup.name if lookup.name in names else names[0],
        zone=zone,
        resolvers=tuple(dict.fromkeys(host for host, _ in bogus)),
        found=records,
    )
    return Finding.DNSSEC, message


def _find_ds(lookup: Lookup) -> tuple[str, tuple[str, ...]]:
    """The nearest zone with DS records, which are set at its registrar."""
    levels = list_levels(lookup.name.removeprefix("*."))
    for level in levels:
        answers: list[Answer] = [each for resolver in lookup.resolvers if (each := resolver.find(level, "DS"))]
        if (found := next((each.values for each in answers if each.values), None)) is not None:
            return level, tuple(_shorten_ds(value) for value in found)
    return lookup.zone or levels[-1], ()


def _shorten_ds(value: str) -> str:
    """Key tag, algorithm, digest type and the beginning of the digest are enough to recognize a record."""
    *numbers, digest = value.split()
    return " ".join(["DS", *numbers, f"{digest[:_SHOWN_DIGEST]}…" if len(digest) > _SHOWN_DIGEST else digest])


def _list_failing_resolvers(lookup: Lookup, *, has_correct: bool) -> list[Problem]:
    """Resolvers that fail where the name servers answer correctly."""
    answers = [(each.host, each.find(lookup.name, "A")) for each in lookup.resolvers]
    failing = tuple(host for host, answer in answers if answer and answer.outcome is Outcome.SERVFAIL)
    if not has_correct or not lookup.authoritative or not failing or len(failing) < len(answers):
        return []
    message = Message.build(MessageCode.UNRESOLVABLE, name=lookup.name, resolvers=failing)
    return [(Finding.UNRESOLVABLE, message)]


def _list_failing_servers(lookup: Lookup) -> list[Problem]:
    """Name servers that fail beside some that don't. One that does not answer at all may be out of our reach."""
    answers = [(each.host, each.find(lookup.name, "A")) for each in lookup.authoritative]
    failing = tuple(host for host, answer in answers if answer and answer.outcome in _FAILURES)
    if not failing or not any(answer and answer.outcome.is_answer for _, answer in answers):
        return []
    message = Message.build(MessageCode.SERVER_FAILS, hosts=failing, zone=lookup.zone or lookup.name, name=lookup.name)
    return [(Finding.SERVER_FAILS, message)]
