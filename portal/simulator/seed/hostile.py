"""One customer whose every free field is hostile: markup, quotes, control characters, bidi tricks, templates."""

from __future__ import annotations

from portal.simulator.records import Attribution
from portal.simulator.seed import trimmings
from portal.simulator.seed.nursery import DAY, HOUR, Nursery, Past

SCRIPT = "<script>window.__x=1</script>"
IMAGE = '"><img src=x onerror="window.__x=1">'
TEMPLATE = "{{ 7*7 }}{% debug %}${7*7}"
BIDI = "\u202egnp.exe\u202c"
CONTROLS = "bell\x07 escape\x1b[31m tab\t line\nfeed\r nul-like\x01\x7f"
JAVASCRIPT = "javascript:window.__x=1"
EXTERNAL_ID = """o'hara & "sons" <b>/../%2e%2e;?#"""
CUSTOMER_NAME = f"O'Hara & Sons {SCRIPT}"


def plant(n: Nursery) -> None:
    c = n.customer(
        EXTERNAL_ID, CUSTOMER_NAME, people=(f"eve{IMAGE}", f"mallory{CONTROLS}"),
        description=TEMPLATE, metadata={"note": SCRIPT, SCRIPT: CONTROLS},
    )  # fmt: skip
    n.sandbox(c, f"sandbox {IMAGE}", age=2 * DAY, project=TEMPLATE)
    by = Attribution(workspace=EXTERNAL_ID, user=f"eve{IMAGE}", project=f"{TEMPLATE}{SCRIPT}")
    app = n.deployment(
        c, f"{SCRIPT}{BIDI}{CONTROLS}",
        Past(versions=6, oldest=30 * DAY, newest=4 * HOUR, failed={5: "build:typescript"}),
        kind="dynamic", scenario="hostile text", slug="ohara-app", by=by, branch=f"feature/{IMAGE}",
        repo_url=JAVASCRIPT, metadata={"title": SCRIPT, "link": JAVASCRIPT},
    )  # fmt: skip
    app.run_command = app.build_command = f"echo '{SCRIPT}' && {TEMPLATE}"
    app.runtime_image = IMAGE
    app.error_message = f"{CONTROLS}{SCRIPT}"
    for version in app.versions:
        version.metadata = {"note": IMAGE}
        version.entrypoint = f"{SCRIPT}.html"
        version.runtime_image, version.runtime_command = IMAGE, f"node {SCRIPT}"
        version.health_check_path = f"/{IMAGE}"
    domain = trimmings.domain(n, app, "shop.ohara.example", "failed")
    domain.error = f"{SCRIPT}{CONTROLS}"
    trimmings.env(n, app, GREETING=f"{SCRIPT}{CONTROLS}")
    trimmings.instances(n, app)
    for instance in app.instances:
        instance.error_message = f"{IMAGE}{CONTROLS}"
    trimmings.builds(n, app, c)
    for build in app.builds:
        build.commit_message = f"{SCRIPT} {CONTROLS}"
        build.error_message = IMAGE if build.state == "failed" else None
