"""The HTML of a mail, made from its text: paragraphs, and a button for a link that has a line to itself.

Mail programs know neither stylesheets nor custom properties, so the colours are written at each element. Everything is
escaped.
"""

from __future__ import annotations

import re

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.services.brands import colors
from portal.services.brands.current import CurrentBrand

LOGO_ID = "logo@brand"
# The portal's own blue, as static/css/tokens.css has it for the light theme.
PLAIN_ACCENT = "#1f4fa3"
_LINK = re.compile(r"https?://[^\s<>\"']+")
_AFTER_LINK = ".,;:!?)"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:1.5"
_BREAK = mark_safe("<br>\n")
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light"><title>{subject}</title></head>
<body style="margin:0;padding:24px 16px;background:#f4f3f1;color:#1c1a17;{font}">
<div style="max-width:560px;margin:0 auto;background:#ffffff;border:1px solid #e2e0dc;border-radius:6px">
<div style="padding:20px 28px;border-bottom:1px solid #e2e0dc">{head}</div>
<div style="padding:12px 28px 20px;overflow-wrap:anywhere">{paragraphs}</div>
</div>
<div style="max-width:560px;margin:12px auto 0;padding:0 28px;color:#5f5b55;font-size:13px">{foot}</div>
</body></html>
"""


def write(text: str, *, subject: str, brand: CurrentBrand) -> str:
    """`brand.logo`, if there is one, is referred to by its Content-ID, LOGO_ID."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return format_html(
        _PAGE,
        language=get_language() or "en",
        subject=subject,
        font=mark_safe(_FONT),  # noqa: S308  # a constant
        head=_write_head(brand),
        paragraphs=format_html_join("\n", "{}", ((_write_block(block, brand),) for block in blocks)),
        foot=_write_foot(brand),
    )


def _write_head(brand: CurrentBrand) -> SafeString:
    name = format_html('<span style="font-size:17px;font-weight:600" dir="auto">{}</span>', brand.name)
    if not brand.logo:
        return name
    style = "height:32px;max-width:160px;vertical-align:middle;margin-right:10px"
    return format_html('<img src="cid:{}" alt="" height="32" style="{}">{}', LOGO_ID, style, name)


def _write_block(block: str, brand: CurrentBrand) -> SafeString:
    """One paragraph; each link in it that has a line to itself becomes a button."""
    lines = [line.strip() for line in block.splitlines()]
    pieces = (
        (_write_button(line, brand) if _is_own_link(line, brand) else _write_line(line, brand),) for line in lines
    )
    return format_html('<p style="margin:16px 0" dir="auto">{}</p>', format_html_join(_BREAK, "{}", pieces))


def _is_own_link(text: str, brand: CurrentBrand) -> bool:
    """Only addresses of the portal are links: a name may hold another one, and would lead people there."""
    return bool(_LINK.fullmatch(text)) and text.startswith(f"{brand.url}/")


def _write_button(url: str, brand: CurrentBrand) -> SafeString:
    shades = colors.make_palette(brand.accent or PLAIN_ACCENT).light
    # Without images and styles it is still a link, and its address can be read and copied.
    button = (
        '<a href="{0}" style="display:inline-block;padding:9px 16px;border-radius:6px;background:{1};color:{2};'
        'text-decoration:none;font-weight:600">{3}</a><br>\n'
        '<a href="{0}" style="color:{4};font-size:13px;word-break:break-all">{0}</a>'
    )
    return format_html(button, url, shades.fill, shades.on, _("Open"), shades.text)


def _write_line(line: str, brand: CurrentBrand) -> SafeString:
    """Links in the middle of a line stay links; a full stop behind one is not part of it."""
    shade = colors.make_palette(brand.accent or PLAIN_ACCENT).light.text
    parts: list[SafeString] = []
    end = 0
    for found in _LINK.finditer(line):
        url = found[0].rstrip(_AFTER_LINK)
        if not _is_own_link(url, brand):
            continue
        parts.append(escape(line[end : found.start()]))
        parts.append(format_html('<a href="{0}" style="color:{1}">{0}</a>', url, shade))
        end = found.start() + len(url)
    parts.append(escape(line[end:]))
    return format_html_join("", "{}", ((part,) for part in parts))


def _write_foot(brand: CurrentBrand) -> SafeString:
    style = "color:#5f5b55"
    lines = [escape(brand.footer)] if brand.footer else []
    if brand.support_contact:
        lines.append(format_html('<a href="{}" style="{}">{}</a>', brand.support_url, style, brand.support_contact))
    lines += [format_html('<a href="{}" style="{}">{}</a>', url, style, text) for text, url in brand.links]
    return format_html_join(" · ", "{}", ((line,) for line in lines))
