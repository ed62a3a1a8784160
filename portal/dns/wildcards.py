"""Tells what a name has itself from what a wildcard answers in its place (RFC 4592).

A wildcard answers only for names that do not exist. So it also answers for a random name beside such a name
(its sibling), with the same records, and for a random name below (its child), for which a name that exists has
no records.
"""

from __future__ import annotations

from portal.dns.lookup import Outcome, ServerAnswers


def get_sibling(name: str, probe: str) -> str:
    """For *.example.com, the sibling of example.com: a wildcard may be below another one."""
    return f"{probe}.{name.removeprefix('*.').partition('.')[2]}"


def get_child(name: str, probe: str) -> str:
    return f"{probe}.{name}"


def is_from_wildcard(server: ServerAnswers, name: str, probe: str) -> bool:
    """Whether all that the server answers for the name comes from a wildcard. False also if it can't be known."""
    child = server.find_answered(get_child(name, probe), "A") if probe else None
    if child is None or child.outcome is Outcome.NXDOMAIN:
        return False
    sibling = get_sibling(name, probe)
    types = {answer.type for answer in server.answers if answer.name == sibling and answer.outcome.is_answer}
    own = {each: _read(server, name, each) for each in types}
    return any(own.values()) and own == {each: _read(server, sibling, each) for each in types}


def has_own_records(server: ServerAnswers, name: str, record_type: str, probe: str) -> bool:
    """Whether the name has records of the type that a random sibling has not."""
    found = _read(server, name, record_type)
    return bool(found) and found != _read(server, get_sibling(name, probe), record_type)


def _read(server: ServerAnswers, name: str, record_type: str) -> tuple[str, ...]:
    answer = server.find_answered(name, record_type)
    if answer is None:
        return ()
    return (*answer.chain[:1], *(f"{record.value} {record.is_private}" for record in answer.records))
