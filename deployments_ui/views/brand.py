"""The brands, for operators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.brand import BrandForm
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.uploads import read_image, takes_files
from portal.services.brands import changes, colors
from portal.services.brands.changes import StoredBrand
from portal.services.errors import Invalid


@require_safe
def index(request: htmx.Request) -> HttpResponse:
    brands = changes.list_brands(by=request.person)
    return render(request, "brand/list.html", {"brands": brands})


@takes_files
@require_recent_sign_in
@dialogs.allow_form_methods
def addition(request: htmx.Request) -> HttpResponse:
    return edit(request, None)


@takes_files
@require_recent_sign_in
@dialogs.allow_form_methods
def show(request: htmx.Request, brand_id: int) -> HttpResponse:
    """0 is the default brand, stored or not."""
    return edit(request, brand_id)


@require_recent_sign_in
@dialogs.allow_form_methods
def deletion(request: htmx.Request, brand_id: int) -> HttpResponse:
    stored = changes.get_brand(brand_id, by=request.person)
    if request.method == "POST":
        changes.delete_brand(brand_id, by=request.person)
        messages.success(request, _("%(name)s was deleted.") % {"name": stored.brand.name})
        return dialogs.SeeOther(links.brands())
    return render(request, "brand/deletion.html", {"stored": stored})


@require_POST
def preview(request: htmx.Request, brand_id: int | None = None) -> HttpResponse:
    """The part of the form's page that shows what is typed."""
    stored = changes.get_brand(brand_id, by=request.person)
    context = context_of(request, stored, BrandForm(request.POST), brand_id=brand_id)
    return htmx.render(request, "brand/page.html", context, part="preview")


@require_safe
def preview_colors(request: htmx.Request, accent: str) -> HttpResponse:
    """A stylesheet for the preview of a colour that is not stored."""
    css = changes.write_preview_stylesheet(f"#{accent}", by=request.person)
    return HttpResponse(css, content_type="text/css; charset=utf-8")


def edit(request: htmx.Request, brand_id: int | None) -> HttpResponse:
    by = request.person
    stored = changes.get_brand(brand_id, by=by)
    is_sent = request.method == "POST" and "preview" not in request.POST
    form = BrandForm(request.POST if is_sent else None, initial=request.POST.dict() or asdict(stored.text))
    if is_sent:
        images = {name: read_image(request, name) for name in ("logo", "icon")}
        try:
            saved = changes.save_brand(brand_id, form.text(), **images, by=by)
        except Invalid as error:
            form.add_errors(error)
        else:
            messages.success(request, _("Saved. Other open pages show it within a few seconds."))
            return dialogs.SeeOther(links.brand(0 if saved.is_default else saved.id))
    context = context_of(request, stored, form, brand_id=brand_id)
    return htmx.vary(render(request, "brand/page.html", context, status=422 if is_sent else 200))


def context_of(request: htmx.Request, stored: StoredBrand, form: BrandForm, *, brand_id: int | None) -> dict[str, Any]:
    shown = changes.preview(form.text(), at=stored, by=request.person)
    return {
        "stored": stored,
        "form": form,
        "shown": shown,
        "palette": colors.make_palette(shown.accent) if shown.accent else None,
        "form_url": links.new_brand() if brand_id is None else links.brand(brand_id),
        "preview_url": links.brand_preview(brand_id),
        "sender": changes.get_default_sender(),
        "title": stored.brand.name or _("New brand"),
    }
