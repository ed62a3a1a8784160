"""Every response that is not a result: `application/problem+json` (RFC 9457).

The texts don't mention what was requested, so that another customer's object and a missing one get the same response.
For the same reason only an internal error has its request id in the body; every response has it as `X-Request-ID`.
"""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from portal.services import durability, errors

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 10

logger = logging.getLogger("django.request")

DETAILS = {
    400: _("The address contains an invalid value."),
    401: _("Sign in first."),
    403: _("You are signed in, but you don't have permission for this."),
    404: _("Not found, or you don't have access to it."),
    405: _("This address does not support the method."),
    406: _("This is available as JSON only."),
    409: _("This conflicts with another change."),
    415: _("Only JSON is accepted here."),
    422: _("Something you entered is invalid."),
    429: _("Too many requests. Wait a moment, then try again."),
    500: _("Something went wrong on our side. If it happens again, send us the request's id."),
    503: _("The hosting service can't be reached at the moment."),
}


class BadQuery(exceptions.APIException):
    """400; `wrong` maps the name of a parameter to a sentence."""

    status_code = 400

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__()
        self.wrong = dict(wrong)


class BadBody(exceptions.ParseError):
    """400: the JSON does not have the shape that the schema describes."""


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """For DRF. An error's own text is shown only if it is a `ServiceError`, whose text is for people."""
    error = durability.find_obstacle(error) or error
    match error:
        case errors.ServiceError():
            response = _for_service(error)
        case BadQuery():
            response = problem(400, errors=_errors(error.wrong))
        case exceptions.Throttled():
            response = problem(429, retry_after_s=getattr(error, "wait", None))
        case exceptions.ParseError() | exceptions.ValidationError():
            response = problem(400)
        case exceptions.APIException() if error.status_code in DETAILS:
            response = problem(error.status_code)
        case Http404():
            response = problem(404)
        case PermissionDenied():
            response = problem(403)
        case _:
            response = _for_internal_error(error, context)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def problem(status: int, *, detail: str = "", retry_after_s: float | None = None, **members: Any) -> Response:
    """`title` is the name of the status, `detail` a sentence for people."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or str(DETAILS[status]),
        **members,
    }
    response = Response(body, status=status, content_type=MEDIA_TYPE)
    if retry_after_s is not None:
        response["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return response


def _for_service(error: errors.ServiceError) -> Response:
    match error:
        case errors.NotFound():
            return problem(404)
        case errors.Forbidden():
            return problem(403, detail=error.for_people, who_can=[str(role) for role in error.who_can])
        case errors.Invalid():
            return problem(422, errors=_errors(error.fields))
        case errors.Conflict():
            return problem(409, detail=error.for_people)
        case errors.Unavailable():
            return problem(503, detail=error.for_people, retry_after_s=error.retry_after_s or RETRY_AFTER_S)
    return problem(500)


def _for_internal_error(error: Exception, context: Mapping[str, Any]) -> Response:
    request = context["request"]
    got_request_exception.send(sender=type(context["view"]), request=request)
    logger.error("Internal error: %s", request.path, exc_info=error, extra={"status_code": 500, "request": request})
    return problem(500, request_id=request.request_id)


def _errors(wrong: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "detail": detail} for name, detail in wrong.items()]
