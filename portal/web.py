"""The web server's settings: `gunicorn --config python:portal.web portal.wsgi`."""

from __future__ import annotations

from typing import Any

import gunicorn

from portal import metrics
from portal.settings import CONFIG, LOGGING

# What a page is made with is nobody's business.
gunicorn.SERVER = "web"

bind = f"{CONFIG.host}:{CONFIG.port}"
worker_class = "gthread"
workers = CONFIG.web_workers
threads = CONFIG.web_threads
# The code is loaded once and shared by the workers: a quicker start and less memory.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
control_socket_disable = True
# Nothing is believed about who asks and how; behind a proxy Django's own settings say what to believe.
forwarded_allow_ips = ""
errorlog = "-"
logconfig_dict = LOGGING


def child_exit(server: Any, worker: Any) -> None:
    metrics.forget_process(worker.pid)
