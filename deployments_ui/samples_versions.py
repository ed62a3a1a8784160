"""Made-up deployments, versions and logs, for the styleguide."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from deployments_ui import samples
from portal import terminal
from portal.services.queries.app_health import AppCheck, DomainHealth, InstanceHealth
from portal.services.queries.builds import Build
from portal.services.queries.comparison import Comparison, DomainChange, EnvChange, LiveChange
from portal.services.queries.deployments import Condition, DeploymentPage, PreviousPeriod
from portal.services.queries.differences import Delta, Difference
from portal.services.queries.filters import Filters
from portal.services.queries.log_pages import LogPage
from portal.services.queries.retention import Keeping, Retention
from portal.services.queries.schemas import DENIED, Action, Actions, CustomerSummary, State
from portal.services.queries.timeline import Page
from portal.services.queries.timeline_schemas import ActivationKind
from portal.services.queries.versions import Moment, Offers, VersionPage

CUSTOMER = CustomerSummary("brightsmile-dental", "Bright Smile Dental", None)
SHA = "a5e6f0c1d2b3948576a5e6f0c1d2b3948576a5e6f0c1d2b3948576a5e6f0c1d2"


def deployment_page(now: datetime) -> DeploymentPage:
    allowed = Action(may=True)
    summary = replace(
        samples.deployment(now),
        staged=samples.version(now, 48, State.STAGED, minutes=10),
        actions=Actions(
            delete=allowed, promote=allowed, publish=allowed, redeploy=allowed, rename=allowed, roll_back=allowed
        ),
    )
    return DeploymentPage(
        customer=CUSTOMER,
        deployment=summary,
        hosting_urls=("https://brightsmile.apps.example/",),
        last_good=samples.version(now, 45, State.ARCHIVED, minutes=13_000),
        last_good_from=samples.moment_ago(now, days=9),
        last_good_until=samples.moment_ago(now, minutes=118),
        before=PreviousPeriod(
            samples.version(now, 45, State.ARCHIVED, minutes=13_000),
            samples.moment_ago(now, days=9),
            samples.moment_ago(now, minutes=118),
            Condition.GOOD,
        ),
        check=AppCheck(
            samples.moment_ago(now, minutes=117), "ok", "It answers (200), and this version is what runs.", uuid4()
        ),
        domains=DomainHealth(2, 1),
        instances=InstanceHealth(2, 2, samples.moment_ago(now, minutes=3)),
        staged_delta=Delta(same_artifact=False, files=6, total_bytes=120_400, same_runtime=True),
        is_cut=False,
        shows_vendor_host=False,
        gone_at=None,
        page=Page(tuple(samples.version_entry(now, 48 - n, minutes=10 + n * 400) for n in range(8)), "older", None),
        filters=Filters(),
        choices=samples.choices(),
        notes=(),
        builds=(Build("bld_1", "failed", "9fceb02d0ae598e9", "Fix the booking form", "webhook", now, 8420, ""),),
        has_builds_only=False,
        source="",
        created_at=samples.moment_ago(now, days=300),
        age=samples.age(now),
    )


def deployment_pages(now: datetime) -> dict[str, DeploymentPage]:
    usual = deployment_page(now)
    unstaged = replace(usual.deployment, staged=None, actions=replace(usual.deployment.actions, promote=DENIED))
    gone = replace(unstaged, is_gone=True, live=None, live_since=None)
    shared = replace(unstaged, live=None, live_is_foreign=True, is_shared=True, actions=Actions())
    failed = replace(
        unstaged,
        last_failed=samples.version(now, 47, State.FAILED, minutes=8),
        on_rollback=True,
    )
    stopped = replace(unstaged, is_stopped=True)
    building = replace(unstaged, building=samples.version(now, 48, State.BUILDING, minutes=1))
    empty = replace(unstaged, live=None, live_since=None, live_by="")
    bad = AppCheck(samples.moment_ago(now, minutes=117), "bad", "It answers with an error (503).", uuid4())
    return {
        "app": usual,
        "app-gone": replace(
            usual, deployment=gone, last_good=None, before=None, domains=None, instances=None, gone_at=now
        ),
        "app-shared": replace(
            usual,
            deployment=shared,
            last_good=None,
            before=None,
            check=None,
            instances=None,
            hosting_urls=(),
            is_cut=True,
            builds=(),
        ),
        "app-failed": replace(usual, deployment=failed),
        "app-bad": replace(usual, deployment=unstaged, check=bad, instances=InstanceHealth(0, 2, now)),
        "app-building": replace(usual, deployment=building, check=None),
        "app-empty": replace(
            usual, deployment=empty, before=None, last_good=None, check=None, domains=None, instances=None
        ),
        "app-stopped": replace(usual, deployment=stopped),
    }


def version_page(now: datetime) -> VersionPage:
    summary = samples.version(now, 45, State.ARCHIVED, minutes=13_000)
    created = summary.created_at
    return VersionPage(
        customer=CUSTOMER,
        deployment=samples.deployment(now),
        version=summary,
        is_gone=False,
        failure="",
        retention=Retention(Keeping.UNTIL, now + timedelta(days=23)),
        moments=(
            Moment("created", created),
            Moment("built", created + timedelta(seconds=12)),
            Moment("went_live", created + timedelta(minutes=3)),
            Moment("replaced", samples.moment_ago(now, minutes=118)),
        ),
        entrypoint="index.html",
        artifact_sha256=SHA,
        source_sha256="",
        runtime_image="registry/node:20",
        runtime_command="node server.js",
        runtime_port=8080,
        health_check_path="/ready",
        project="Landing page",
        source_sandbox="sbx_01HBRIGHT",
        build_id="bld_01H",
        previous_id="ver_0044",
        next_id="ver_0046",
        internals=(),
        age=samples.age(now),
    )


def offers(now: datetime) -> Offers:
    """The actions of a version that can't be restored."""
    cause = "Its files are no longer kept, so it can't be restored."
    return Offers(
        customer=CUSTOMER,
        deployment=samples.deployment(now),
        version=samples.version(now, 12, State.ARCHIVED, minutes=90_000),
        is_live=False,
        actions=Actions(roll_back=Action(may=True, cause=cause)),
    )


