"""What the command palette offers besides search results: actions and pages, by the words that name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from deployments_ui import links
from portal.permissions import Permission, Person, has_permission
from portal.services.queries.schemas import Action, CustomerSummary
from portal.services.queries.search_hits import Hit, Kind

ALLOWED = Action(may=True)
NOT_ALLOWED = Action()


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the palette. With a `cause` it is off.

    `opens_dialog`: it is a form. `presses` is the id of the button of every page that does the same.
    """

    title: str
    url: str
    detail: str = ""
    cause: str = ""
    opens_dialog: bool = False
    presses: str = ""
    hit: Hit | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """`title` takes %(name)s if it is about something. `words` are other words that it is found by."""

    title: Promise
    words: Promise
    get_url: Callable[..., str]
    get_action: Callable[..., Action] = lambda _subject: ALLOWED
    is_page: bool = False
    presses: str = ""

    def match(self, typed: Iterable[str]) -> frozenset[str]:
        """The typed words that name this command, at least by their beginning."""
        own = (str(self.title) % {"name": ""} + " " + str(self.words)).casefold().split()
        return frozenset(word for word in typed if len(word) > 1 and any(each.startswith(word) for each in own))


def at_app(name: str) -> Callable[[Hit], Action]:
    return lambda hit: getattr(hit.deployment.actions, name) if hit.deployment else NOT_ALLOWED


def at_customer(may: Callable[[CustomerSummary], bool]) -> Callable[[Hit], Action]:
    def get_action(hit: Hit) -> Action:
        return ALLOWED if hit.customer and not hit.customer.is_unassigned and may(hit.customer) else NOT_ALLOWED

    return get_action


def for_platform(permission: Permission) -> Callable[[Person], Action]:
    return lambda person: ALLOWED if has_permission(person, permission) else NOT_ALLOWED


def of_app(url: Callable[[str, str], str]) -> Callable[[Hit], str]:
    return lambda hit: url(hit.slug, hit.deployment_id)


def of_customer(url: Callable[[str], str]) -> Callable[[Hit], str]:
    return lambda hit: url(hit.slug)


def of_site(url: Callable[[], str]) -> Callable[[Person], str]:
    return lambda _person: url()


def get_promotion_url(hit: Hit) -> str:
    staged = hit.deployment.staged if hit.deployment else None
    return links.promotion(hit.slug, hit.deployment_id, staged.id) if staged else ""


