"""What customers may see of MIOSA, with reasons (docs/rules.md, 9). Everything else is a leak.

Every other field contains a canary. What is allowed here is removed from a page before it is searched.
"""

from __future__ import annotations

import re

# Texts that would otherwise be leaks.
ALLOWED: dict[str, tuple[re.Pattern[str], str]] = {
    "the app's own address": (
        re.compile(r"http://127\.0\.0\.1:\d+/sites/[\w%-]+/|127\.0\.0\.1:\d+/sites/[\w%-]+"),
        "public_url is where the app answers; in the demo that is the simulator. "
        "If it is MIOSA's own host, operators are responses to set a deployment domain.",
    ),
    "what a domain has to point at": (
        re.compile(r"[\w-]+\.[\w-]+\.apps\.example\.?"),
        "The value of a DNS record must be shown as it has to be set.",
    ),
    "the name of a file": (
        re.compile(r"/static/django_htmx/"),
        "The folder of htmx. It shows what the portal is made of, not where apps run.",
    ),
}

# Names of MIOSA, of its components and of its infrastructure.
VENDOR = re.compile(
    r"miosa|canary-|\b(?:s3|gs|r2|minio|oci)://|arn:aws|\bmsk_|\b(?:tnt|host|node|vm|user|ws|prj)_[0-9A-HJKMNP-TV-Z]{20,}"
    r"|\b10\.\d+\.\d+\.\d+\b|/var/lib/|uvicorn|x-powered-by|x-served-by|django|traceback",
    re.IGNORECASE,
)


def without_allowed(text: str) -> str:
    for pattern, _why in ALLOWED.values():
        text = pattern.sub("", text)
    return text


def find_leaks(text: str, secrets: list[str]) -> list[str]:
    """Each leak with the text around it."""
    text = without_allowed(text)
    spots = [(found.start(), found.end()) for found in VENDOR.finditer(text)]
    spots += [(text.index(secret), text.index(secret) + len(secret)) for secret in secrets if secret in text]
    return sorted({text[max(0, begin - 80) : end + 60] for begin, end in spots})
