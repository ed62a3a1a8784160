"""Keys, resources and lists with default settings, and the public pages."""

from __future__ import annotations

import requests

from tests.simulator.conftest import SimulatorClient


def test_keys_and_scopes(sim: SimulatorClient, main: str) -> None:
    assert SimulatorClient(sim.url, None).get("/deployments").json()["error"]["code"] == "invalid_token"
    assert SimulatorClient(sim.url, "msk_test_wrong").get("/deployments").status_code == 401
    reader = SimulatorClient(sim.url, "msk_test_readonly")
    assert reader.get("/deployments").status_code == 200
    assert reader.post(f"/deployments/{main}/stop").json()["error"]["code"] == "insufficient_scope"
    other_tenant = SimulatorClient(sim.url, "msk_test_other_tenant")
    assert other_tenant.get_data("/deployments") == []
    assert other_tenant.get(f"/deployments/{main}").status_code == 404
    assert "deployments:write" in sim.get_data("/whoami")["scopes"]
    tenant = sim.get_data("/platform/tenants/current")
    assert sim.request("GET", "/deployments", headers={"X-MIOSA-Tenant": tenant["slug"]}).status_code == 200
    assert sim.request("GET", "/deployments", headers={"X-MIOSA-Tenant": "another"}).status_code == 403


def test_unknown_paths_and_methods(sim: SimulatorClient) -> None:
    assert sim.get("/nothing").status_code == 404
    assert requests.get(f"{sim.url}/deployments", timeout=5).status_code == 404
    assert sim.request("PUT", "/deployments").status_code == 405
    assert sim.request("POST", "/deployments", data="{").status_code == 400
    assert sim.post("/deployments", {"name": ""}).json()["error"]["details"] == {"name": ["can't be blank"]}
    assert sim.post("/deployments", ["x"]).status_code == 422


def test_create_finds_or_creates_the_workspace(sim: SimulatorClient) -> None:
    known = sim.post("/deployments", {"name": "A", "external_workspace_id": "pawsome-vets"}).json()["data"]
    new = sim.post("/deployments", {"name": "A", "external_workspace_id": "brand-new"}).json()["data"]
    assert known["slug"] != new["slug"]
    assert "brand-new" in {row["external_workspace_id"] for row in sim.get_data("/workspaces")}
    path = f"/projects/{known['project_id']}/deployments"
    inside = sim.post(path, {"name": "B", "source_type": "repo", "repo_url": "https://git.example/x"})
    assert inside.json()["webhook_secret"]
    assert inside.json()["data"]["workspace_id"] == known["workspace_id"]
    assert sim.post("/projects/none/deployments", {"name": "B"}).status_code == 404


def test_workspaces(sim: SimulatorClient) -> None:
    again = sim.post("/workspaces", {"name": "Anything", "external_workspace_id": "pawsome-vets"})
    assert (again.status_code, again.json()["reused"]) == (200, True)
    clash = sim.post("/workspaces", {"name": "Pawsome Vets"})
    assert (clash.status_code, clash.json()["error"]["existing"]["external_workspace_id"]) == (409, "pawsome-vets")
    made = sim.post("/workspaces", {"name": "Fresh"}).json()["data"]
    assert (
        sim.request("PATCH", f"/workspaces/{made['id']}", json={"name": "Fresher"}).json()["data"]["name"] == "Fresher"
    )
    assert sim.get_data(f"/workspaces/{made['id']}/deployments") == []
    assert sim.request("DELETE", f"/workspaces/{made['id']}").status_code == 204


def test_bridges_and_publish(sim: SimulatorClient) -> None:
    sandbox = sim.sandbox_id("pawsome-vets")
    flat = sim.post(f"/sandboxes/{sandbox}/publish", {"name": "Bridged"})
    assert (flat.status_code, flat.json()["promotion_pending"]) == (202, True)
    assert sim.post(f"/sandboxes/{sandbox}/deploy", {"deployment_id": flat.json()["deployment_id"]}).status_code == 202
    assert sim.post(f"/sandboxes/{sandbox}/deploy", {}).status_code == 422
    assert sim.post("/sandboxes/none/deploy", {"name": "x"}).status_code == 404
    assert sim.post(f"/deployments/{flat.json()['deployment_id']}/publish", {}).status_code == 422


def test_lists_deployments_of_one_customer(sim: SimulatorClient) -> None:
    rows = sim.get_data("/deployments", external_workspace_id="brightsmile-dental")
    assert {row["name"] for row in rows} == {"Main site", "Booking", "Newsletter"}


def test_a_long_history_is_paged_to_its_first_version(sim: SimulatorClient) -> None:
    shop = sim.deployment("long history")
    numbers: list[int] = []
    cursor = None
    while True:
        page = sim.get(f"/deployments/{shop['id']}/versions", limit=100, cursor=cursor).json()
        numbers += [row["version_number"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert numbers == list(range(400, 0, -1))


def test_a_wrong_cursor_is_refused(sim: SimulatorClient) -> None:
    assert sim.get("/deployments", cursor="forged").status_code == 400


def test_the_request_log_numbers_its_rows(sim: SimulatorClient) -> None:
    before = sim.get("/_control/requests").json()["next"]
    sim.get("/deployments", limit=3)
    (row,) = sim.requests(before)
    assert (row["method"], row["path"], row["query"], row["status"]) == (
        "GET", "/api/v1/deployments", {"limit": "3"}, 200,
    )  # fmt: skip


def test_sites(sim: SimulatorClient) -> None:
    clinic = sim.deployment("on a rollback")
    url = sim.get_data(f"/deployments/{clinic['id']}")["public_url"]
    assert url == f"{sim.url}/sites/{clinic['slug']}/"
    page = requests.get(url, timeout=5)
    assert (page.status_code, page.headers["X-Live-Version"], ">16<" in page.text) == (200, "16", True)
    assert sim.get(f"/sites/{sim.deployment('stopped')['slug']}/").status_code == 503
    assert sim.get(f"/sites/{sim.deployment('never live')['slug']}/").status_code == 404
    assert sim.get("/sites/none/").status_code == 404
    assert "<script>" not in sim.get(f"/sites/{sim.deployment('hostile text')['slug']}/").text
    assert sim.requests()[-1]["path"].startswith("/api/v1")
    assert sim.get("/_control/requests", visits=1).json()["requests"][-1]["path"].startswith("/sites/")
    forged = requests.get(f"{sim.url}/api/v1/deployments/{clinic['id']}", timeout=5, headers={
        "Host": "evil.example", "Authorization": "Bearer msk_test_demo",
    })  # fmt: skip
    assert forged.json()["data"]["public_url"].startswith(sim.url)
