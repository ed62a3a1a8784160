from __future__ import annotations

from tests.simulator.conftest import Caller


def test_lists_deployments_of_one_customer(sim: Caller) -> None:
    rows = sim.data("/deployments", external_workspace_id="brightsmile-dental")
    assert {row["name"] for row in rows} == {"Main site", "Booking", "Newsletter"}


def test_a_history_of_400_versions_is_paged_to_its_first(sim: Caller) -> None:
    shop = sim.scenario("long history")
    numbers: list[int] = []
    cursor = None
    while True:
        page = sim.get(f"/deployments/{shop['id']}/versions", limit=100, cursor=cursor).json()
        numbers += [row["version_number"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert numbers == list(range(400, 0, -1))


def test_a_wrong_cursor_is_refused(sim: Caller) -> None:
    assert sim.get("/deployments", cursor="forged").status_code == 400


def test_the_log_numbers_what_was_heard(sim: Caller) -> None:
    before = sim.get("/_control/requests").json()["next"]
    sim.get("/deployments", limit=3)
    (row,) = sim.requests(before)
    assert (row["method"], row["path"], row["query"], row["status"]) == (
        "GET", "/api/v1/deployments", {"limit": "3"}, 200,
    )  # fmt: skip
