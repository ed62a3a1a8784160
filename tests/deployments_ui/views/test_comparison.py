"""Two versions of an app, compared."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from portal.models import Deployment, Operation, Version
from portal.models.versions import get_created_at
from tests.deployments_ui.changes import confirm, older, work
from tests.deployments_ui.conftest import World
from tests.deployments_ui.page_rules import Browse, check_page, text_of


def two(world: World) -> tuple[str, str]:
    found = (
        Version.objects.filter(deployment__miosa_id=world.main["id"])
        .order_by("-number")
        .values_list("miosa_id", flat=True)
    )
    return found[1], found[0]


def test_page_rules_of_the_comparison(world: World, browse: Browse) -> None:
    one, other = two(world)
    foreign = f"{world.foreign_path}compare/?from={one}&to={other}"
    check_page(
        world,
        browse,
        f"{world.path}compare/?from={one}&to={other}",
        foreign=foreign,
        root="comparison",
        says=world.main["name"],
    )


def test_comparing_with_another_customers_version_is_not_found(world: World, browse: Browse) -> None:
    one, _other = two(world)
    client = browse(world.people.owner)
    for query in (f"from={one}&to={world.foreign['active_version_id']}", f"from={one}", "", "from=x&to=y"):
        with world.hearing_nothing():
            text_of(client, f"{world.path}compare/?{query}", status=404)


def path_of(world: World, one: Version, other: Version) -> str:
    return f"{world.path}compare/?from={one.miosa_id}&to={other.miosa_id}"


def numbered(world: World, number: int) -> Version:
    return Version.objects.get(deployment__miosa_id=world.main["id"], number=number)


def words(page: str) -> str:
    """What a person reads in the part `comparison`."""
    part = page[page.index('id="comparison"') + 16 :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split())


def update(version: Version, **facts: object) -> None:
    Version.objects.filter(pk=version.pk).update(**facts)


def test_differences_come_first_with_their_signs(world: World, browse: Browse) -> None:
    left, right = numbered(world, 23), numbered(world, 24)
    update(left, files=40, total_bytes=100_000, runtime_port=8080, kind="static")
    update(right, files=46, total_bytes=104_000, runtime_port=3000, kind="static")
    page = text_of(browse(world.people.viewer), path_of(world, left, right))
    text = words(page)
    assert "Different files: +6 files · +4.0 KB · another runtime" in text
    assert "Files (differs) 40 46 +6" in text
    assert "Size (differs) 100 KB 104 KB +4.0 KB, +4 %" in text
    assert "Port (differs) 8080 3000" in text
    assert re.search(r"\d facts are the same.*Kind static", text)
    back = words(text_of(browse(world.people.viewer), path_of(world, right, left)))
    assert "Different files: −6 files · −4.0 KB" in back


def test_versions_with_one_artifact_serve_the_same_files(world: World, browse: Browse) -> None:
    left, right = numbered(world, 23), numbered(world, 24)
    update(left, artifact_sha256=right.artifact_sha256, runtime_command="node old.js")
    text = words(text_of(browse(world.people.viewer), path_of(world, left, right)))
    assert "Same artifact: both serve identical files." in text
    assert "They start differently" in text


def test_equal_versions_have_no_recorded_differences(world: World, browse: Browse) -> None:
    left, right = numbered(world, 23), numbered(world, 24)
    facts = Version.objects.filter(pk=right.pk).values(
        *("kind", "files", "total_bytes", "entrypoint", "source_sha256", "runtime_image", "runtime_command"),
        *("runtime_port", "health_check_path"),
    )[0]
    Version.objects.filter(pk__in=[left.pk, right.pk]).update(**{**facts, "artifact_sha256": ""})
    page = text_of(browse(world.people.viewer), path_of(world, left, right))
    assert "No recorded differences." in words(page)
    assert "An artifact's hash is missing" in words(page)
    assert 'class="differs"' not in page


def test_without_a_hash_it_does_not_say_that_files_differ(world: World, browse: Browse) -> None:
    left, right = numbered(world, 23), numbered(world, 24)
    update(left, artifact_sha256="", runtime_port=8080, files=right.files, total_bytes=right.total_bytes)
    text = words(text_of(browse(world.people.viewer), path_of(world, left, right)))
    assert "Recorded differences: same number of files · another runtime" in text
    assert "An artifact's hash is missing" in text
    assert "Different files" not in text


def test_versions_published_in_between_are_listed(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.viewer), path_of(world, numbered(world, 20), numbered(world, 24)))
    between = words(page).partition("Between the two publishes")[2]
    assert re.findall(r"#(\d+) Archived", between) == ["23", "22", "21"]
    neighbours = text_of(browse(world.people.viewer), path_of(world, numbered(world, 23), numbered(world, 24)))
    assert "Nothing else was published or changed." in words(neighbours)


def test_a_rollback_in_between_is_listed_with_person_and_reason(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    work()
    world.control.run_action("publish", deployment_id=world.main["id"], promote=True)
    client.post(f"{world.path}refresh/")
    update(numbered(world, 25), created_at=timezone.now(), first_seen_at=timezone.now())
    text = words(text_of(client, path_of(world, numbered(world, 24), numbered(world, 25))))
    assert re.search(r"rolled back #24 → #23 .* by Dr Rao checkout broken", text)


def record_env_change(world: World, at: Version, *, kind: str = "set_env", state: str = "succeeded") -> None:
    """As if somebody had set two env vars just after this version was published."""
    Operation.objects.create(
        key=uuid4(),
        kind=kind,
        permission="set_env",
        lane=f"env:{uuid4()}",
        in_lane=False,
        state=state,
        person_id=world.people.owner.pk,
        person_name="Dr Rao",
        person_role="owner",
        customer_id=Deployment.objects.get(miosa_id=world.main["id"]).customer_id,
        customer_name="",
        deployment_id=world.main["id"],
        deployment_name="",
        environment="production",
        body={"names": ["STRIPE_KEY", "MIOSA_TOKEN"]},
        requested_at=get_created_at(at) + timedelta(seconds=1),
    )


def test_env_vars_set_in_between_are_named(world: World, browse: Browse) -> None:
    record_env_change(world, numbered(world, 22))
    record_env_change(world, numbered(world, 22), state="refused")
    record_env_change(world, numbered(world, 20))
    path = path_of(world, numbered(world, 22), numbered(world, 23))
    for user in (world.people.owner, world.people.support):
        text = words(text_of(browse(user), path))
        assert len(re.findall(r"STRIPE_KEY set .*?by Dr Rao", text)) == 1
    assert "MIOSA_TOKEN" not in words(text_of(browse(world.people.owner), path))
    Deployment.objects.filter(miosa_id=world.main["id"]).update(is_shared=True)
    assert "STRIPE_KEY" not in words(text_of(browse(world.people.owner), path))


def test_domains_added_and_removed_in_between_are_named(world: World, browse: Browse) -> None:
    left, right = numbered(world, 22), numbered(world, 23)
    deployment = Deployment.objects.get(miosa_id=world.main["id"])
    inside, outside = right.created_at, numbered(world, 20).created_at
    for name, created_at, gone_at in (("new", inside, None), ("old", outside, inside), ("far", outside, None)):
        deployment.domains.create(
            customer=deployment.customer, miosa_id=name, name=f"{name}.example", created_at=created_at, gone_at=gone_at
        )
    text = words(text_of(browse(world.people.viewer), path_of(world, left, right)))
    assert "new.example added" in text
    assert "old.example removed" in text
    assert "far.example" not in text


def test_what_is_too_much_to_list_leads_to_the_history(world: World, browse: Browse) -> None:
    left, right = numbered(world, 22), numbered(world, 23)
    deployment = Deployment.objects.get(miosa_id=world.main["id"])
    for number in range(51):
        name = f"shop-{number}.example"
        deployment.domains.create(customer=deployment.customer, miosa_id=name, name=name, created_at=right.created_at)
        if number in {49, 50}:
            page = words(text_of(browse(world.people.viewer), path_of(world, left, right)))
            assert page.count(".example added") == 50
            assert ("There is more than is listed here. All in the history" in page) == (number == 50)


def test_another_version_can_be_chosen_without_a_script(world: World, browse: Browse) -> None:
    left, right = numbered(world, 23), numbered(world, 24)
    page = text_of(browse(world.people.viewer), path_of(world, left, right))
    (form,) = re.findall(r'<form class="compare-choice".*?</form>', page, flags=re.DOTALL)
    assert f'action="{world.path}compare/"' in form
    assert form.count("selected") == 2
    assert form.count(f'value="{numbered(world, 3).miosa_id}"') == 2


def test_the_version_that_is_not_live_can_go_live_from_here(world: World, browse: Browse) -> None:
    path = path_of(world, numbered(world, 23), numbered(world, 24))
    assert "Roll back to #23…" in text_of(browse(world.people.owner), path)
    assert "Roll back to" not in text_of(browse(world.people.viewer), path)


def test_on_a_shared_app_only_ones_own_versions_are_in_between(world: World, browse: Browse) -> None:
    theirs = Deployment.objects.get(miosa_id=world.foreign["id"]).customer
    update(numbered(world, 22), customer=theirs)
    Deployment.objects.filter(miosa_id=world.main["id"]).update(is_shared=True)
    path = path_of(world, numbered(world, 21), numbered(world, 24))
    assert "#22" not in words(text_of(browse(world.people.owner), path))
    assert "#22" in words(text_of(browse(world.people.operator), path))


def test_the_page_takes_a_bounded_number_of_queries(
    world: World, browse: Browse, django_assert_max_num_queries: object
) -> None:
    record_env_change(world, numbered(world, 10))
    client = browse(world.people.owner)
    path = path_of(world, numbered(world, 1), numbered(world, 24))
    text_of(client, path)
    with django_assert_max_num_queries(3 + 12):  # type: ignore[operator]  # a fixture of pytest-django
        text_of(client, path)
