"""The application for the web server (ASGI): requests are received completely before a thread works on them.

Views and middleware are synchronous, so Django runs as WSGI in a pool of threads. A client that sends or reads slowly
occupies a connection (`portal.http_protocol` limits for how long), never a thread.
"""

from __future__ import annotations

from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings

from portal.asgi_reader import RequestReader
from portal.supervisor import end_with_parent
from portal.wsgi import application as wsgi_application

end_with_parent()
# An unbounded queue: for a client that reads slowly the response waits there, and not in the thread.
application = RequestReader(
    WSGIMiddleware(cast(Any, wsgi_application), workers=settings.WEB_THREADS, send_queue_size=0),
    most_bytes=settings.MOST_BODY_BYTES,
)
