"""The web server with deadlines and limits that tests can wait for: `python -m tests.run.quick_web`."""

from portal import http_protocol, web

http_protocol.REQUEST_DEADLINE_S = 1.5
http_protocol.RESPONSE_STALLED_MS = 1_500
http_protocol.MOST_CONNECTIONS = 400
web.HUNG_AFTER_S = 10

if __name__ == "__main__":
    web.serve()
