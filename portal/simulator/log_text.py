"""Logs as builders and runtimes write them: with ANSI colours, and with a reason where something failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from portal.simulator.records import Build, Version

RED, GREEN, YELLOW, CYAN, DIM, BOLD, OFF = (
    "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[2m", "\x1b[1m", "\x1b[0m",
)  # fmt: skip
HUGE_LOG_LINES = 250_000  # about 14 MB
SECONDS_PER_LINE = 7
REQUEST_PATHS = ("/", "/healthz", "/api/slots", "/styles.css", "/contact")
STAGES = ("build", "runtime_install", "runtime_start")

# By a version's `failure`: the last lines of its log. The first line with "error" in it is the reason.
FAILURE_LOGS = {
    "build:typescript": (
        f"{RED}src/pages/index.tsx:41:18 - error TS2339: Property 'subscribeUrl' does not exist on type 'Config'.{OFF}",
        "",
        "    41   <a href={config.subscribeUrl}>",
        f"       {RED}           ~~~~~~~~~~~~{OFF}",
        "Found 1 error in src/pages/index.tsx:41",
        f"{RED}{BOLD}error{OFF} Command failed: npm run build (exit code 2)",
    ),
    "build:missing_module": (
        f"{RED}Error: Cannot find module '@/components/Carousel' imported from src/pages/home.tsx{OFF}",
        "    at resolveImport (node_modules/bundler/dist/resolve.js:212:11)",
        f"{RED}{BOLD}error{OFF} Command failed: npm run build (exit code 1)",
    ),
    "build:out_of_memory": (
        "<--- Last few GCs --->",
        f"{RED}FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory{OFF}",
        f"{RED}{BOLD}error{OFF} Command failed: npm run build (killed, exit code 137)",
    ),
    "health:timeout": (
        f"{YELLOW}health check 1/6: no answer from port 8080 after 10 s{OFF}",
        f"{YELLOW}health check 6/6: no answer from port 8080 after 10 s{OFF}",
        f"{RED}{BOLD}error{OFF} Health check failed: GET /healthz did not answer within 60 s",
    ),
    "health:status_500": (
        f"{YELLOW}health check 1/6: GET /healthz answered 500{OFF}",
        f"{RED}TypeError: Cannot read properties of undefined (reading 'DATABASE_URL'){OFF}",
        "    at connect (/workspace/server/db.js:14:31)",
        f"{YELLOW}health check 6/6: GET /healthz answered 500{OFF}",
        f"{RED}{BOLD}error{OFF} Health check failed: GET /healthz answered 500, expected 2xx",
    ),
}


def version_lines(version: Version, stage: str | None, style: str) -> Iterator[str]:
    """Without line ends; of all stages unless one is given. `style` is a value of the knob `log_text`."""
    parts = {
        "build": _build(version, style),
        "runtime_install": _install(version),
        "runtime_start": _start(version),
    }
    for name, lines in parts.items():
        if stage in (None, name):
            yield from lines


def _build(version: Version, style: str) -> Iterator[str]:
    yield f"{DIM}[{version.created_at:%H:%M:%S}]{OFF} {CYAN}▸{OFF} Preparing sources"
    if version.state == "created":
        return
    yield f"{CYAN}▸{OFF} npm ci"
    yield f"added {300 + version.version_number % 90} packages in 6s"
    yield f"{YELLOW}npm warn deprecated{OFF} inflight@1.0.6: This module is not supported"
    yield f"{CYAN}▸{OFF} npm run build"
    yield from _progress(HUGE_LOG_LINES if style == "huge" else 12)
    if version.state == "building":
        return
    if version.failure and version.failure.startswith("build"):
        yield from FAILURE_LOGS[version.failure]
        return
    if style == "vendor":
        yield f"Uploading to {version.artifact_uri}"
        yield "Cache stored by builder-7.fra1.miosa.internal (10.40.3.9)"
    yield f"{GREEN}✓{OFF} {version.files} files, {version.total_bytes / 1024:.1f} kB"
    yield f"{GREEN}✓{OFF} Build finished"


def _progress(lines: int) -> Iterator[str]:
    for number in range(lines):
        yield f"  transformed module {number:>7} {DIM}(src/chunk-{number % 37}.ts){OFF}"


def _install(version: Version) -> Iterator[str]:
    if version.kind == "static" or version.artifact_sha256 is None:
        return
    yield f"{CYAN}▸{OFF} Installing production dependencies"
    yield "added 84 packages in 2s"


def _start(version: Version) -> Iterator[str]:
    if version.kind == "static" or version.artifact_sha256 is None:
        return
    yield f"{CYAN}▸{OFF} {version.runtime_command}"
    if version.failure in FAILURE_LOGS:
        yield from FAILURE_LOGS[str(version.failure)]
        return
    yield f"listening on port {version.runtime_port}"
    yield f"{GREEN}✓{OFF} health check: GET {version.health_check_path} answered 200"


def build_lines(build: Build) -> Iterator[str]:
    yield f"{CYAN}▸{OFF} Cloning repository at {(build.commit_sha or 'HEAD')[:10]}"
    if build.state == "queued":
        return
    yield f"{CYAN}▸{OFF} npm ci && npm run build"
    yield from _progress(8)
    if build.state == "failed":
        yield f"{RED}{BOLD}error{OFF} {build.error_message}"
    elif build.state == "cancelled":
        yield f"{YELLOW}cancelled{OFF}"
    elif build.state == "succeeded":
        yield f"{GREEN}✓{OFF} Build finished"


def runtime_lines(now: datetime, count: int) -> list[str]:
    """The last requests served. The same moment always gives the same line."""
    start = int(now.timestamp()) // SECONDS_PER_LINE - count
    return [
        f"{datetime.fromtimestamp(tick * SECONDS_PER_LINE, now.tzinfo):%Y-%m-%dT%H:%M:%SZ} "
        f"GET {REQUEST_PATHS[tick % len(REQUEST_PATHS)]} {GREEN}200{OFF} {3 + tick * 7 % 40}ms"
        for tick in range(start, start + count)
    ]
