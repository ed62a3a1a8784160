"""What others on the way may keep, and answers that need not be sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal.models import Freshness, Membership
from portal.permissions import Person
from portal.services import visits
from tests.api.conftest import API, OWN, Asking, Remembered
from tests.api.test_strangers import own
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], Asking]


def test_nobody_keeps_anything(ask: Ask, remembered: Remembered) -> None:
    for who in ("owner", "anonymous"):
        for path in own(remembered).values():
            response = ask(who).get(path)
            assert response["Cache-Control"] == "no-store"
            assert {"Accept", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}
            assert not {"Server", "X-Powered-By", "Last-Modified", "Expires"} & set(response.headers)
            assert response["X-Content-Type-Options"] == "nosniff"


def test_the_same_again_is_not_sent_again(ask: Ask, remembered: Remembered) -> None:
    client = ask("owner")
    for name, path in own(remembered).items():
        if name in {"schema", "unknown"}:
            continue
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": f'"x", {first["ETag"]}'})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"]), path
        assert again["Cache-Control"] == "no-store"
        assert client.get(path, headers={"If-None-Match": 'W/"x"'}).status_code == 200


def test_an_answer_to_one_person_is_never_anothers(ask: Ask, remembered: Remembered) -> None:
    clients = [ask(who) for who in ("operator", "support", "owner", "viewer")]
    stranger, nobody = ask("other_owner"), ask("anonymous")
    # Nothing may become stale meanwhile, which would be another answer.
    Freshness.objects.update(read_at=timezone.now() + timedelta(hours=1))
    for path in own(remembered).values():
        tags = [tag for client in clients if (tag := client.get(path).get("ETag"))]
        assert len(tags) == len(set(tags))
        for tag in tags:
            answers = [client.get(path, headers={"If-None-Match": tag}).status_code for client in clients]
            assert answers.count(304) == 1
            assert stranger.get(path, headers={"If-None-Match": tag}).status_code in {200, 404}
            assert nobody.get(path, headers={"If-None-Match": tag}).status_code == 401


def test_any_match_tells_a_stranger_nothing(ask: Ask, remembered: Remembered) -> None:
    for given in ("*", 'W/"*"', '"*"', 'W/"x"'):
        assert ask("other_owner").get(f"{OWN}/history/", headers={"If-None-Match": given}).status_code == 404


def test_an_answer_with_another_question_is_another(ask: Ask, remembered: Remembered) -> None:
    client = ask("owner")
    tags = {client.get(f"{OWN}/history/", query)["ETag"] for query in ({}, {"state": "live"}, {"kind": "dynamic"})}
    assert len(tags) == 3


def test_a_change_is_sent(ask: Ask, remembered: Remembered, simulator: SimulatorControl, operator: Person) -> None:
    client = ask("owner")
    paths = [
        f"{API}/customers/",
        f"{OWN}/history/",
        f"{OWN}/deployments/",
        f"{OWN}/deployments/{remembered.deployment}/",
    ]
    tags = {path: client.get(path)["ETag"] for path in paths}
    back = client.told(paths[-1])["last_good"]["id"]
    simulator.run_action("rollback", deployment_id=remembered.deployment, version_id=back)
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    for path, tag in tags.items():
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200, path


def test_looking_again_without_a_change_is_no_change(
    ask: Ask, remembered: Remembered, simulator: SimulatorControl, operator: Person
) -> None:
    client = ask("owner")
    first = client.get(f"{OWN}/history/")
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    assert client.get(f"{OWN}/history/", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_who_lost_the_right_gets_nothing_by_an_old_etag(ask: Ask, remembered: Remembered) -> None:
    client = ask("owner")
    tag = client.get(f"{OWN}/history/")["ETag"]
    Membership.objects.filter(user__email="owner@brightsmile.test").delete()
    assert client.get(f"{OWN}/history/", headers={"If-None-Match": tag}).status_code == 404
