"""Addresses of pages, made from ids of any shape.

Addresses are put together here and not by `reverse`, which costs a long list more than its query; a test holds both to
the same answer.
"""

import re
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from portal.converters import escape_id
from portal.services.domains.reports import get_display_name

# A query, as names and values.
Pairs = list[tuple[str, str]]
# Most ids; what holds nothing else needs no escaping anywhere.
PLAIN = re.compile(r"[0-9A-Za-z_-]+")


def segment(value: str) -> str:
    return value if PLAIN.fullmatch(value) else quote(escape_id(value), safe="~:@!$&'()*+,;=")


def home() -> str:
    return "/"


def settings() -> str:
    return "/settings/"


def mail_test() -> str:
    return "/settings/mails/test/"


def mail_again(mail_id: int) -> str:
    return f"/settings/mails/{mail_id}/send/"


def checklist_hiding() -> str:
    return "/settings/checklist/hide/"


def brands() -> str:
    return "/settings/brand/"


def new_brand() -> str:
    return "/settings/brand/new/"


def brand(brand_id: int) -> str:
    return f"/settings/brand/{brand_id}/"


def brand_preview(brand_id: int | None) -> str:
    return f"{new_brand() if brand_id is None else brand(brand_id)}preview/"


def brand_preview_colors(accent: str) -> str:
    return f"/settings/brand/colors/{accent.removeprefix('#')}.css"


def brand_deletion(brand_id: int) -> str:
    return f"{brand(brand_id)}delete/"


def brand_stylesheet(digest: str) -> str:
    return f"/brand/{digest}.css"


def brand_logo(digest: str) -> str:
    return f"/brand/logo/{digest}.png"


def brand_icon(digest: str, side: int) -> str:
    return f"/brand/icon/{digest}/{side}.png"


def asset(digest: str, kind: str) -> str:
    """The styles (css) or scripts (js) of every page."""
    return f"/assets/{digest}.{kind}"


def manifest() -> str:
    return "/manifest.webmanifest"


def customers() -> str:
    return "/customers/"


def customer(slug: str) -> str:
    return f"/c/{slug}/"


def customer_settings(slug: str) -> str:
    return f"/c/{slug}/settings/"


def customer_logo(slug: str, logo_id: int) -> str:
    """The query makes it another address for each logo."""
    return f"/c/{slug}/logo.png?{logo_id}"


def customer_refresh(slug: str) -> str:
    return f"/c/{slug}/refresh/"


def deployment(slug: str, deployment_id: str) -> str:
    return f"/c/{slug}/deployments/{segment(deployment_id)}/"


def deployment_refresh(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}refresh/"


def history_export(slug: str) -> str:
    return f"{customer(slug)}history.csv"


def customers_export() -> str:
    return f"{customers()}customers.csv"


def operations_export(slug: str = "") -> str:
    return f"{customer_operations(slug) if slug else operations()}operations.csv"


def insights() -> str:
    return "/insights/"


def customer_insights(slug: str) -> str:
    return f"{customer(slug)}insights/"


def deployment_insights(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}insights/"


def builds(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}builds/"


