"""What each address of the project needs of whoever opens it. An address without an entry here fails a test.

`doors` maps a URL's name to what it asks for. The right is the one that `portal.permissions` gives out; the test asks
those rules who holds it, so this table and that one can't tell different stories.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.permissions import Permission
from tests.security.world import Ids

READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")
DO = ("POST",)
EVERY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Door:
    """`right` None: whoever is signed in; `is_open`: nobody has to be. `is_json`: answers problems, and 401.

    `own_draft`: only who typed the draft finds it. `hidden`: who lacks the right is told 404 and not 403.
    """

    methods: tuple[str, ...] = READ
    right: Permission | None = Permission.READ_HISTORY
    is_open: bool = False
    is_json: bool = False
    own_draft: bool = False
    hidden: bool = False


PAGE = Door()
NO_RIGHT = Door(right=None)
JSON = Door(is_json=True)
JSON_NO_RIGHT = Door(right=None, is_json=True)

DOORS: dict[str, Door] = {
    "account_login": Door(FORM, None, is_open=True),
    "account_logout": Door(FORM, None, is_open=True),
    "api:customers": JSON_NO_RIGHT,
    "api:deployment": JSON,
    "api:deployments": JSON,
    "api:history": JSON,
    "api:nowhere": Door(right=None, is_json=True, hidden=True),
    "api:operation": JSON,
    "api:operations": JSON_NO_RIGHT,
    "api:schema": JSON_NO_RIGHT,
    "api:version": JSON,
    "build": PAGE,
    "build_text": PAGE,
    "builds": PAGE,
    "comparison": PAGE,
    "creation": Door(FORM, Permission.CREATE_DEPLOYMENT),
    "customer_operations": PAGE,
    "customers": NO_RIGHT,
    "decision": Door(DO),
    "deletion": Door(FORM, Permission.DELETE_DEPLOYMENT),
    "deployment": PAGE,
    "deployment_refresh": Door(DO),
    "detachment": Door(FORM, Permission.DETACH_DOMAIN),
    "dns_link": Door(READ, None, is_open=True),
    "domain": PAGE,
    "domain_add": Door(FORM, Permission.ADD_DOMAIN),
    "domain_link_revocation": Door(DO, Permission.SHARE_DOMAIN),
    "domain_links": Door(DO, Permission.SHARE_DOMAIN),
    "domain_verify": Door(DO, Permission.VERIFY_DOMAIN),
    "domains": PAGE,
    "env": PAGE,
    "env_apply": Door(DO, Permission.SET_ENV, own_draft=True),
    "env_deletion": Door(FORM, Permission.SET_ENV),
    "env_discard": Door(DO, Permission.SET_ENV, own_draft=True),
    "env_review": Door(FORM, Permission.SET_ENV, own_draft=True),
    "env_set": Door(FORM, Permission.SET_ENV),
    "find": NO_RIGHT,
    "first_publication": Door(FORM, Permission.PUBLISH),
    "history": PAGE,
    "history_refresh": Door(DO),
    "home": NO_RIGHT,
    "instance": PAGE,
    "instance_text": PAGE,
    "keeping": Door(DO, Permission.ROLL_BACK),
    "last_good": Door(READ, Permission.ROLL_BACK),
    "log": PAGE,
    "log_text": PAGE,
    "operation": PAGE,
    "operations": Door(right=Permission.READ_ALL_CUSTOMERS, hidden=True),
    "promotion": Door(FORM, Permission.PROMOTE),
    "publication": Door(FORM, Permission.PUBLISH),
    "redeployment": Door(FORM, Permission.REDEPLOY),
    "redirection": Door(FORM, Permission.ADD_DOMAIN),
    "renaming": Door(FORM, Permission.RENAME_DEPLOYMENT),
    "rollback": Door(FORM, Permission.ROLL_BACK),
    "stop": Door(FORM, Permission.STOP),
    "styleguide": Door(right=Permission.READ_STYLEGUIDE, hidden=True),
    "styleguide_page": Door(right=Permission.READ_STYLEGUIDE, hidden=True),
    "theme": Door(DO, None, is_open=True),
    "version": PAGE,
    "version_menu": PAGE,
}
# Ids of this order stand below one another: another's may hang below one's own.
NESTED = ("slug", "deployment_id", "version_id", "build_id", "instance_id", "domain_id", "link_id", "key", "name")
# A name to be deleted may be known to nobody yet; it is no thing that belongs to somebody.
FREE = frozenset({"name", "page"})


def names(resolver: URLResolver | None = None, space: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    """The name of every address, with its arguments; one without a name is told by its pattern."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLPattern):
            yield f"{space}{each.name or each.pattern}", frozenset(each.pattern.converters)
        else:
            yield from names(each, f"{space}{each.namespace}:" if each.namespace else space)


def values(at: Ids, name: str, *, who: str) -> dict[str, Any]:
    """What would stand in an address of this name for these things."""
    key = at.drafts.get(who, at.operation) if DOORS[name].own_draft else at.operation
    elsewhere = at.builds if name in {"build", "build_text", "builds"} else {}
    return {**vars(at), "key": key, "page": "usual", **elsewhere}


def address(name: str, wanted: dict[str, Any]) -> str:
    if name == "api:nowhere":
        return "/api/v1/nowhere/"
    arguments = dict(names())[name]
    query = f"?from={wanted['version_id']}&to={wanted['version_id']}" if name == "comparison" else ""
    return reverse(name, kwargs={each: wanted[each] for each in arguments}) + query


def mixed(name: str, own: dict[str, Any], others: dict[str, Any]) -> Iterator[str]:
    """Addresses in which, from some place on, the things of `others` stand; first of all a whole one of theirs."""
    arguments = dict(names())[name]
    placed = [each for each in NESTED if each in arguments and each not in FREE]
    for position in range(len(placed)):
        below = set(placed[position:])
        yield address(name, {**own, **{each: others[each] for each in below}})
    if name == "comparison":
        yield address(name, {**own, "version_id": others["version_id"]})
