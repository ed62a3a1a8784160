"""What one server answers to a batch of queries, and what is made of it."""

from __future__ import annotations

import threading
import time

import pytest

from portal import dns
from portal.dns.lookup import Answer, Outcome, Question
from portal.dns.queries import MAX_LENGTH, QueryBatch
from portal.simulator.dns.records import DnsRecords
from portal.simulator.dns.server import DnsServer
from tests.dns.network import AMPLE, ZONE, wait_for
from tests.ports import pick_port


def test_each_outcome_is_distinguished() -> None:
    book = DnsRecords()
    rcodes = {"a": "NXDOMAIN", "b": "SERVFAIL", "c": "REFUSED", "d": "TIMEOUT", "g": "NOTIMP"}
    for name, rcode in rcodes.items():
        book.set(f"{name}.{ZONE}", None, rcode)
    book.set(f"e.{ZONE}", [{"type": "TXT", "value": "x"}], None)
    with DnsServer(book) as server:
        questions = [Question(f"{name}.{ZONE}", "A") for name in "abcdefg"]
        batch = start_batch(dns.Server("127.0.0.1", server.port), questions)
        wait_for(lambda: sum(batch.find(question) is not None for question in questions) == len(questions) - 1)
        batch.cancel()
    assert [answer.outcome for answer in batch.get_answers().answers] == [
        Outcome.NXDOMAIN, Outcome.SERVFAIL, Outcome.REFUSED, Outcome.TIMEOUT, Outcome.NO_DATA, Outcome.NXDOMAIN,
        Outcome.NOTIMP,
    ]  # fmt: skip


@pytest.mark.parametrize("ede", [None, 6, 9])
def test_a_resolver_that_fails_is_asked_again_without_validation(ede: int | None) -> None:
    book = DnsRecords()
    book.set(ZONE, [{"type": "A", "value": "192.0.2.44"}], "BOGUS", ede=ede)
    with DnsServer(book) as server:
        answer = ask(server, Question(ZONE, "A"))
    assert (answer.outcome, answer.is_bogus, answer.values) == (Outcome.SERVFAIL, True, ("192.0.2.44",))
    assert answer.errors == (() if ede is None else (ede,))


def test_a_passing_failure_of_a_resolver_is_no_finding() -> None:
    book = DnsRecords()
    book.set(ZONE, [{"type": "A", "value": "192.0.2.44"}], None)
    with DnsServer(book) as server:
        server.set_fault(ZONE, "fails_once")
        answer = ask(server, Question(ZONE, "A"))
        assert server.queries[ZONE, "A"] == 3
    assert (answer.outcome, answer.is_bogus) == (Outcome.ANSWER, False)


def test_a_resolver_that_fails_without_validation_too_is_not_bogus() -> None:
    book = DnsRecords()
    book.set(ZONE, None, "SERVFAIL", ede=22)
    with DnsServer(book) as server:
        answer = ask(server, Question(ZONE, "A"))
    assert (answer.outcome, answer.is_bogus, answer.errors) == (Outcome.SERVFAIL, False, (22,))


def test_a_referral_names_the_other_servers() -> None:
    book = DnsRecords()
    book.set(f"www.{ZONE}", [{"type": "NS", "value": "ns1.former.example"}], "DELEGATED")
    with DnsServer(book) as server:
        answer = ask(server, Question(f"a.www.{ZONE}", "A"), recursive=False)
    assert (answer.outcome, answer.values) == (Outcome.DELEGATED, ("ns1.former.example",))


def test_what_one_server_sends_is_stored_up_to_a_limit() -> None:
    book = DnsRecords()
    names = [f"n{number}.{ZONE}" for number in range(10)]
    for name in names:
        book.set(name, [{"type": "TXT", "value": f"{number} " + "x" * 1_500} for number in range(20)], None)
    with DnsServer(book) as server:
        batch = start_batch(dns.Server("127.0.0.1", server.port), [Question(name, "TXT") for name in names])
        wait_for(lambda: batch.is_done)
    answers = batch.get_answers().answers
    assert sum(len(value) for answer in answers for value in answer.values) <= MAX_LENGTH
    assert {answer.outcome for answer in answers} == {Outcome.ANSWER, Outcome.UNREADABLE}


def test_a_closed_port_is_unreachable() -> None:
    batch = start_batch(dns.Server("127.0.0.1", pick_port()), [Question(ZONE, "A")])
    wait_for(lambda: batch.is_done)
    assert batch.get_answers().answers[0].outcome is Outcome.UNREACHABLE


def ask(server: DnsServer, question: Question, *, recursive: bool = True) -> Answer:
    batch = start_batch(dns.Server("127.0.0.1", server.port), [question], recursive=recursive)
    wait_for(lambda: batch.is_done)
    (answer,) = batch.get_answers().answers
    return answer


def start_batch(server: dns.Server, questions: list[Question], *, recursive: bool = True) -> QueryBatch:
    batch = QueryBatch(server, questions, recursive=recursive, deadline=time.monotonic() + AMPLE.queries_s)
    threading.Thread(target=batch.run).start()
    return batch
