"""A customer with hostile text in every free field: markup, quotes, control characters, bidi overrides, templates."""

from __future__ import annotations

from portal.simulator.records import Attribution
from portal.simulator.seed.builder import DAY, HOUR, History, SeedBuilder
from portal.simulator.seed.related import add_builds, add_domain, add_env, add_instances

SCRIPT = "<script>window.__x=1</script>"
IMAGE = '"><img src=x onerror="window.__x=1">'
TEMPLATE = "{{ 7*7 }}{% debug %}${7*7}"
BIDI = "\u202egnp.exe\u202c"
CONTROLS = "bell\x07 escape\x1b[31m tab\t line\nfeed\r nul-like\x01\x7f"
JAVASCRIPT = "javascript:window.__x=1"
EXTERNAL_ID = """o'hara & "sons" <b>/../%2e%2e;?#"""
CUSTOMER_NAME = f"O'Hara & Sons {SCRIPT}"


def add_hostile_customer(builder: SeedBuilder) -> None:
    customer = builder.add_customer(
        EXTERNAL_ID,
        CUSTOMER_NAME,
        people=(f"eve{IMAGE}", f"mallory{CONTROLS}"),
        description=TEMPLATE,
        metadata={"note": SCRIPT, SCRIPT: CONTROLS},
    )
    builder.add_sandbox(customer, f"sandbox {IMAGE}", age=2 * DAY, project=TEMPLATE)
    attribution = Attribution(workspace=EXTERNAL_ID, user=f"eve{IMAGE}", project=f"{TEMPLATE}{SCRIPT}")
    app = builder.add_deployment(
        customer,
        f"{SCRIPT}{BIDI}{CONTROLS}",
        History(versions=6, oldest=30 * DAY, newest=4 * HOUR, failed={5: "build:typescript"}),
        kind="dynamic",
        scenario="hostile text",
        slug="ohara-app",
        attribution=attribution,
        branch=f"feature/{IMAGE}",
        repo_url=JAVASCRIPT,
        metadata={"title": SCRIPT, "link": JAVASCRIPT},
    )
    app.run_command = app.build_command = f"echo '{SCRIPT}' && {TEMPLATE}"
    app.runtime_image = IMAGE
    app.error_message = f"{CONTROLS}{SCRIPT}"
    for version in app.versions:
        version.metadata = {"note": IMAGE}
        version.entrypoint = f"{SCRIPT}.html"
        version.runtime_image, version.runtime_command = IMAGE, f"node {SCRIPT}"
        version.health_check_path = f"/{IMAGE}"
    domain = add_domain(builder, app, "shop.ohara.example", "failed")
    domain.error = f"{SCRIPT}{CONTROLS}"
    add_env(builder, app, GREETING=f"{SCRIPT}{CONTROLS}")
    add_instances(builder, app)
    for instance in app.instances:
        instance.error_message = f"{IMAGE}{CONTROLS}"
    add_builds(builder, app, customer)
    for build in app.builds:
        build.commit_message = f"{SCRIPT} {CONTROLS}"
        build.error_message = IMAGE if build.state == "failed" else None
