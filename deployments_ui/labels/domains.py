"""States of domains and of their DNS records."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label
from portal.services.domains.schemas import (
    Blocker,
    DomainDetail,
    DomainSummary,
    RequiredRecord,
    ResolverState,
    StatusItem,
)
from portal.services.open_words import OTHER

# The state's colour and shape.
SHAPES = {
    "failed": ("failed", "failed"),
    "ok": ("good", "live"),
    "unknown": ("unknown", "unknown"),
    "waiting": ("waiting", "created"),
}
NOT_KNOWN = {"unknown": _("unknown"), "waiting": _("waiting")}
OWNERSHIP = {"failed": _("failed"), "ok": _("confirmed"), **NOT_KNOWN}
DNS = {"failed": _("wrong"), "ok": _("correct"), **NOT_KNOWN}
CERTIFICATE = {"failed": _("blocked"), "ok": _("active"), **NOT_KNOWN}

RECORDS: dict[str, Label] = {
    "": Label("unknown", "unknown", _("Not checked")),
    "conflict": Label("failed", "failed", _("Conflict")),
    "hides_records": Label("failed", "failed", _("Conflict")),
    "missing": Label("waiting", "created", _("Missing")),
    "no_answer": Label("unknown", "unknown", _("Not checked")),
    "propagating": Label("waiting", "created", _("Propagating")),
    "undecided": Label("unknown", "unknown", _("Undecided")),
}

# Those that a form offers; `redirect_policy` words the others.
REDIRECT_POLICIES: dict[str, Promise] = {
    "none": _("No redirect"),
    "www_to_apex": _("Redirect www to the name without www"),
    "apex_to_www": _("Redirect the name without www to www"),
}


def list_domain_statuses(domain: DomainSummary) -> list[tuple[Promise, StatusItem, Label]]:
    """Each status with its name and its label; name and word form a phrase: Certificate active."""
    items = [
        (_("Ownership"), domain.ownership, OWNERSHIP),
        (_("DNS"), domain.dns, DNS),
        (_("Certificate"), domain.certificate, CERTIFICATE),
    ]
    return [(name, item, Label(*SHAPES[item.state], words[item.state])) for name, item, words in items]


def get_domain_answer(detail: DomainDetail) -> Label:
    """Whether the domain works; if not, what it waits for and how much there is to do."""
    domain = detail.summary
    if domain.checked_at is None and domain.dns.state == "unknown":
        return Label("building", "building", _("Checking DNS…"))
    if domain.dns.state in {"failed", "waiting"}:
        return _answer_dns(detail)
    items = (domain.ownership, domain.certificate)
    if any(item.state == "failed" for item in items):
        failed = _("The ownership check failed") if items[0].state == "failed" else _("The certificate is blocked")
        return Label("failed", "failed", failed)
    if any(item.state == "waiting" for item in items):
        waiting = (
            _("Waiting for the ownership check") if items[0].state == "waiting" else _("Waiting for the certificate")
        )
        return Label("waiting", "created", waiting)
    if domain.dns.state == "ok" and all(item.state == "ok" for item in items):
        return Label("live", "live", _("This domain works"))
    return Label("unknown", "unknown", _("The status could not be checked completely"))


def _answer_dns(detail: DomainDetail) -> Label:
    css, shape = SHAPES[detail.summary.dns.state]
    wrong = [record for record in detail.records if not record.is_correct]
    missing = [record for record in wrong if record.finding == "missing"]
    blockers = [blocker for blocker in detail.blockers if not blocker.is_caution]
    if missing and missing == wrong:
        words = ngettext(
            "Waiting for DNS: %(num)d record to add", "Waiting for DNS: %(num)d records to add", len(wrong)
        )
        return Label(css, shape, words % {"num": len(wrong)})
    if css == "failed" and (wrong or blockers):
        count = len(wrong) or len(blockers)
        words = ngettext("DNS is wrong: %(num)d record to fix", "DNS is wrong: %(num)d records to fix", count)
        if not wrong:
            words = ngettext("DNS is wrong: %(num)d problem to fix", "DNS is wrong: %(num)d problems to fix", count)
        return Label(css, shape, words % {"num": count})
    return Label(css, shape, _("DNS is wrong") if css == "failed" else _("Waiting for DNS"))


def get_record_label(record: RequiredRecord) -> Label:
    if record.is_correct:
        return Label("good", "live", _("Correct"))
    return RECORDS.get(record.finding) or Label("failed", "failed", _("Wrong"))


def get_blocker_label(blocker: Blocker) -> Label:
    return (
        Label("waiting", "created", _("Possible problem"))
        if blocker.is_caution
        else Label("failed", "failed", _("Problem"))
    )


def get_resolver_label(resolver: ResolverState) -> Label:
    if resolver.is_correct is None:
        return Label("unknown", "unknown", _("no answer"))
    return Label("good", "live", _("yes")) if resolver.is_correct else Label("waiting", "created", _("not yet"))


def domain_cause(domain: DomainSummary) -> str:
    """Why a domain does not work, of what has to be done first; empty if it works."""
    if domain.dns.state != "ok":
        # Ownership and certificate wait for it.
        return domain.dns.cause
    others = sorted((domain.ownership, domain.certificate), key=lambda item: item.state != "failed")
    return next((item.cause for item in others if item.state != "ok"), "")


def redirect_policy(name: str) -> str:
    if name == OTHER:
        return gettext("Another redirect")
    return str(REDIRECT_POLICIES.get(name or "none", name))
