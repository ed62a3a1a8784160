"""The messages for people while MIOSA can't be reached."""

from portal import miosa
from portal.services.queries import reachability


def test_the_stored_codes_are_those_of_the_errors() -> None:
    classes = {error for error in vars(miosa).values() if isinstance(error, type)}
    outages = {error.code for error in classes if issubclass(error, miosa.Outage)}
    assert outages == reachability.OUTAGE_CODES
    assert {miosa.BudgetSpent.code, miosa.RateLimited.code} == reachability.BUDGET_CODES
