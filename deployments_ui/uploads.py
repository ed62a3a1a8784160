"""Files can be uploaded to the views marked by `takes_files`, and nowhere else (FILE_UPLOAD_HANDLERS is empty)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.services.brands.changes import ImageChange

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def takes_files(view: View) -> View:
    """Marks a view. Files stay in memory: a body has 2 MB at most (`guards.BodyLimitMiddleware`)."""
    view.takes_files = True  # type: ignore[attr-defined]  # read by the middleware
    return view


class UploadMiddleware:
    """Before the check against forged forms, which reads the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(view, "takes_files", False):
            request.upload_handlers = [MemoryFileUploadHandler(request)]


def read_image(request: HttpRequest, name: str) -> ImageChange:
    """What a form says about the picture with this name: an uploaded file, or a tick at `remove_<name>`."""
    file = request.FILES.get(name)
    content = file.read() if isinstance(file, UploadedFile) else b""
    return ImageChange(content, removes=f"remove_{name}" in request.POST)
