"""`/your-app/`: the platform's own app, whose people open the portal from there with a signed token."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from html import escape

import jwt
from werkzeug.wrappers import Request, Response

from portal.simulator.defaults import APP_PREFIX
from portal.simulator.state import State

AUDIENCE = "portal"
LIFETIME_S = 60
# The people of each customer: their ids at the app, and what tokens say about them.
PEOPLE = {
    "owner": ("Robin Meyer", "owner"),
    "second-owner": ("Sam Okafor", "owner"),
    "viewer": ("Kim Sørensen", "viewer"),
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Your own app</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
html{{color-scheme:light dark}}
label{{display:block;margin:1rem 0 .2rem}}select,button{{font:inherit;padding:.6rem;min-height:44px;max-width:100%}}
select{{width:100%}}
button{{margin-top:1.5rem}}</style></head><body><h1>Your own app</h1>{body}</body></html>
"""
CHOICE = """<p>Here a platform's customers work every day. One button takes them to their deployments, signed in.</p>
<form method="post" action="{path}">
<label for="customer">Customer</label><select id="customer" name="customer">{customers}</select>
<label for="person">Person</label><select id="person" name="person">{people}</select>
<div><button>Open deployments</button></div></form>
"""
SENDING = """<p>{name} goes to the portal. If nothing happens, press the button within a minute.</p>
<form method="post" action="{portal}"><input type="hidden" name="token" value="{token}">
<button>Open deployments</button></form><script>document.forms[0].submit()</script>
"""


@dataclass(frozen=True)
class YourApp:
    """`portal_url` has no slash at the end. `private_key` is a PEM of an Ed25519 key."""

    portal_url: str
    private_key: str

    def answer(self, state: State, request: Request, *, own_url: str) -> Response:
        """GET offers customers and people; POST sends the chosen one to the portal with a new token."""
        person = PEOPLE.get(request.form.get("person", "")) if request.method == "POST" else None
        if person is None:
            return show(CHOICE.format(path=APP_PREFIX, customers=list_customers(state), people=list_people()))
        name, role = person
        token = self.sign(
            issuer=f"{own_url}{APP_PREFIX}",
            customer=request.form.get("customer", ""),
            user=request.form["person"],
            name=name,
            role=role,
        )
        return show(SENDING.format(name=escape(name), portal=escape(f"{self.portal_url}/handoff/"), token=token))

    def sign(self, *, issuer: str, customer: str, user: str, name: str, role: str) -> str:
        now = int(time.time())
        claims = {
            "iss": issuer,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_S,
            "jti": secrets.token_hex(16),
            "external_workspace_id": customer,
            "external_user_id": user,
            "name": name,
            "role": role,
        }
        return jwt.encode(claims, self.private_key, algorithm="EdDSA")


def list_customers(state: State) -> str:
    with state.lock:
        rows = [(each.external_workspace_id or "", each.name or "") for each in state.store.workspaces.values()]
    named = sorted((name or external_id, external_id) for external_id, name in rows if external_id)
    return "".join(f'<option value="{escape(external_id)}">{escape(name)}</option>' for name, external_id in named)


def list_people() -> str:
    return "".join(f'<option value="{key}">{escape(name)}, {role}</option>' for key, (name, role) in PEOPLE.items())


def show(body: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "strict-origin-when-cross-origin"}
    return Response(PAGE.format(body=body), content_type="text/html; charset=utf-8", headers=headers)
