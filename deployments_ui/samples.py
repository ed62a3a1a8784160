"""Made-up answers of services, for the styleguide: every state a page can be in, without anything behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from portal.services.queries.filters import Choice, Choices, Filters
from portal.services.queries.history import History
from portal.services.queries.schemas import (
    ActivationEntry,
    ActivationKind,
    Age,
    CustomerSummary,
    DeploymentSummary,
    Reachability,
    State,
    VersionEntry,
    VersionSummary,
)
from portal.services.queries.timeline import Page

LONG = "The Very Long Name of a Family Dentist by the Old Harbour Bridge"
# The address of a sample, where its form has to say what is wrong with it.
QUERIES = {"filtered": "state=failed&app=unknown", "nothing-found": "q=checkout"}
NAMES = ("عيادة الأسنان المشرقة", "คลินิกทันตกรรมยิ้มสวย", "Smile 😁 Café", LONG, "<b>bold</b> & “quoted”")


def moment(now: datetime, **ago: float) -> datetime:
    return now.astimezone(UTC) - timedelta(**ago)


def version(
    now: datetime, number: int = 46, state: State = State.LIVE, *, minutes: float = 120, who: str = "Dr Rao"
) -> VersionSummary:
    return VersionSummary(
        id=f"ver_{number:04d}",
        number=number,
        state=state,
        state_text="",
        kind="dynamic" if number % 3 == 0 else "static",
        created_at=moment(now, minutes=minutes),
        who=who,
        files=42 - number % 5,
        total_bytes=184_320 - number * 97,
        was_live=state in (State.LIVE, State.ARCHIVED),
    )


def deployment(now: datetime, name: str = "Main site", number: int = 46) -> DeploymentSummary:
    return DeploymentSummary(
        id=f"dep_{'_'.join(name.lower().split())}",
        name=name,
        url="https://brightsmile.example/",
        live=version(now, number),
        live_since=moment(now, minutes=118),
        live_is_foreign=False,
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
        replace(deployment(now, "Campaign 2024"), live=None, live_since=None, is_gone=True),
    )


def age(now: datetime, **changes: object) -> Age:
    return replace(Age(as_of=moment(now, seconds=8), stale=False, filling=False, generation="7"), **changes)  # type: ignore[arg-type]  # names of its fields


def row(
    now: datetime, order: int, *, minutes: float, app: str = "Main site", state: State = State.ARCHIVED
) -> VersionEntry:
    brief = version(now, order, state, minutes=minutes, who=("Dr Rao", "Vera Lind", "the platform")[order % 3])
    return VersionEntry(
        order, brief.created_at, "dep_main_site", app, brief, "" if order % 4 else "sbx main", state is State.GONE
    )


def turn(
    now: datetime, order: int, *, minutes: float, deed: ActivationKind = ActivationKind.ROLLED_BACK
) -> ActivationEntry:
    return ActivationEntry(
        id=order,
        at=moment(now, minutes=minutes),
        deployment_id="dep_main_site",
        deployment_name="Main site",
        deed=deed,
        version_id="ver_0046",
        number=46,
        from_version_id="ver_0047",
        from_number=47,
        who="Ana Ruiz (support)",
        reason="Checkout broken" if deed is ActivationKind.ROLLED_BACK else "",
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
    recent = [row(now, 60 - index, minutes=4 + index * 9, state=state) for index, state in enumerate(states)]
    turns = [turn(now, 1, minutes=95), turn(now, 2, minutes=96, deed=ActivationKind.PROMOTED)]
    named = [row(now, 50 - index, minutes=1500 + index * 30, app=name) for index, name in enumerate(NAMES)]
    older = [row(now, 44 - index, minutes=4300 + index * 700) for index in range(12)]
    return (*recent, *turns, *named, *older)


def choices() -> Choices:
    apps = tuple(Choice(f"dep_{name}", name) for name in ("Main site", "Booking", *NAMES))
    states = tuple(Choice(state, state.value.title()) for state in (State.LIVE, State.STAGED, State.FAILED))
    people = (Choice("1", "Dr Rao"), Choice("2", "Ana Ruiz"))
    return Choices(apps, states, (Choice("static", "static"), Choice("dynamic", "dynamic")), people, ())


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
        usual, deployments=usual.deployments[:1], page=Page((row(now, 1, minutes=5, state=State.LIVE),), "", None)
    )
    return {
        "usual": usual,
        "first-visit": replace(none, age=age(now, as_of=None, stale=True, filling=True)),
        "no-apps": none,
        "one-version": one,
        "many-versions": replace(
            one, page=Page(tuple(row(now, 400 - n, minutes=5 + n * 300) for n in range(50)), "older", None)
        ),
        "nothing-found": replace(
            usual, page=Page((), "further", moment(now, days=200)), filters=Filters(text="checkout")
        ),
        "filtered": replace(
            usual,
            filters=Filters(states=(State.FAILED,)),
        ),
        "stale-20-s": replace(usual, age=age(now, as_of=moment(now, seconds=20), stale=True)),
        "stale-3-h": replace(usual, age=age(now, as_of=moment(now, hours=3), stale=True)),
        "unreachable": replace(usual, age=away(now, Reachability.UNREACHABLE, "The hosting service does not answer.")),
        "breaker-open": replace(
            usual,
            age=away(
                now,
                Reachability.UNREACHABLE,
                "The hosting service failed several times in a row, so we pause asking it.",
                wait_s=30,
            ),
        ),
        "budget-spent": replace(
            usual,
            age=away(
                now,
                Reachability.BUDGET_SPENT,
                "Too much was asked of the hosting service in the last minute.",
                wait_s=40,
            ),
        ),
        "refusing": replace(
            usual,
            age=away(
                now,
                Reachability.REFUSING,
                "The hosting service refuses this portal’s questions. Its operators have been told.",
            ),
        ),
    }


def away(now: datetime, reach: Reachability, words: str, *, wait_s: float = 0) -> Age:
    retry_at = now + timedelta(seconds=wait_s) if wait_s else None
    return age(
        now,
        as_of=moment(now, hours=3),
        stale=True,
        reach=reach,
        since=moment(now, minutes=3),
        retry_at=retry_at,
        for_people=words,
    )
