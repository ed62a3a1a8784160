"""Events of the audit log as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from deployments_ui.formats import number_or_id
from deployments_ui.labels.base import Label
from portal.services.queries.activity import ActivityEvent

# Each takes %(who)s and %(target)s; those of versions take %(version)s too.
SENTENCES: dict[str, Promise] = {
    "operation.add_domain": _("%(who)s added a domain to %(target)s"),
    "operation.create": _("%(who)s created the app %(target)s"),
    "operation.decided": _("%(who)s decided the outcome of a change of %(target)s"),
    "operation.delete": _("%(who)s deleted the app %(target)s"),
    "operation.delete_env": _("%(who)s deleted an env var of %(target)s"),
    "operation.detach_domain": _("%(who)s removed a domain from %(target)s"),
    "operation.promote": _("%(who)s promoted %(target)s to %(version)s"),
    "operation.publish": _("%(who)s published %(target)s"),
    "operation.redeploy": _("%(who)s redeployed %(target)s"),
    "operation.redirect_domain": _("%(who)s changed a redirect of %(target)s"),
    "operation.rename": _("%(who)s renamed %(target)s"),
    "operation.roll_back": _("%(who)s rolled back %(target)s to %(version)s"),
    "operation.set_env": _("%(who)s set env vars of %(target)s"),
    "operation.stop": _("%(who)s stopped %(target)s"),
    "operation.undo": _("%(who)s undid a change of %(target)s, back to %(version)s"),
    "operation.verify_domain": _("%(who)s checked a domain of %(target)s"),
    "rollback.kept": _("%(who)s kept the rollback of %(target)s"),
    "rollback.no_longer_kept": _("%(who)s stopped keeping the rollback of %(target)s"),
    "env_draft.typed": _("%(who)s entered env vars of %(target)s, not yet applied"),
    "env_draft.discarded": _("%(who)s discarded the env vars entered for %(target)s"),
    "dns_link.created": _("%(who)s created a link to the DNS records of %(target)s"),
    "dns_link.revoked": _("%(who)s revoked a link to the DNS records of %(target)s"),
    "person.created": _("%(who)s created an account for %(target)s"),
    "person.added": _("%(who)s added %(target)s"),
    "person.changed": _("%(who)s changed %(target)s"),
    "person.deactivated": _("%(who)s deactivated %(target)s"),
    "person.invited": _("%(who)s invited %(target)s"),
    "person.reactivated": _("%(who)s reactivated %(target)s"),
    "person.removed": _("%(who)s removed %(target)s"),
    "person.role_changed": _("%(who)s changed the role of %(target)s"),
    "person.second_factors_removed": _("%(who)s removed all second factors of %(target)s"),
    "person.sessions_ended": _("%(who)s signed %(target)s out everywhere"),
    "member.removed": _("%(who)s removed %(target)s"),
    "member.role_changed": _("%(who)s changed the role of %(target)s"),
    "invitation.accepted": _("%(who)s accepted an invitation"),
    "invitation.resent": _("%(who)s sent the invitation of %(target)s again"),
    "invitation.revoked": _("%(who)s revoked the invitation of %(target)s"),
    "permissions.changed": _("%(who)s changed what owners may do: %(target)s"),
    "sign_in.failed": _("%(who)s could not sign in"),
    "sign_in.succeeded": _("%(who)s signed in"),
    "sign_in.confirmed": _("%(who)s confirmed their identity"),
    "sign_in.ended": _("%(who)s signed out"),
    "session.ended": _("%(who)s ended a session"),
    "password.changed": _("%(who)s changed the password"),
    "password.reset": _("%(who)s set a new password"),
    "password.reset_requested": _("%(who)s requested a new password"),
    "second_factor.added": _("%(who)s added a second factor"),
    "second_factor.removed": _("%(who)s removed a second factor"),
    "recovery_code.used": _("%(who)s used a recovery code"),
    "recovery_codes.made": _("%(who)s generated new recovery codes"),
    "email.changed": _("%(who)s changed the e-mail address"),
    "email.change_requested": _("%(who)s requested another e-mail address"),
    "profile.changed": _("%(who)s changed the profile"),
    "hand_off.accepted": _("%(who)s signed in from the platform’s own app"),
    "hand_off.refused": _("A hand-off from the platform’s own app was refused"),
    "hand_off.token_made": _("%(who)s created a hand-off token"),
    "backup.made": _("%(who)s created the backup %(target)s"),
    "backup.restored": _("%(who)s restored the backup %(target)s"),
    "brand.added": _("%(who)s added the brand %(target)s"),
    "brand.changed": _("%(who)s changed the brand %(target)s"),
    "brand.deleted": _("%(who)s deleted the brand %(target)s"),
    "checklist.hidden": _("%(who)s hid the setup checklist"),
    "mail.sent_again": _("%(who)s sent a mail again: %(target)s"),
    "mail.tested": _("%(who)s sent a test mail: %(target)s"),
    "customer.changed": _("%(who)s changed %(target)s"),
    "version.note_changed": _("%(who)s changed the note of %(target)s"),
    "request": _("%(who)s sent %(target)s"),
    "audit.deleted": _("%(who)s deleted the events %(target)s"),
}
OTHER = _("%(who)s: %(kind)s %(target)s")

# What begins a kind, for the filter.
NOUNS: dict[str, Promise] = {
    "audit": _("Audit log"),
    "backup": _("Backups"),
    "brand": _("Brand"),
    "checklist": _("Installation"),
    "customer": _("Customers"),
    "dns_link": _("Links for DNS"),
    "email": _("E-mail addresses"),
    "env_draft": _("Env vars entered"),
    "hand_off": _("Hand-off"),
    "invitation": _("Invitations"),
    "mail": _("Mails"),
    "member": _("People of customers"),
    "operation": _("Operations"),
    "password": _("Passwords"),
    "permissions": _("Permissions"),
    "person": _("People"),
    "profile": _("Profiles"),
    "recovery_code": _("Recovery codes used"),
    "recovery_codes": _("Recovery codes"),
    "request": _("Other requests"),
    "rollback": _("Rollbacks kept"),
    "second_factor": _("Second factors"),
    "session": _("Sessions"),
    "sign_in": _("Sign-in"),
    "version": _("Notes of versions"),
}
OUTCOMES: dict[str, Label] = {
    "done": Label("done", "ready", _("done")),
    "failed": Label("failed", "failed", _("not done")),
    "refused": Label("failed", "failed", _("not allowed")),
}
WAYS: dict[str, Promise] = {
    "command": _("command line"),
    "hand_off": _("from the platform’s own app"),
    "link": _("by a link"),
    "nobody": _("not signed in"),
    "session": _("signed in"),
    "worker": _("automatically"),
}


def describe_event(event: ActivityEvent) -> str:
    """One sentence. A kind without one is shown by the words that its name is made of."""
    facts = {
        "who": name_who(event),
        "target": event.target,
        "version": number_or_id(event.version, ""),
        "kind": event.kind.replace(".", " ").replace("_", " "),
    }
    return (str(SENTENCES.get(event.kind, OTHER)) % facts).strip()


def name_who(event: ActivityEvent) -> str:
    if event.way == "command":
        return (
            gettext("%(name)s on the command line") % {"name": event.who} if event.who else gettext("The command line")
        )
    return event.who or (gettext("The portal") if event.way == "worker" else gettext("Somebody"))


def outcome_label(event: ActivityEvent) -> Label:
    return OUTCOMES.get(event.outcome, Label("unknown", "unknown", event.outcome))


def show_way(way: str) -> str:
    return str(WAYS.get(way, way))


def show_fact_name(name: str) -> str:
    """The name of a fact in words: `sees_all_customers` as "sees all customers"."""
    return name.replace("_", " ")


def show_fact_value(value: object) -> str:
    match value:
        case None | "" | [] | {}:
            return "–"
        case bool():
            return gettext("yes") if value else gettext("no")
        case list():
            return ", ".join(map(show_fact_value, value))
        case Mapping():
            return ", ".join(f"{show_fact_name(str(name))}: {show_fact_value(each)}" for name, each in value.items())
    return str(value)