def version(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{deployment(slug, deployment_id)}versions/{segment(version_id)}/"


def version_log(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{version(slug, deployment_id, version_id)}log/"


def version_log_text(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{version(slug, deployment_id, version_id)}log.txt"


def comparison(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}compare/"


def note(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{version(slug, deployment_id, version_id)}note/"


def compare(slug: str, deployment_id: str, from_id: str, to_id: str) -> str:
    return f"{comparison(slug, deployment_id)}?from={value(from_id)}&to={value(to_id)}"


def value(text: str) -> str:
    return text if PLAIN.fullmatch(text) else quote_plus(text)


def rollback(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{version(slug, deployment_id, version_id)}rollback/"


def promotion(slug: str, deployment_id: str, version_id: str) -> str:
    return f"{version(slug, deployment_id, version_id)}promote/"


def last_good(slug: str, deployment_id: str) -> str:
    """To roll back to the last good version."""
    return f"{deployment(slug, deployment_id)}rollback/"


def keeping(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}rollback/keep/"


def publication(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}publish/"


def first_publication(slug: str) -> str:
    return f"/c/{slug}/publish/"


def redeployment(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}redeploy/"


def stop(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}stop/"


def creation(slug: str) -> str:
    return f"/c/{slug}/create/"


def renaming(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}rename/"


def deletion(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}delete/"


def operation(key: object) -> str:
    return f"/operations/{key}/"


def decision(key: object) -> str:
    return f"/operations/{key}/decision/"


def undo(key: object) -> str:
    return f"/operations/{key}/undo/"


def operations() -> str:
    return "/operations/"


def customer_operations(slug: str) -> str:
    return f"/c/{slug}/operations/"


def activity() -> str:
    return "/activity/"


def customer_activity(slug: str) -> str:
    return f"/c/{slug}/activity/"


def activity_export(file_format: str, slug: str = "") -> str:
    """Of one customer, or of all."""
    return f"{customer_activity(slug) if slug else activity()}activity.{file_format}"


def env(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}env/"


def env_set(slug: str, deployment_id: str) -> str:
    return f"{env(slug, deployment_id)}set/"


def env_review(slug: str, deployment_id: str, key: object) -> str:
    return f"{env(slug, deployment_id)}review/{key}/"


def env_apply(slug: str, deployment_id: str, key: object) -> str:
    return f"{env_review(slug, deployment_id, key)}apply/"


def env_discard(slug: str, deployment_id: str, key: object) -> str:
    return f"{env_review(slug, deployment_id, key)}discard/"


def env_deletion(slug: str, deployment_id: str, name: str) -> str:
    return f"{env(slug, deployment_id)}delete/{segment(name)}/"


def domains(slug: str, deployment_id: str) -> str:
    return f"{deployment(slug, deployment_id)}domains/"


def domain_add(slug: str, deployment_id: str) -> str:
    return f"{domains(slug, deployment_id)}add/"


def domain(slug: str, deployment_id: str, domain_id: str) -> str:
    return f"{domains(slug, deployment_id)}{segment(domain_id)}/"


def domain_verify(slug: str, deployment_id: str, domain_id: str) -> str:
    return f"{domain(slug, deployment_id, domain_id)}verify/"


def detachment(slug: str, deployment_id: str, domain_id: str) -> str:
    return f"{domain(slug, deployment_id, domain_id)}detach/"


def redirection(slug: str, deployment_id: str, domain_id: str) -> str:
    return f"{domain(slug, deployment_id, domain_id)}redirect/"


def domain_links(slug: str, deployment_id: str, domain_id: str) -> str:
    return f"{domain(slug, deployment_id, domain_id)}links/"


def domain_link_revocation(slug: str, deployment_id: str, domain_id: str, link_id: int) -> str:
    return f"{domain_links(slug, deployment_id, domain_id)}{link_id}/revoke/"


def dns_link(secret: str) -> str:
    """For the person who manages the DNS, without sign-in."""
    return f"/dns/{secret}/"


def people() -> str:
    return "/people/"


def person(user_id: int) -> str:
    return f"/people/{user_id}/"


def person_role(user_id: int) -> str:
    return f"{person(user_id)}role/"


def person_deactivation(user_id: int) -> str:
    return f"{person(user_id)}deactivate/"


def person_reactivation(user_id: int) -> str:
    return f"{person(user_id)}reactivate/"


def person_removal(user_id: int) -> str:
    return f"{person(user_id)}remove/"


def person_second_factors(user_id: int) -> str:
    return f"{person(user_id)}second-factors/"


def person_sign_out(user_id: int) -> str:
    return f"{person(user_id)}sign-out/"


def person_invitation() -> str:
    """To invite somebody to any role."""
    return "/people/invite/"


def people_import() -> str:
    return "/people/import/"


def people_import_sending() -> str:
    return "/people/import/send/"


def invitations() -> str:
    return "/people/invitations/"


def invitation_resending(invitation_id: int) -> str:
    return f"{invitations()}{invitation_id}/resend/"


def invitation_revocation(invitation_id: int) -> str:
    return f"{invitations()}{invitation_id}/revoke/"


def invitation(secret: str) -> str:
    """For the person who was invited."""
    return f"/invitations/{secret}/"


def customer_people(slug: str) -> str:
    return f"/c/{slug}/people/"


def customer_invitation(slug: str) -> str:
    """To invite somebody to this customer."""
    return f"{customer_people(slug)}invite/"


def customer_invitation_resending(slug: str, invitation_id: int) -> str:
    return f"{customer_people(slug)}invitations/{invitation_id}/resend/"


def customer_invitation_revocation(slug: str, invitation_id: int) -> str:
    return f"{customer_people(slug)}invitations/{invitation_id}/revoke/"


def member_role(slug: str, user_id: int) -> str:
    return f"{customer_people(slug)}{user_id}/role/"


def member_removal(slug: str, user_id: int) -> str:
    return f"{customer_people(slug)}{user_id}/remove/"


def permissions() -> str:
    return "/settings/permissions/"


def customer_permissions(slug: str) -> str:
    return f"/c/{slug}/permissions/"


def build(slug: str, deployment_id: str, build_id: str) -> str:
    return f"{builds(slug, deployment_id)}{segment(build_id)}/"


def build_text(slug: str, deployment_id: str, build_id: str) -> str:
    return f"{build(slug, deployment_id, build_id)}log.txt"


def instance(slug: str, deployment_id: str, instance_id: str) -> str:
    return f"{deployment(slug, deployment_id)}runtime/{segment(instance_id)}/"


def instance_text(slug: str, deployment_id: str, instance_id: str) -> str:
    return f"{instance(slug, deployment_id, instance_id)}log.txt"


def find() -> str:
    return "/find/"


def switcher() -> str:
    """To change to another customer."""
    return "/find/customers/"


def shortcuts() -> str:
    return "/shortcuts/"


def styleguide() -> str:
    return "/styleguide/"


def styleguide_page(page: str) -> str:
    return f"/styleguide/{page}/"


def theme() -> str:
    return "/theme/"


def sign_in() -> str:
    return "/accounts/login/"


def sign_out() -> str:
    return "/accounts/logout/"


def hand_off() -> str:
    return "/handoff/"


def hand_off_continue() -> str:
    return "/handoff/continue/"


def profile() -> str:
    return "/profile/"


def confirmation(next_path: str) -> str:
    """To confirm who one is, and to go on from there."""
    return f"/accounts/reauthenticate/?next={quote_plus(next_path)}"


def confirmed() -> str:
    return "/accounts/confirmed/"


def by_name(route: str, *ids: str) -> str:
    """The address of the route that an operation kind names: its `form_route` or `result_route`."""
    address: str = globals()[route](*ids)
    return address


def with_query(path: str, pairs: Pairs) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


def web(url: str) -> str:
    """The address if it is one of the web, else nothing: another scheme would run in the reader's browser.

    Nor one with a user's name, which would look like the host that it leads to.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("https", "http") and parts.hostname and "@" not in parts.netloc else ""


def host(url: str) -> str:
    """The address as it is shown: with its domain's own letters, without scheme and without a closing slash."""
    name, slash, path = url.split("://", 1)[-1].rstrip("/").partition("/")
    return (get_display_name(name) if "xn--" in name else name) + slash + path
