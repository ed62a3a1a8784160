"""States of domains and of their DNS records."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from deployments_ui.labels.base import Label
from portal.services.domains.schemas import DomainSummary, RequiredRecord, ResolverState, StatusItem
from portal.services.open_words import OTHER

# Of the ownership, DNS and certificate of a domain.
DOMAIN_STATUSES: dict[str, Label] = {
    "failed": Label("failed", "failed", _("failed")),
    "ok": Label("good", "live", _("OK")),
    "unknown": Label("unknown", "unknown", _("unknown")),
    "waiting": Label("waiting", "created", _("waiting")),
}

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
    items = [(_("Ownership"), domain.ownership), (_("DNS"), domain.dns), (_("Certificate"), domain.certificate)]
    return [(name, item, DOMAIN_STATUSES[item.state]) for name, item in items]


def get_record_label(record: RequiredRecord) -> Label:
    if record.is_correct:
        return Label("good", "live", _("Correct"))
    return RECORDS.get(record.finding) or Label("failed", "failed", _("Wrong"))


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
