"""Sixty and more things that happen to people's domains, each with the text and the fix that they read."""

from __future__ import annotations

import pytest

from portal.dns import Finding
from portal.services.domains.messages import word_fix, word_message
from tests.dns.network import Network
from tests.dns.scenarios import Scenario, read_scenarios

SCENARIOS = read_scenarios()


def test_every_finding_has_a_scenario() -> None:
    assert len(SCENARIOS) >= 60
    assert len({scenario.title for scenario in SCENARIOS}) == len(SCENARIOS)
    assert {diagnosis[0] for scenario in SCENARIOS for diagnosis in scenario.diagnoses} == set(Finding)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_diagnosis(network: Network, scenario: Scenario) -> None:
    report = scenario.play(network)
    worded = [(each.finding, word_message(each.message), word_fix(each.message)) for each in report.diagnoses]
    assert [[text for text in texts if text] for texts in worded] == scenario.diagnoses
