"""The access that each URL needs. A URL without an entry here fails a test.

`ACCESS` maps a URL's name to what it asks for. The right is the one that `portal.permissions` gives out; the test asks
those rules who holds it, so this table and that one can't tell different stories.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.permissions import Permission
from tests.security.dataset import Ids

READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")
POST = ("POST",)
MISSING_ID = 10**9
EVERY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Access:
    """`right` None: whoever is signed in; `is_open`: nobody has to be. `is_json`: answers problems, and 401.

    `own_draft`: only who typed the draft finds it. `hidden`: who lacks the right is responses 404 and not 403.
    `is_platform`: the right on the platform, whatever somebody has at a customer.
    `is_missing`: there is nothing at this URL for anybody in the data set. `is_public`: the same for everybody, and
    kept by browsers.
    """

    methods: tuple[str, ...] = READ
    right: Permission | None = Permission.READ_HISTORY
    is_open: bool = False
    is_json: bool = False
    own_draft: bool = False
    hidden: bool = False
    is_missing: bool = False
    is_platform: bool = False
    is_public: bool = False


def platform(methods: tuple[str, ...], right: Permission) -> Access:
    """A page of the whole platform: for people without the right it does not exist."""
    return Access(methods, right, hidden=True, is_platform=True)


PAGE = Access()
# Somebody's own session, passkey or link, and pages that need a setting: nobody in the data set has them.
MISSING = Access(right=None, hidden=True, is_missing=True)
NO_RIGHT = Access(right=None)
JSON = Access(is_json=True)
JSON_NO_RIGHT = Access(right=None, is_json=True)

ACCESS: dict[str, Access] = {
    "account_change_password": Access(FORM, None),
    "account_confirm_elsewhere": NO_RIGHT,
    "account_confirmed": NO_RIGHT,
    "account_login": Access(FORM, None, is_open=True),
    "account_logout": Access(FORM, None, is_open=True),
    "activity": Access(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "activity_export": Access(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "account_reauthenticate": Access(FORM, None),
    "account_reset_password": Access(FORM, None, is_open=True),
    "account_reset_password_done": Access(READ, None, is_open=True),
    "account_reset_password_from_key": Access(FORM, None, is_open=True),
    "account_reset_password_from_key_done": Access(READ, None, is_open=True),
    "account_single_sign_on": replace(MISSING, methods=POST, is_open=True),
    "account_single_sign_on_callback": replace(MISSING, is_open=True),
    "account_single_sign_on_confirm": replace(MISSING, methods=POST),
    "api:customers": JSON_NO_RIGHT,
    "api:deployment": JSON,
    "api:deployments": JSON,
    "api:history": JSON,
    "api:note": replace(JSON, methods=("GET", "HEAD", "PUT")),
    "api:unknown": Access(right=None, is_json=True, hidden=True, is_missing=True),
    "api:operation": JSON,
    "api:operations": JSON_NO_RIGHT,
    "api:schema": JSON_NO_RIGHT,
    "api:version": JSON,
    "asset": Access(READ, None, is_open=True, is_public=True),
    "brand_icon": replace(MISSING, is_open=True),
    "brand_logo": replace(MISSING, is_open=True),
    "brand_stylesheet": replace(MISSING, is_open=True),
    "build": PAGE,
    "build_text": PAGE,
    "builds": PAGE,
    "comparison": PAGE,
    "creation": Access(FORM, Permission.CREATE_DEPLOYMENT),
    "customer_activity": Access(right=Permission.READ_ACTIVITY),
    "customer_activity_export": Access(right=Permission.READ_ACTIVITY),
    "customer_insights": PAGE,
    "customer_invitation": Access(FORM, Permission.MANAGE_PEOPLE),
    "customer_invitation_resending": Access(POST, Permission.MANAGE_PEOPLE),
    "customer_invitation_revocation": Access(POST, Permission.MANAGE_PEOPLE),
    "customer_logo": Access(is_missing=True, hidden=True),
    "customer_operations": PAGE,
    "customer_settings": platform(FORM, Permission.CHANGE_SETTINGS),
    "customer_operations_export": PAGE,
    "customer_people": Access(right=Permission.MANAGE_PEOPLE),
    "customer_permissions": Access(FORM, Permission.CHANGE_SETTINGS),
    "customers": NO_RIGHT,
    "customers_export": NO_RIGHT,
    "decision": Access(POST),
    "deletion": Access(FORM, Permission.DELETE_DEPLOYMENT),
    "deployment": PAGE,
    "deployment_insights": PAGE,
    "deployment_refresh": Access(POST),
    "detachment": Access(FORM, Permission.DETACH_DOMAIN),
    "dns_link": Access(READ, None, is_open=True),
    "domain": PAGE,
    "domain_add": Access(FORM, Permission.ADD_DOMAIN),
    "domain_link_revocation": Access(POST, Permission.SHARE_DOMAIN),
    "domain_links": Access(POST, Permission.SHARE_DOMAIN),
    "domain_verify": Access(POST, Permission.VERIFY_DOMAIN),
    "domains": PAGE,
    "env": PAGE,
    "env_apply": Access(POST, Permission.SET_ENV, own_draft=True),
    "env_deletion": Access(FORM, Permission.SET_ENV),
    "env_discard": Access(POST, Permission.SET_ENV, own_draft=True),
    "env_review": Access(FORM, Permission.SET_ENV, own_draft=True),
    "env_set": Access(FORM, Permission.SET_ENV),
    "favicon": Access(READ, None, is_open=True, is_public=True),
    "find": NO_RIGHT,
    "first_publication": Access(FORM, Permission.PUBLISH),
    "handoff": Access(FORM, None, is_open=True),
    "handoff_continue": Access(FORM, None, is_open=True),
    "history": PAGE,
    "history_export": PAGE,
    "history_refresh": Access(POST),
    "home": NO_RIGHT,
    "insights": Access(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "instance": PAGE,
    "instance_text": PAGE,
    "invitation": Access(FORM, None, is_open=True),
    "invitation_resending": platform(POST, Permission.MANAGE_PEOPLE),
    "invitation_revocation": platform(POST, Permission.MANAGE_PEOPLE),
    "invitations": platform(READ, Permission.MANAGE_PEOPLE),
    "keeping": Access(POST, Permission.ROLL_BACK),
    "last_good": Access(READ, Permission.ROLL_BACK),
    "log": PAGE,
    "log_text": PAGE,
    "note": Access(FORM, Permission.PROMOTE),
    "member_removal": Access(FORM, Permission.MANAGE_PEOPLE),
    "member_role": Access(FORM, Permission.MANAGE_PEOPLE),
    "people": platform(READ, Permission.MANAGE_PEOPLE),
    "people_import": platform(FORM, Permission.MANAGE_PEOPLE),
    "people_import_sending": platform(POST, Permission.MANAGE_PEOPLE),
    "permissions": platform(FORM, Permission.CHANGE_SETTINGS),
    "person": platform(READ, Permission.MANAGE_PEOPLE),
    "person_deactivation": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_invitation": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_reactivation": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_removal": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_role": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_second_factors": platform(FORM, Permission.MANAGE_PEOPLE),
    "person_sign_out": platform(FORM, Permission.MANAGE_PEOPLE),
    "mfa_activate_totp": Access(FORM, None),
    "mfa_add_webauthn": Access(FORM, None),
    "mfa_authenticate": Access(FORM, None, is_open=True),
    "mfa_deactivate_totp": replace(MISSING, methods=FORM),
    "mfa_edit_webauthn": replace(MISSING, methods=FORM),
    "mfa_generate_recovery_codes": Access(FORM, None),
    "mfa_index": NO_RIGHT,
    "mfa_list_webauthn": NO_RIGHT,
    "mfa_login_webauthn": Access(FORM, None, is_open=True),
    "mfa_reauthenticate": Access(FORM, None),
    "mfa_reauthenticate_webauthn": Access(FORM, None),
    "mfa_remove_webauthn": replace(MISSING, methods=FORM),
    "mfa_view_recovery_codes": MISSING,
    "manifest": Access(READ, None, is_open=True, is_public=True),
    "operation": PAGE,
    "operations": Access(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "operations_export": Access(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "profile": Access(FORM, None),
    "profile_email": Access(FORM, None),
    "profile_email_confirmation": replace(MISSING, methods=FORM),
    "profile_session_end": replace(MISSING, methods=POST),
    "profile_sessions_end": Access(POST, None),
    "promotion": Access(FORM, Permission.PROMOTE),
    "publication": Access(FORM, Permission.PUBLISH),
    "redeployment": Access(FORM, Permission.REDEPLOY),
    "redirection": Access(FORM, Permission.ADD_DOMAIN),
    "renaming": Access(FORM, Permission.RENAME_DEPLOYMENT),
    "robots": Access(READ, None, is_open=True, is_public=True),
    "rollback": Access(FORM, Permission.ROLL_BACK),
    "settings": platform(READ, Permission.CHANGE_SETTINGS),
    "settings_checklist": platform(POST, Permission.CHANGE_SETTINGS),
    "settings_mail_again": platform(POST, Permission.CHANGE_SETTINGS),
    "settings_mail_test": platform(POST, Permission.CHANGE_SETTINGS),
    "settings_brand": platform(READ, Permission.CHANGE_SETTINGS),
    "settings_brand_colors": platform(READ, Permission.CHANGE_SETTINGS),
    "settings_brand_deletion": platform(FORM, Permission.CHANGE_SETTINGS),
    "settings_brand_edit": platform(FORM, Permission.CHANGE_SETTINGS),
    "settings_brand_new": platform(FORM, Permission.CHANGE_SETTINGS),
    "settings_brand_new_preview": platform(POST, Permission.CHANGE_SETTINGS),
    "settings_brand_preview": platform(POST, Permission.CHANGE_SETTINGS),
    "stop": Access(FORM, Permission.STOP),
    "shortcuts": NO_RIGHT,
    "styleguide": Access(right=Permission.READ_STYLEGUIDE, hidden=True),
    "styleguide_page": Access(right=Permission.READ_STYLEGUIDE, hidden=True),
    "switcher": NO_RIGHT,
    "undo": Access(FORM, Permission.ROLL_BACK),
    "theme": Access(POST, None, is_open=True),
    "version": PAGE,
    "version_menu": PAGE,
}
# Ids in the order of their nesting in URLs: a foreign id can be below an own one.
NESTED = (
    *("slug", "deployment_id", "version_id", "build_id", "instance_id", "domain_id", "link_id", "key", "name"),
    *("user_id", "invitation_id"),
)
# Arguments that are not ids of objects. A name to be deleted need not exist.
FREE = frozenset({"file_format", "kind", "name", "page"})


def list_url_names(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """The name of every URL with its arguments; one without a name is given by its pattern."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLPattern):
            yield f"{space}{each.name or each.pattern}", frozenset(each.pattern.converters)
        else:
            yield from list_url_names(each, f"{space}{each.namespace}:" if each.namespace else space)


