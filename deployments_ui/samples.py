"""Made-up customers, apps and histories for the styleguide: every state that a page can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.services.queries.filters import Choice, Choices, Filters
from portal.services.queries.history import History
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary, Reachability, State, VersionSummary
from portal.services.queries.timeline import Page
from portal.services.queries.timeline_schemas import ActivationEntry, ActivationKind, VersionEntry

LONG = "The Very Long Name of a Family Dentist by the Old Harbour Bridge"
# The query of a sample whose form has filters.
QUERIES = {"filtered": "state=failed&app=unknown", "nothing-found": "q=checkout"}
NAMES = ("عيادة الأسنان المشرقة", "คลินิกทันตกรรมยิ้มสวย", "Smile 😁 Café", LONG, "<b>bold</b> & “quoted”")


def moment_ago(now: datetime, **ago: float) -> datetime:
    return now.astimezone(UTC) - timedelta(**ago)


def version(
    now: datetime, number: int = 46, state: State = State.LIVE, *, minutes: float = 120, who: str = "Dr Rao"
) -> VersionSummary:
    created_at = moment_ago(now, minutes=minutes)
    was_live = state in (State.LIVE, State.ARCHIVED)
    return VersionSummary(
        id=f"ver_{number:04d}",
        number=number,
        state=state,
        state_text="",
        kind="dynamic" if number % 3 == 0 else "static",
        created_at=created_at,
        who=who,
        role="",
        reason="",
        files=42 - number % 5,
        total_bytes=184_320 - number * 97,
        was_live=was_live,
        note="Spring prices, and a note as long as people write when they mean well" if number % 7 == 0 else "",
        sandbox_name="main-site-spring" if number % 2 else "",
        failure="TS2339: Property 'price' does not exist" if state is State.FAILED else "",
        finished_at=None if state in (State.BUILDING, State.CREATED) else created_at + timedelta(seconds=38),
        live_from=created_at + timedelta(seconds=41) if was_live else None,
        live_until=created_at + timedelta(hours=8) if state is State.ARCHIVED else None,
    )


def deployment(now: datetime, name: str = "Main site", number: int = 46) -> DeploymentSummary:
    return DeploymentSummary(
        id=f"dep_{'_'.join(name.lower().split())}",
        name=name,
        url="https://brightsmile.example/",
        live=version(now, number),
        live_since=moment_ago(now, minutes=118),
        live_by="Dr Rao",
        live_by_role="",
        live_reason="",
        live_operation=None,
        live_is_foreign=False,
        live_is_unread=False,
        is_unread=False,
        staged=None,
        last_failed=None,
        building=None,
        on_rollback=False,
        is_shared=False,
        is_gone=False,
        is_stopped=False,
        state_text="running",
    )


def deployments(now: datetime) -> tuple[DeploymentSummary, ...]:
    return (
        deployment(now),
        replace(deployment(now, "Booking", 12), staged=version(now, 13, State.STAGED, minutes=10), url=""),
        replace(deployment(now, "Newsletter", 7), last_failed=version(now, 8, State.FAILED, minutes=40)),
        replace(deployment(now, "Shop", 31), on_rollback=True, building=version(now, 33, State.BUILDING, minutes=1)),
        replace(deployment(now, "Shared desk"), live=None, live_since=None, live_is_foreign=True, is_shared=True),
        replace(deployment(now, "Wholesale"), live=None, live_since=None, live_is_unread=True, is_unread=True),
        replace(deployment(now, "Campaign 2024"), live=None, live_since=None, is_gone=True),
    )


def age(now: datetime, **changes: Any) -> Age:
    return replace(Age(as_of=moment_ago(now, seconds=8), stale=False, filling=False, generation="7"), **changes)


def version_entry(
    now: datetime, order: int, *, minutes: float, app: str = "Main site", state: State = State.ARCHIVED
) -> VersionEntry:
    summary = version(now, order, state, minutes=minutes, who=("Dr Rao", "Vera Lind", "the platform")[order % 3])
    return VersionEntry(
        id=order,
        at=summary.created_at,
        deployment_id="dep_main_site",
        deployment_name=app,
        version=summary,
        sandbox="" if order % 4 else "sbx main",
        is_gone=state is State.GONE,
    )


def activation_entry(
    now: datetime, order: int, *, minutes: float, kind: ActivationKind = ActivationKind.ROLLED_BACK
) -> ActivationEntry:
    return ActivationEntry(
        id=order,
        at=moment_ago(now, minutes=minutes),
        deployment_id="dep_main_site",
        deployment_name="Main site",
        kind=kind,
        version_id="ver_0046",
        number=46,
        from_version_id="ver_0047",
        from_number=47,
        who="Ana Ruiz (support)",
        reason="Checkout broken" if kind is ActivationKind.ROLLED_BACK else "",
    )


def entries(now: datetime) -> tuple[VersionEntry | ActivationEntry, ...]:
    states = (
        State.BUILDING,
        State.STAGED,
        State.LIVE,
        State.FAILED,
        State.CREATED,
        State.READY,
        State.OTHER,
        State.GONE,
        State.UNREADABLE,
    )
    recent = [version_entry(now, 60 - index, minutes=4 + index * 9, state=state) for index, state in enumerate(states)]
    activations = [
        activation_entry(now, 1, minutes=95),
        activation_entry(now, 2, minutes=96, kind=ActivationKind.PROMOTED),
    ]
    named = [version_entry(now, 50 - index, minutes=1500 + index * 30, app=name) for index, name in enumerate(NAMES)]
    older = [version_entry(now, 44 - index, minutes=4300 + index * 700) for index in range(12)]
    return (*recent, *activations, *named, *older)


def choices() -> Choices:
    apps = tuple(Choice(f"dep_{name}", name) for name in ("Main site", "Booking", *NAMES))
    events = (Choice("published", "published"), Choice("rolled_back", "rolled_back"))
    states = tuple(Choice(state, state.value.title()) for state in (State.LIVE, State.STAGED, State.FAILED))
    people = (Choice("1", "Dr Rao"), Choice("2", "Ana Ruiz"))
    return Choices(apps, events, states, (Choice("static", "static"), Choice("dynamic", "dynamic")), people, ())


def history(now: datetime) -> History:
    return History(
        customer=CustomerSummary("brightsmile-dental", "Bright Smile Dental", None),
        deployments=deployments(now),
        page=Page(entries(now), "older", None),
        filters=Filters(),
        choices=choices(),
        age=age(now),
        last_publish=version(now),
    )


def histories(now: datetime) -> dict[str, History]:
    """The customer's page in each of its states."""
    usual = history(now)
    none = replace(usual, deployments=(), page=Page((), "", None), last_publish=None)
    one = replace(
        usual,
        deployments=usual.deployments[:1],
        page=Page((version_entry(now, 1, minutes=5, state=State.LIVE),), "", None),
    )
    return {
        "usual": usual,
        "first-visit": replace(none, age=age(now, as_of=None, stale=True, filling=True)),
        "no-apps": none,
        "one-version": one,
        "many-versions": replace(
            one, page=Page(tuple(version_entry(now, 400 - n, minutes=5 + n * 300) for n in range(50)), "older", None)
        ),
        "nothing-found": replace(
            usual, page=Page((), "further", moment_ago(now, days=200)), filters=Filters(text="checkout")
        ),
        "filtered": replace(
            usual,
            filters=Filters(states=(State.FAILED,)),
        ),
        "stale-20-s": replace(usual, age=age(now, as_of=moment_ago(now, seconds=20), stale=True)),
        "stale-3-h": replace(usual, age=age(now, as_of=moment_ago(now, hours=3), stale=True)),
        "unreachable": replace(
            usual, age=outage(now, Reachability.UNREACHABLE, "The hosting service does not respond.")
        ),
        "breaker-open": replace(
            usual,
            age=outage(
                now,
                Reachability.UNREACHABLE,
                "The hosting service failed several times in a row, so requests to it are paused.",
                wait_s=30,
            ),
        ),
        "budget-spent": replace(
            usual,
            age=outage(
                now,
                Reachability.BUDGET_SPENT,
                "Too many requests to the hosting service in the last minute.",
                wait_s=40,
            ),
        ),
        "refusing": replace(
            usual,
            age=outage(
                now,
                Reachability.REFUSING,
                "The hosting service refuses this portal’s requests. The operators have been notified.",
            ),
        ),
    }


def outage(now: datetime, reach: Reachability, text: str, *, wait_s: float = 0) -> Age:
    retry_at = now + timedelta(seconds=wait_s) if wait_s else None
    return age(
        now,
        as_of=moment_ago(now, hours=3),
        stale=True,
        reach=reach,
        since=moment_ago(now, minutes=3),
        retry_at=retry_at,
        for_people=text,
    )
