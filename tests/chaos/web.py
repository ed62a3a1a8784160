"""A web server that only submits confirmed forms. Its parent has loaded the code, and replaces a killed process."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
get_wsgi_application()

from django.db import connection  # noqa: E402  # Django had to be set up first
from django.utils import timezone  # noqa: E402  # as above

from portal.permissions import Person, Role  # noqa: E402  # as above
from portal.services.operations import releases  # noqa: E402  # as above
from portal.services.operations.submit import DialogIds  # noqa: E402  # as above
from portal.services.operations.tokens import Confirmation  # noqa: E402  # as above

OPERATOR = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    posted = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    try:
        ids = DialogIds(posted["slug"], posted["deployment_id"], posted["version_id"])
        confirmation = Confirmation(posted["token"], choice="checkout")
        page = releases.submit(posted["kind"], ids, confirmation, by=OPERATOR, now=timezone.now())
    finally:
        connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(page.key).encode()]


def serve(listener: socket.socket) -> None:
    app: Any = WSGIMiddleware(cast(Any, application), workers=4)
    uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_level="warning")).run(sockets=[listener])


def main(port: int, processes: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    running: set[int] = set()
    while True:
        while len(running) < processes:
            pid = os.fork()
            if pid == 0:
                serve(listener)
                os._exit(0)
            running.add(pid)
        running.discard(os.wait()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
