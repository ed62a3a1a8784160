"""The profile: name, time zone, theme, mails, e-mail address; and the mail about a new browser."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import Mail, User
from tests.accounts.browser import is_signed_in, let_pass, list_events, sign_in
from tests.mails import find_path, list_texts
from tests.people import People

pytestmark = pytest.mark.postgres

PROFILE = "/profile/"
NEW = "rao@new-address.test"
SENT = {"name": "Dr. Rao", "time_zone": "Asia/Kolkata", "theme": "dark", "mails": []}


class TestProfile:
    def test_it_is_saved(self, people: People) -> None:
        client = sign_in(people.owner)
        page = client.post(PROFILE, SENT, follow=True).content.decode()
        assert "Your profile was saved" in page
        assert 'data-zone="Asia/Kolkata" data-theme="dark"' in page
        user = User.objects.get(pk=people.owner.pk)
        assert (user.name, user.unwanted_mails) == ("Dr. Rao", ["new_sign_in"])
        changed = list_events("profile.changed")
        assert [event.before for event in changed] == [
            {"name": "Dr Rao", "time_zone": "", "theme": "", "unwanted_mails": []}
        ]

    def test_theme_and_time_zone_follow_to_another_browser(self, people: People) -> None:
        sign_in(people.owner).post(PROFILE, SENT)
        page = sign_in(people.owner).get("/find/").content.decode()
        assert 'data-zone="Asia/Kolkata" data-theme="dark"' in page

    def test_a_theme_chosen_in_the_menu_follows_too(self, people: People) -> None:
        sign_in(people.owner).post("/theme/", {"theme": "light"})
        assert 'data-theme="light"' in sign_in(people.owner).get("/find/").content.decode()

    @pytest.mark.parametrize(
        "wrong", [{"time_zone": "Mars/Olympus"}, {"theme": "pink"}, {"name": " "}, {"mails": ["security_changed"]}]
    )
    def test_what_is_wrong_is_shown_with_what_was_typed(self, people: People, wrong: dict[str, object]) -> None:
        page = sign_in(people.owner).post(PROFILE, {**SENT, **wrong})
        assert page.status_code == 422
        assert User.objects.get(pk=people.owner.pk).name == "Dr Rao"
        if "name" not in wrong:
            assert 'value="Dr. Rao"' in page.content.decode()

    def test_a_name_is_one_line(self, people: People) -> None:
        sign_in(people.owner).post(PROFILE, {**SENT, "name": "Dr\r\nBcc: x\x1b[31m"})
        assert User.objects.get(pk=people.owner.pk).name == "Dr Bcc: x"

    def test_roles_can_t_be_sent_along(self, people: People) -> None:
        sent = {**SENT, "staff_role": "operator", "is_superuser": "1", "email": "x@y.test", "sees_all_customers": "1"}
        sign_in(people.owner).post(PROFILE, sent)
        user = User.objects.get(pk=people.owner.pk)
        assert (user.staff_role, user.email, user.is_superuser) == ("", people.owner.email, False)


class TestEmail:
    def ask(self, client: Client, email: str = NEW) -> str:
        return client.post(f"{PROFILE}email/", {"email": email}, follow=True).content.decode()

    def find_link(self) -> str:
        return find_path(list_texts("email_confirmation", to=NEW)[-1])

    def test_the_new_address_is_confirmed_and_the_old_one_informed(self, people: People) -> None:
        client, other = sign_in(people.owner), sign_in(people.owner)
        self.ask(client)
        assert NEW in client.get(self.find_link()).content.decode()
        assert User.objects.get(pk=people.owner.pk).email == people.owner.email
        client.post(self.find_link())
        assert User.objects.get(pk=people.owner.pk).email == NEW
        assert "e-mail address of your account was changed" in list_texts("security_changed", to=people.owner.email)[0]
        assert is_signed_in(client)
        assert not is_signed_in(other)
        assert [event.after for event in list_events("email.changed")] == [{"email": NEW}]

    def test_the_old_address_no_longer_signs_in(self, people: People) -> None:
        client = sign_in(people.owner)
        self.ask(client)
        client.post(self.find_link())
        assert not is_signed_in(sign_in(people.owner))
        assert is_signed_in(sign_in(User.objects.get(pk=people.owner.pk)))

    def test_a_link_works_once_and_for_its_person_only(self, people: People) -> None:
        client = sign_in(people.owner)
        self.ask(client)
        link = self.find_link()
        assert sign_in(people.viewer).post(link).status_code == 404
        assert Client().get(link)["Location"].startswith("/accounts/login/")
        client.post(link)
        assert client.get(link).status_code == 404

    def test_an_address_that_is_taken_is_answered_alike(self, people: People) -> None:
        """Else everybody could find out who has an account."""
        client = sign_in(people.owner)
        pages = [self.ask(client, email) for email in (NEW, people.viewer.email)]
        assert "Open the link in the mail" in pages[0]
        assert "Open the link in the mail" in pages[1]
        assert list_texts("email_taken", to=people.viewer.email)
        assert not list_texts("email_confirmation", to=people.viewer.email)

    def test_an_address_taken_meanwhile_stays_with_its_owner(self, people: People) -> None:
        client = sign_in(people.owner)
        self.ask(client)
        User.objects.filter(pk=people.viewer.pk).update(email=NEW)
        assert client.post(self.find_link()).status_code == 404
        assert User.objects.get(pk=people.owner.pk).email == people.owner.email

    def test_it_needs_a_recent_sign_in(self, people: People) -> None:
        client = sign_in(people.owner)
        let_pass(client, 360)
        assert client.post(f"{PROFILE}email/", {"email": NEW}).status_code == 403
        assert not Mail.objects.filter(address=NEW).exists()

    def test_nobody_is_flooded_with_mails(self, people: People) -> None:
        client = sign_in(people.owner)
        pages = [self.ask(client) for _ in range(5)]
        assert "Several mails were already sent to this address" in pages[-1]
        assert Mail.objects.filter(address=NEW).count() == 3


class TestNewBrowser:
    def test_a_sign_in_with_an_unknown_browser_is_reported(self, people: People) -> None:
        client = sign_in(people.owner)
        text = list_texts("new_sign_in", to=people.owner.email)[0]
        assert "Firefox on Linux" in text
        assert "127.0.0.1" in text
        client.post("/accounts/logout/")
        sign_in(people.owner, client=client)
        assert len(list_texts("new_sign_in", to=people.owner.email)) == 1
        sign_in(people.owner)
        assert len(list_texts("new_sign_in", to=people.owner.email)) == 2

    def test_it_can_be_declined(self, people: People) -> None:
        sign_in(people.owner).post(PROFILE, SENT)
        sign_in(people.owner)
        assert len(list_texts("new_sign_in", to=people.owner.email)) == 1

    def test_its_link_names_the_portal_s_own_address(self, people: People, settings: Settings) -> None:
        settings.PORTAL_URL, settings.ALLOWED_HOSTS = "https://deploys.example", ["*"]
        sign_in(people.owner, client=Client(headers={"Host": "evil.example"}))
        text = list_texts("new_sign_in", to=people.owner.email)[0]
        assert "https://deploys.example/profile/" in text
        assert "evil.example" not in text
