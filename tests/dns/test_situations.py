"""At least forty things that happen to people's domains, each with the sentence and the action we give."""

from __future__ import annotations

import pytest

from portal.dns import Judgement
from tests.dns.net import Net
from tests.dns.situations import Situation, read

SITUATIONS = read()


def test_the_table_is_whole() -> None:
    assert len(SITUATIONS) >= 60
    assert len({situation.title for situation in SITUATIONS}) == len(SITUATIONS)
    assert {verdict[0] for situation in SITUATIONS for verdict in situation.verdicts} == set(Judgement)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.title)
def test_situation(net: Net, situation: Situation) -> None:
    report = situation.play(net)
    told = [
        [verdict.judgement, verdict.sentence.english, *([verdict.action.english] if verdict.action else [])]
        for verdict in report.all_verdicts
    ]
    assert told == situation.verdicts