def version_pages(now: datetime) -> dict[str, VersionPage]:
    usual = version_page(now)
    failed = replace(
        usual,
        version=samples.version(now, 47, State.FAILED, minutes=8),
        failure="The health check on /ready answered 503 for 60 seconds.",
        retention=Retention(Keeping.NEVER, None),
        moments=(usual.moments[0], Moment("failed", samples.moment_ago(now, minutes=7))),
    )
    gone = replace(usual, is_gone=True, retention=Retention(Keeping.COLLECTED, samples.moment_ago(now, days=40)))
    return {"version": usual, "version-failed": failed, "version-gone": gone}


def comparison(now: datetime) -> Comparison:
    left, right = samples.version(now, 45, State.ARCHIVED, minutes=13_000), samples.version(now, 46)
    return Comparison(
        customer=CUSTOMER,
        deployment=samples.deployment(now),
        left=left,
        right=right,
        delta=Delta(same_artifact=False, files=-2, total_bytes=-5_316, same_runtime=False),
        changed=(
            Difference("files", 42, 40),
            Difference("total_bytes", 184_320, 179_004),
            Difference("artifact", SHA[:16], SHA[16:32]),
            Difference("port", 8080, 3000),
        ),
        equal=(Difference("kind", "static", "static"), Difference("command", "node server.js", "node server.js")),
        versions=(samples.version(now, 44, State.FAILED, minutes=9_000, who="Vera Lind"),),
        has_more=False,
        live_changes=(
            LiveChange(
                kind=ActivationKind.ROLLED_BACK,
                at=samples.moment_ago(now, minutes=8_000),
                version_id="ver_0043",
                number=43,
                from_version_id="ver_0045",
                from_number=45,
                who="Ana Ruiz",
                role="support",
                reason="Checkout broken",
                operation=uuid4(),
            ),
        ),
        env_changes=(
            EnvChange("STRIPE_KEY", "production", samples.moment_ago(now, minutes=7_000), "Dr Rao", "", False),
        ),
        domain_changes=(DomainChange("www.brightsmile.example", samples.moment_ago(now, minutes=6_000), False),),
        choices=(right, left),
        offered=left,
        actions=Actions(roll_back=Action(may=True)),
    )


def log_page(lines: int) -> LogPage:
    """A build log with every colour, an error, a gap and hostile text."""
    colours = " ".join(f"\x1b[{30 + n}mtext\x1b[0m \x1b[{40 + n}m on \x1b[0m" for n in range(8))
    body = [f"\x1b[90m{n:06d}\x1b[0m copying assets/image-{n}.webp \x1b[32mok\x1b[0m" for n in range(1, lines - 4)]
    tail = [
        f"{colours} \x1b[7m inverse \x1b[0m \x1b[9mstruck\x1b[0m",
        "\x1b[1;31mError\x1b[0m: cannot find module 'stripe'",
        "<script>alert(1)</script>",
        "npm ERR! exited with code 1",
    ]
    text = terminal.render("\n".join([*body, *tail]))
    return LogPage(text, complete=True, gap_line=4, gap_bytes=41_200_000, first_error=lines - 3, checksum=str(lines))