FOR_APP = (
    Command(_("Roll back %(name)s"), _("rollback previous"), of_app(links.last_good), at_app("roll_back")),
    Command(_("Promote %(name)s"), _("staged live"), get_promotion_url, at_app("promote")),
    Command(_("Publish %(name)s"), _("deploy release"), of_app(links.publication), at_app("publish")),
    Command(_("Redeploy %(name)s"), _("rebuild restart"), of_app(links.redeployment), at_app("redeploy")),
    Command(_("Rename %(name)s"), _("name"), of_app(links.renaming), at_app("rename")),
    Command(_("Stop %(name)s"), _("off"), of_app(links.stop), at_app("stop")),
    Command(_("Delete %(name)s"), _("remove"), of_app(links.deletion), at_app("delete")),
    Command(_("Env vars of %(name)s"), _("environment variables secrets"), of_app(links.env), is_page=True),
    Command(_("Domains of %(name)s"), _("dns records"), of_app(links.domains), is_page=True),
    Command(_("Builds and logs of %(name)s"), _("build log instances"), of_app(links.builds), is_page=True),
    Command(_("History of %(name)s"), _("versions timeline"), of_app(links.deployment), is_page=True),
)
FOR_CUSTOMER = (
    Command(
        _("Invite somebody to %(name)s"),
        _("invitation people"),
        of_customer(links.customer_invitation),
        at_customer(lambda customer: customer.may_manage_people),
    ),
    Command(_("History of %(name)s"), _("versions timeline"), of_customer(links.customer), is_page=True),
    Command(
        _("Activity of %(name)s"),
        _("audit log"),
        of_customer(links.customer_activity),
        at_customer(lambda customer: customer.may_read_activity),
        is_page=True,
    ),
    Command(
        _("People of %(name)s"),
        _("members users"),
        of_customer(links.customer_people),
        at_customer(lambda customer: customer.may_manage_people),
        is_page=True,
    ),
    Command(
        _("Settings of %(name)s"),
        _("name logo tags permissions"),
        of_customer(links.customer_settings),
        at_customer(lambda customer: customer.may_change_settings),
        is_page=True,
    ),
)
STAFF = for_platform(Permission.READ_ALL_CUSTOMERS)
PEOPLE = for_platform(Permission.MANAGE_PEOPLE)
SETTINGS = for_platform(Permission.CHANGE_SETTINGS)
FOR_SITE = (
    Command(_("Home"), _("start"), lambda _person: "/", is_page=True),
    Command(_("Customers"), _("list all"), of_site(links.customers), STAFF, is_page=True),
    Command(_("Activity"), _("audit log"), of_site(links.activity), STAFF, is_page=True),
    Command(_("Operations"), _("changes"), of_site(links.operations), STAFF, is_page=True),
    Command(_("People"), _("users staff"), of_site(links.people), PEOPLE, is_page=True),
    Command(_("Open invitations"), _("invited"), of_site(links.invitations), PEOPLE, is_page=True),
    Command(_("Settings"), _("miosa worker mails"), of_site(links.settings), SETTINGS, is_page=True),
    Command(_("Brand"), _("logo colour settings"), of_site(links.brands), SETTINGS, is_page=True),
    Command(_("Permissions"), _("roles settings"), of_site(links.permissions), SETTINGS, is_page=True),
    Command(_("Profile"), _("account password passkeys sessions"), of_site(links.profile), is_page=True),
    Command(_("Keyboard shortcuts"), _("keys help"), of_site(links.shortcuts), presses="show-shortcuts"),
    Command(_("Invite somebody"), _("invitation people"), of_site(links.person_invitation), PEOPLE),
    Command(_("Refresh this page"), _("reload update"), lambda _person: "", presses="refresh"),
    Command(_("Theme: dark"), pgettext_lazy("theme", "night"), of_site(links.profile), presses="theme-dark"),
    Command(_("Theme: light"), pgettext_lazy("theme", "day"), of_site(links.profile), presses="theme-light"),
    Command(_("Theme: system"), pgettext_lazy("theme", "auto"), of_site(links.profile), presses="theme-auto"),
    Command(_("Sign out"), _("log out leave"), of_site(links.sign_out), presses="sign-out"),
)


def find_subject(typed: list[str]) -> str | None:
    """The typed words without those that name an action on something, None if none does."""
    named = [command.match(typed) for command in (*FOR_APP, *FOR_CUSTOMER)]
    most = max(named, key=len)
    return " ".join(word for word in typed if word not in most) if most else None


def list_matching(typed: list[str], targets: Iterable[Hit], subject: str | None) -> Iterator[Item]:
    """Actions and pages of what was found, first those that most of the words name."""
    found = []
    rest = frozenset((subject or "").split())
    for hit in targets:
        for command in FOR_APP if hit.kind is Kind.DEPLOYMENT else FOR_CUSTOMER:
            matched = command.match(typed)
            if matched and frozenset(typed) - matched <= rest:
                found.append((-len(matched), command, hit))
    found.sort(key=lambda each: each[0])
    for _score, command, hit in found:
        yield from make_items(command, hit)


def list_of_site(typed: list[str], *, by: Person) -> Iterator[Item]:
    """Pages and actions of no customer that all words name; every one if nothing is typed."""
    for command in FOR_SITE:
        if len(command.match(typed)) == len(typed) and command.get_action(by).may:
            url = command.get_url(by)
            opens_dialog = not (command.is_page or command.presses)
            yield Item(str(command.title), url, opens_dialog=opens_dialog, presses=command.presses)


def list_all(hit: Hit) -> Iterator[Item]:
    """Every action and page of what the page at hand shows."""
    for command in FOR_APP if hit.kind is Kind.DEPLOYMENT else FOR_CUSTOMER:
        yield from make_items(command, hit)


def make_items(command: Command, hit: Hit) -> Iterator[Item]:
    """None if the person may not do it; off, with the cause, if it can't be done now."""
    action = command.get_action(hit)
    if action.may:
        title = str(command.title) % {"name": hit.title}
        detail = hit.detail if hit.kind is Kind.DEPLOYMENT else ""
        yield Item(title, command.get_url(hit), detail, action.cause, opens_dialog=not command.is_page)