def get_arguments(at: Ids, name: str, *, who: str) -> dict[str, Any]:
    """The arguments of the URL with this name for these objects."""
    key = at.drafts.get(who, at.operation) if ACCESS[name].own_draft else at.operation
    elsewhere = at.builds if name in {"build", "build_text", "builds"} else {}
    if name == "invitation":
        elsewhere = {"secret": at.invitation_secret}
    own = {"pk": MISSING_ID, "session_id": MISSING_ID, "uidb36": "1"}
    own |= {"kind": "css", "accent": "c2410c", "digest": "0" * 20, "side": 32}
    return {**vars(at), "key": key, "page": "usual", "file_format": "csv", **own, **elsewhere}


def get_url(name: str, ids: dict[str, Any]) -> str:
    if name == "api:unknown":
        return "/api/v1/nowhere/"
    arguments = dict(list_url_names())[name]
    query = f"?from={ids['version_id']}&to={ids['version_id']}" if name == "comparison" else ""
    return reverse(name, kwargs={each: ids[each] for each in arguments}) + query


def list_mixed_urls(name: str, own: dict[str, Any], others: dict[str, Any]) -> Iterator[str]:
    """URLs in which the ids from some position on are those of `others`, beginning with the first position."""
    arguments = dict(list_url_names())[name]
    placed = [each for each in NESTED if each in arguments and each not in FREE]
    for position in range(len(placed)):
        below = set(placed[position:])
        yield get_url(name, {**own, **{each: others[each] for each in below}})
    if name == "comparison":
        yield get_url(name, {**own, "version_id": others["version_id"]})
