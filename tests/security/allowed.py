"""What a customer may be shown of the hosting service's, and why (docs/rules.md, 9). Everything else is a leak.

A canary is planted in every field off this list; what stands here is taken out of a page before it is looked through.
"""

from __future__ import annotations

import re

# Whole words of a page that are allowed to hold what otherwise would be a leak.
ALLOWED: dict[str, tuple[re.Pattern[str], str]] = {
    "the app's own address": (
        re.compile(r"http://127\.0\.0\.1:\d+/sites/[\w%-]+/|127\.0\.0\.1:\d+/sites/[\w%-]+"),
        "public_url is where the app answers; in the demo that is the simulator. "
        "If it is MIOSA's own host, operators are told to set a deployment domain.",
    ),
    "what a domain has to point at": (
        re.compile(r"[\w-]+\.[\w-]+\.apps\.example\.?"),
        "The value of a DNS record must be shown as it has to be set.",
    ),
    "the name of a file": (
        re.compile(r"/static/django_htmx/"),
        "Where the script stands that pages are quick with. It tells of what we are made, not of where apps run.",
    ),
}

# The hosting service and what it is made of, wherever it is named.
VENDOR = re.compile(
    r"miosa|canary-|\b(?:s3|gs|r2|minio|oci)://|arn:aws|\bmsk_|\b(?:tnt|host|node|vm|user|ws|prj)_[0-9A-HJKMNP-TV-Z]{20,}"
    r"|\b10\.\d+\.\d+\.\d+\b|/var/lib/|gunicorn|x-powered-by|x-served-by|django|traceback",
    re.IGNORECASE,
)


def without_allowed(text: str) -> str:
    for pattern, _why in ALLOWED.values():
        text = pattern.sub("", text)
    return text


def leaks(text: str, secrets: list[str]) -> list[str]:
    """Each leak with what stands around it."""
    text = without_allowed(text)
    spots = [(found.start(), found.end()) for found in VENDOR.finditer(text)]
    spots += [(text.index(secret), text.index(secret) + len(secret)) for secret in secrets if secret in text]
    return sorted({text[max(0, begin - 80) : end + 60] for begin, end in spots})
