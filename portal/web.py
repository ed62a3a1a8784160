"""The web server: `python -m portal.web`. SIGHUP replaces its processes one after the other, SIGTERM ends it."""

from __future__ import annotations

import os

import uvicorn
from uvicorn.supervisors import Multiprocess

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from portal import var_dir
from portal.http_protocol import DeadlineProtocol  # the settings come first
from portal.settings import CONFIG, LOGGING  # as above

KEEP_ALIVE_S = 5
STOP_WITHIN_S = 10
# A process that does not respond for this long is replaced. It also has this long to start.
HUNG_AFTER_S = 20


def serve() -> None:
    os.umask(0o077)  # files in VAR_DIR are for their owner only
    var_dir.lock_for_use(CONFIG.var_dir)
    config = uvicorn.Config(
        "portal.asgi:application",
        host=CONFIG.host.strip("[]"),
        port=CONFIG.port,
        workers=CONFIG.web_workers,
        http=DeadlineProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_worker_healthcheck=HUNG_AFTER_S,
        log_config=LOGGING,
        access_log=False,
        # Django's settings decide about forwarded headers. The software is not named.
        proxy_headers=False,
        server_header=False,
    )
    # uvicorn.run would serve one process without a parent, which nothing could replace.
    Multiprocess(config, sockets=[config.bind_socket()]).run()


if __name__ == "__main__":
    serve()
