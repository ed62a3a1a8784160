"""Every URL for every person, with own, foreign and missing objects and every method (docs/security.md)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from portal.models import Customer
from portal.permissions import Permission, Role, has_permission
from portal.services import people
from tests.deployments_ui.conftest import HTMX
from tests.security import matrix
from tests.security.crawler import body_of
from tests.security.dataset import Dataset, missing_ids
from tests.security.matrix import ACCESS, EVERY, Access

NAMES = sorted(ACCESS)
OBJECT_NAMES = [
    name
    for name, arguments in sorted(matrix.list_url_names())
    if arguments and name in ACCESS and not ACCESS[name].is_open and not ACCESS[name].hidden
]
NOTHING = 404
FINE = {200, 204, 302, 303}
# Only people with access get these: the form is invalid or expired, or there is nothing to change.
NOT_VALID = {400, 409, 422}


def test_every_url_is_in_the_matrix() -> None:
    assert sorted(name for name, _arguments in matrix.list_url_names()) == NAMES


def send_and_roll_back(client: Client, method: str, path: str, **headers: Any) -> HttpResponse:
    """Sends a request and rolls the database back, so that the next request finds the same objects."""
    with transaction.atomic():
        answer: HttpResponse = client.generic(method, path, **headers)  # type: ignore[assignment]  # it is a response
        transaction.set_rollback(True)
    assert answer.status_code < 500, (method, path, answer.status_code)
    return answer


def own_path(dataset: Dataset, name: str, *, who: str) -> str:
    return matrix.get_url(name, matrix.get_arguments(dataset.own, name, who=who))


def missing_path(name: str) -> str:
    return matrix.get_url(name, matrix.get_arguments(missing_ids(), name, who="owner"))


def is_allowed(dataset: Dataset, who: str, access: Access) -> bool:
    person = people.get_person(dataset.people[who])
    if access.right is None:
        return True
    if access.is_platform or access.right in {Permission.READ_ALL_CUSTOMERS, Permission.READ_STYLEGUIDE}:
        return has_permission(person, access.right)
    return has_permission(person, access.right, customer_id=Customer.objects.get(slug=dataset.own.slug).pk)


def list_requests(access: Access) -> list[tuple[str, dict[str, Any]]]:
    """The methods and headers to try, without HEAD, which Django derives from GET."""
    plain: list[tuple[str, dict[str, Any]]] = [(method, {}) for method in access.methods if method != "HEAD"]
    return plain if access.is_json else [*plain, (access.methods[0], HTMX)]


@pytest.mark.parametrize("who", ["anonymous", "deactivated"])
@pytest.mark.parametrize("name", [name for name in NAMES if not ACCESS[name].is_open])
def test_without_a_sign_in_nothing_is_accessible(dataset: Dataset, name: str, who: str) -> None:
    """A session that was open when its person was deactivated counts as none."""
    client = dataset.client(who)
    for path in {own_path(dataset, name, who="owner"), missing_path(name)}:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            with dataset.expect_no_effect():
                answer = send_and_roll_back(client, method, path)
            if ACCESS[name].is_json:
                assert answer.status_code == 401
                assert answer["Content-Type"] == "application/problem+json"
            else:
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
        if not ACCESS[name].is_json:
            part = send_and_roll_back(client, "GET", path, **HTMX)
            assert part.status_code == 401
            assert part["HX-Redirect"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", NAMES)
def test_people_can_do_what_their_permissions_allow(dataset: Dataset, name: str) -> None:
    access = ACCESS[name]
    for who in ("viewer", "owner", "assigned", "support", "operator"):
        client, path = dataset.client(who), own_path(dataset, name, who=who)
        for method in access.methods:
            status = send_and_roll_back(client, method, path).status_code
            if access.is_missing or not is_allowed(dataset, who, access):
                expected = {NOTHING if access.hidden else 403}
            else:
                expected = FINE | NOT_VALID if method in ("POST", "PUT") else FINE
            if who == "viewer" and (name == "decision" or method == "PUT"):
                expected = {403}
            assert status in expected, (who, method, status)


@pytest.mark.parametrize("name", NAMES)
def test_another_method_is_refused(dataset: Dataset, name: str) -> None:
    """For every object, existing or not: the refusal reveals nothing."""
    access = ACCESS[name]
    for who in ("outsider", "owner", "operator"):
        client, path = dataset.client(who), own_path(dataset, name, who="owner")
        with dataset.expect_no_effect():
            for method in (*sorted(set(EVERY) - set(access.methods)), "OPTIONS", "TRACE"):
                status = send_and_roll_back(client, method, path).status_code
                assert status == 405 or (access.hidden and status == NOTHING), (who, method, status)


@pytest.mark.parametrize("name", OBJECT_NAMES)
def test_objects_of_another_customer_do_not_exist(dataset: Dataset, name: str) -> None:
    """With the foreign id at each position of the URL, for people with and without the permission."""
    access = ACCESS[name]
    differ = is_allowed(dataset, "viewer", access) != is_allowed(dataset, "owner", access)
    for who in ("viewer", "owner", "assigned") if differ else ("owner", "assigned"):
        client, own = dataset.client(who), matrix.get_arguments(dataset.own, name, who=who)
        foreign = [*matrix.list_mixed_urls(name, own, matrix.get_arguments(dataset.foreign, name, who="other_owner"))]
        missing = [*matrix.list_mixed_urls(name, own, matrix.get_arguments(missing_ids(), name, who=who))]
        for method, headers in list_requests(access):
            with dataset.expect_no_effect(but=own["deployment_id"]):
                of_foreign = [send_and_roll_back(client, method, path, **headers) for path in foreign]
                of_missing = [send_and_roll_back(client, method, path, **headers) for path in missing]
            statuses = [answer.status_code for answer in of_foreign]
            assert statuses == [answer.status_code for answer in of_missing]
            assert statuses[0] == NOTHING or not is_allowed(dataset, who, access)
            # Below an own app, the permission or the form may be checked first.
            assert set(statuses) <= {NOTHING, 403, *([400] if name == "env_apply" else [])}
            assert are_identical(of_foreign + of_missing)


def are_identical(answers: list[HttpResponse]) -> bool:
    """Whether responses with the same status have the same body and headers, except for the request id."""
    of_status: dict[int, set[tuple[bytes, tuple[tuple[str, str], ...]]]] = {}
    for answer in answers:
        heads = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
        of_status.setdefault(answer.status_code, set()).add((answer.content, tuple(sorted(heads.items()))))
    return all(len(each) == 1 for each in of_status.values())


@pytest.mark.parametrize("name", OBJECT_NAMES)
def test_without_access_to_a_customer_nothing_is_found(dataset: Dataset, name: str) -> None:
    for who in ("other_owner", "limited", "invited"):
        client = dataset.client(who)
        for method, headers in list_requests(ACCESS[name]):
            with dataset.expect_no_effect():
                paths = (own_path(dataset, name, who="owner"), missing_path(name))
                answers = [send_and_roll_back(client, method, path, **headers) for path in paths]
            assert {answer.status_code for answer in answers} == {NOTHING}, (who, method)
            assert are_identical(answers)


@pytest.mark.parametrize("name", OBJECT_NAMES)
def test_missing_objects_are_not_found_by_operators(dataset: Dataset, name: str) -> None:
    access, own = ACCESS[name], matrix.get_arguments(dataset.own, name, who="operator")
    client = dataset.client("operator")
    for path in matrix.list_mixed_urls(name, own, matrix.get_arguments(missing_ids(), name, who="operator")):
        for method, headers in list_requests(access):
            with dataset.expect_no_effect(but=own["deployment_id"]):
                status = send_and_roll_back(client, method, path, **headers).status_code
            assert status == NOTHING or (name == "env_apply" and status == 400), (method, path, status)


def test_lists_contain_no_objects_of_other_customers(dataset: Dataset) -> None:
    """No parameter adds foreign objects to a list."""
    client = dataset.client("owner")
    foreign = (dataset.foreign.deployment_id, dataset.foreign.version_id, "Pawsome", str(dataset.foreign.operation))
    app = dataset.foreign.deployment_id
    asking: tuple[str, ...] = (
        "",
        "?q=pawsome",
        f"?app={app}",
        f"?deployment={app}",
        "?before=999999",
        "?cursor=eyJhIjoxfQ",
    )
    asking += ("?customer=pawsome-vets&slug=pawsome-vets&external_workspace_id=pawsome-vets",)
    asking += ("?tag=pawsome-vets&person=Olive&state=failed&days=90&event=failed",)
    asking += ("?page=2&limit=9999&sort=recent", "?ordering=-customer&search=paw&filter=*")
    lists = ["/customers/", "/find/", "/api/v1/customers/", "/api/v1/operations/", f"/c/{dataset.own.slug}/"]
    lists += [f"/c/{dataset.own.slug}/operations/", f"/api/v1/customers/{dataset.own.slug}/history/"]
    lists += ["/", "/find/customers/", "/customers/customers.csv", f"/c/{dataset.own.slug}/history.csv"]
    lists += [f"/c/{dataset.own.slug}/insights/", f"/c/{dataset.own.slug}/operations/operations.csv"]
    for path in lists:
        for query in asking:
            text = body_of(send_and_roll_back(client, "GET", path + query))
            for said in query.lstrip("?").split("&"):
                text = text.replace(said.partition("=")[2] or "\0", "")
            assert not [word for word in foreign if word in text], (path, query)


def test_people_have_the_roles_of_their_names(dataset: Dataset) -> None:
    staff = {"operator": Role.OPERATOR, "support": Role.SUPPORT, "assigned": Role.SUPPORT, "limited": Role.SUPPORT}
    for who, role in staff.items():
        person = people.get_person(dataset.people[who])
        assert person is not None
        assert person.staff is role
        assert person.sees_everyone is (who in {"operator", "support"})
