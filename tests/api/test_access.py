"""Every endpoint for every person, with own, foreign and missing objects and every method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from portal.api import urls
from portal.models import Customer, Membership, User
from tests.api.conftest import API, OTHER, OWN, ApiClient, StoredObjects
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
EVERYBODY = ("anonymous", "operator", "support", "owner", "viewer", "other_owner", "outsider")
UNSAFE = ("post", "put", "patch", "delete", "options", "trace")


def list_own_urls(at: StoredObjects) -> dict[str, str]:
    """A URL of each endpoint, by its name. An endpoint without one fails the test below."""
    return {
        "customers": f"{API}/customers/",
        "history": f"{OWN}/history/",
        "deployments": f"{OWN}/deployments/",
        "deployment": f"{OWN}/deployments/{at.deployment}/",
        "version": f"{OWN}/deployments/{at.deployment}/versions/{at.version}/",
        "note": f"{OWN}/deployments/{at.deployment}/versions/{at.version}/note/",
        "operation": f"{API}/operations/{at.operation}/",
        "operations": f"{API}/operations/",
        "schema": f"{API}/schema/",
        "unknown": f"{API}/nowhere/",
    }


def list_foreign_urls(at: StoredObjects) -> Iterator[str]:
    """Another customer's objects, by every kind of URL, for people of brightsmile-dental."""
    yield f"{OTHER}/history/"
    yield f"{OTHER}/deployments/"
    yield f"{OTHER}/deployments/{at.foreign_deployment}/"
    yield f"{OTHER}/deployments/{at.foreign_deployment}/versions/{at.foreign_version}/"
    yield f"{OTHER}/deployments/{at.deployment}/"
    yield f"{OWN}/deployments/{at.foreign_deployment}/"
    yield f"{OWN}/deployments/{at.foreign_deployment}/versions/{at.foreign_version}/"
    yield f"{OWN}/deployments/{at.deployment}/versions/{at.foreign_version}/"
    yield f"{API}/customers/_unassigned/history/"
    yield f"{API}/operations/{at.foreign_operation}/"
    yield f"{API}/operations/?customer=pawsome-vets"


def list_missing_urls(at: StoredObjects) -> Iterator[str]:
    yield f"{API}/customers/nobody/history/"
    yield f"{API}/customers/nobody/deployments/"
    yield f"{API}/customers/nobody/deployments/{at.deployment}/"
    yield f"{API}/customers/{'n' * 3000}/history/"
    yield f"{API}/customers/%00/history/"
    yield f"{OWN}/deployments/dep_missing/"
    yield f"{OWN}/deployments/dep%00/"
    yield f"{OWN}/deployments/{'d' * 3000}/"
    yield f"{OWN}/deployments/..%2f..%2fpawsome-vets/"
    yield f"{OWN}/deployments/{at.deployment}/versions/ver_missing/"
    yield f"{OWN}/deployments/{at.deployment}/versions/'%20OR%201=1--/"
    yield f"{API}/"
    yield f"{API}/nowhere/"
    yield f"{API}/operations/{UUID(int=1)}/"
    yield f"{API}/operations/?customer=nobody"
    yield f"{API}/operations/?cursor=forged"
    yield f"{API}/nowhere%0a/"


def test_every_operation_is_in_the_matrix(stored: StoredObjects) -> None:
    names = {pattern.name for pattern in urls.urlpatterns}
    assert names == set(list_own_urls(stored))


def test_without_a_sign_in_everything_returns_401(ask: Ask, stored: StoredObjects) -> None:
    answers = {}
    for path in [*list_own_urls(stored).values(), *list_foreign_urls(stored), *list_missing_urls(stored)]:
        response = ask("anonymous").get(path)
        assert response.status_code == 401, path
        assert response["WWW-Authenticate"]
        answers[response.content] = response["Content-Type"]
    assert set(answers.values()) == {"application/problem+json"}
    assert len(answers) == 1


def test_objects_of_another_customer_do_not_exist(ask: Ask, stored: StoredObjects, simulator: SimulatorControl) -> None:
    before = len(simulator.requests())
    for who in ("owner", "viewer"):
        client = ask(who)
        answers = [client.get(path) for path in [*list_foreign_urls(stored), *list_missing_urls(stored)]]
        assert {response.status_code for response in answers} == {404}
        assert len({response.content for response in answers}) == 1
        assert len({tuple(sorted(response.headers)) for response in answers}) == 1
    assert len(simulator.requests()) == before


def test_other_customers_and_outsiders_find_nothing(
    ask: Ask, stored: StoredObjects, simulator: SimulatorControl
) -> None:
    before = len(simulator.requests())
    for who in ("other_owner", "outsider"):
        client = ask(who)
        for name, path in list_own_urls(stored).items():
            expected = 200 if name in {"customers", "operations", "schema"} else 404
            assert client.get(path).status_code == expected, path
        assert "brightsmile" not in client.get(f"{API}/customers/").content.decode()
    assert len(simulator.requests()) == before


def test_support_staff_with_assigned_customers_see_only_those(ask: Ask, stored: StoredObjects) -> None:
    support = User.objects.get(email="support@portal.test")
    User.objects.filter(pk=support.pk).update(sees_all_customers=False)
    Membership.objects.create(user=support, customer=Customer.objects.get(slug="pawsome-vets"), role="support")
    client = ask("support")
    assert [row["customer"]["slug"] for row in client.get_json(f"{API}/customers/")["results"]] == ["pawsome-vets"]
    assert client.get(f"{OWN}/history/").status_code == 404
    assert client.get(f"{OTHER}/history/").status_code == 200


def test_unsafe_methods_change_nothing(ask: Ask, stored: StoredObjects, simulator: SimulatorControl) -> None:
    before = [row for row in simulator.requests() if row["method"] != "GET"]
    for who in EVERYBODY:
        client = ask(who)
        for name, path in list_own_urls(stored).items():
            for method in set(UNSAFE) - {"put"} if name == "note" else UNSAFE:
                response = client.generic(method.upper(), path, b'{"slug": "taken"}', content_type="application/json")
                expected = 401 if who == "anonymous" else 404 if name == "unknown" else 405
                assert response.status_code == expected, (who, method, path)
                assert response["Content-Type"] == "application/problem+json"
                if expected == 405:
                    assert response["Allow"] == ("GET, HEAD, PUT" if name == "note" else "GET, HEAD")
    assert [row for row in simulator.requests() if row["method"] != "GET"] == before


def test_a_session_ends_when_its_person_signs_out(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    cookie = client.cookies["sessionid"].value
    client.logout()
    client.cookies["sessionid"] = cookie
    assert client.get(f"{OWN}/history/").status_code == 401


def test_an_inactive_person_has_no_access(ask: Ask, stored: StoredObjects, people: object) -> None:
    client = ask("owner")
    User.objects.filter(email="owner@brightsmile.test").update(is_active=False)
    assert client.get(f"{OWN}/history/").status_code == 401
