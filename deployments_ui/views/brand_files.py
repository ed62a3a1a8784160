"""What browsers fetch of a brand: its stylesheet, pictures, web manifest, and fixed names. Nobody has to sign in.

Stylesheets and pictures are addressed by the digest of their content, so they can be kept for ever.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from deployments_ui import links
from deployments_ui.frame import Frame
from portal.services.brands import files
from portal.services.brands.images import ICON_SIZES

FOR_EVER: Final = "public, max-age=31536000, immutable"
FOR_MINUTES: Final = "public, max-age=300"


@login_not_required
@require_safe
def stylesheet(request: HttpRequest, digest: str) -> HttpResponse:
    return respond(files.get_stylesheet(digest), "text/css; charset=utf-8")


@login_not_required
@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    return respond(files.get_logo(digest), "image/png")


@login_not_required
@require_safe
def icon(request: HttpRequest, digest: str, side: int) -> HttpResponse:
    return respond(files.get_icon(digest, side=side), "image/png")


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    brand = Frame(request).brand
    sizes = [side for side in ICON_SIZES if side >= 180] if brand.icon else []
    content = {
        "name": brand.name,
        "short_name": brand.name[:12],
        "start_url": "/",
        "display": "browser",
        "icons": [
            {"src": links.brand_icon(brand.icon, side), "sizes": f"{side}x{side}", "type": "image/png"}
            for side in sizes
        ],
    }
    headers = {"Cache-Control": FOR_MINUTES, "Vary": "Host"}
    return JsonResponse(content, content_type="application/manifest+json", headers=headers)


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers and mail programs ask for it without having read a page."""
    icon = Frame(request).brand.icon
    url = links.brand_icon(icon, 32) if icon else static("img/mark.svg")
    return HttpResponseRedirect(url, headers={"Cache-Control": FOR_MINUTES, "Vary": "Host"})


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The portal is for people who sign in, not for search engines."""
    text = "User-agent: *\nDisallow: /\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": FOR_MINUTES})


def respond(content: str | bytes, content_type: str) -> HttpResponse:
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, headers=headers)
