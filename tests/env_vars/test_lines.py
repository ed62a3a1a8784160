"""Names and values: which can be set, which can be shown, and what is noticed about them."""

import pytest

from portal.services.env_vars import dotenv, lines


@pytest.mark.parametrize("name", ["NEXT_PUBLIC_X", "VITE_X", "REACT_APP_X"])
def test_a_public_prefix_has_a_notice(name: str) -> None:
    assert "every visitor" in " ".join(lines.list_name_notices(name, ()))


def test_a_repeated_name_has_a_notice_with_the_other_lines() -> None:
    assert lines.list_name_notices("A", (1, 2, 3, 7)) == (
        "Lines 1–3, 7 set this name too, but only the last value counts.",
    )


@pytest.mark.parametrize("name", ["1A", "A-B", "A.B", "", "A" * 129, "Ä", "A B", "А"])
def test_invalid_names(name: str) -> None:
    assert lines.find_name_problem(name)


@pytest.mark.parametrize(
    ("value", "is_valid"), [("x" * 32_768, True), ("x" * 32_769, False), ("\x00", False), ("\ud800", False)]
)
def test_values_that_can_be_set(value: str, is_valid: bool) -> None:
    assert bool(lines.find_value_problem(value)) is not is_valid


@pytest.mark.parametrize(
    "name",
    [
        "firebaseMessagingSenderId",
        "security__staffDeviceVerification",
        "ConnectionStrings__DefaultConnection",
        "auth0ManagementApiClientSecret",
        "npm_config_strictSslCertificateVerification",
        "APPLICATIONINSIGHTS_CONNECTIONSTRING",
        "MY-KEY",
        "spring.datasource.url",
    ],
)
def test_words_resemble_a_name(name: str) -> None:
    assert lines.resembles_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3cr3t-value-that-nobody-may-see",
        "sk_live_51HqLyjWDarjtT1zdp7dcXYZ0123456789",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "kJxQvRtBzWmNpLsDfGhYcXaUeIoPqZ",
        "d41d8cd98f00b204e9800998ecf8427e",
        "ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY",
        "Tr0ub4dor&3",
    ],
)
def test_secrets_do_not(text: str) -> None:
    assert not lines.resembles_name(text)


def test_the_repr_of_a_line_shows_no_value() -> None:
    assert "hunter2" not in repr(dotenv.parse("A=hunter2"))
