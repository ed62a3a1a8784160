"""The joined styles and scripts. Nobody has to sign in."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from deployments_ui import assets
from deployments_ui.views.brand_files import FOR_EVER

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@login_not_required
@require_safe
def show(request: HttpRequest, digest: str, kind: str) -> HttpResponse:
    """A page of the release before this one gets the present file, which nothing may store under that address."""
    if kind not in TYPES:
        raise Http404
    bundle = assets.get_bundle(kind)
    accepts_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(bundle.gzipped if accepts_gzip else bundle.content, content_type=TYPES[kind])
    if accepts_gzip:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = FOR_EVER if digest == bundle.digest else "no-store"
    return response
