"""Settings of the web server: `gunicorn --config python:portal.gunicorn_conf portal.wsgi`."""

from __future__ import annotations

from typing import Any

import gunicorn

from portal import metrics
from portal.settings import CONFIG, LOGGING

# The `Server` header. It doesn't name the software.
gunicorn.SERVER = "web"

bind = f"{CONFIG.host}:{CONFIG.port}"
worker_class = "gthread"
workers = CONFIG.web_workers
threads = CONFIG.web_threads
# Workers share the memory of code that was loaded before they were forked, and start faster.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
control_socket_disable = True
# Files in VAR_DIR are for their owner only.
umask = 0o077
# gunicorn trusts no forwarded headers: Django's own settings decide about them.
forwarded_allow_ips = ""
errorlog = "-"
logconfig_dict = LOGGING


def child_exit(server: Any, worker: Any) -> None:
    metrics.remove_process(worker.pid)
