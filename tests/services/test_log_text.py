"""What customers may not see is hidden in every text (docs/rules.md, 9), and nothing else is."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from pytest_django import Settings

from portal.services import log_text

HIDDEN = [
    # Storage, in URLs, JSON and percent-encoded
    ("Uploading to s3://bucket/a", "Uploading to […]"),
    ("S3://bucket/a, and", "[…], and"),
    (r'"uri":"s3:\/\/bucket\/a","x":1', r'"uri":"[…]","x":1'),
    ("url=s3%3A%2F%2Fbucket%2Fa", "url=[…]"),
    ("(gs://b/c).", "([…])."),
    ("['r2://b', 'oci://x']", "['[…]', '[…]']"),
    (r"\ns3://bucket/a\nnext", r"\n[…]\nnext"),
    (r'"s3\u003a\u002f\u002fbucket\u002fa" s3%253A%252F%252Fbucket%252Fa', '"[…]" […]'),
    (r'"https://my.s3.amazonaws.com/a?X=1\u0026X-Amz-Signature\u003d2\u0022', r'"[…]\u0022'),
    ("主机host_01AB 存储s3://bucket/a 密钥msk_live_9", "主机[…] 存储[…] 密钥[…]"),
    ("https://my.s3.eu-west-1.amazonaws.com/a?X-Amz-Signature=1", "[…]"),
    ("bucket.s3.amazonaws.com", "[…]"),
    ("123.dkr.ecr.eu-west-1.amazonaws.com/app:1", "[…]"),
    ("https://storage.googleapis.com/bucket/x", "[…]"),
    ("acct.blob.core.windows.net", "[…]"),
    ("https://acct.r2.cloudflarestorage.com/b", "[…]"),
    # Keys and names of resources
    ("MSK_u_1234, key=msk_live_9", "[…], key=[…]"),
    ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: […]"),
    ("AKIAIOSFODNN7EXAMPLE", "[…]"),
    ('"arn:aws-cn:iam::1234:role/x",', '"[…]",'),
    ("arn%3Aaws%3As3%3A%3A%3Ab", "[…]"),
    # Ids
    ("HOST_01ab.", "[…]."),
    (r"\nhost_01AB\n", r"\n[…]\n"),
    ("%2Fhost_01AB%2F", "%2F[…]%2F"),
    ("[36mhost_01AB", "[36m[…]"),
    ('"host":"host_9f"', '"host":"[…]"'),
    ("x=tnt_acme;", "x=[…];"),
    ("user_4f2a9c vm_01J8ZK, node_01J8", "[…] […], […]"),
    ('{"host_id":"3f2b8a10-1234-4abc-9def-0123456789ab"}', '{"host_id":"[…]"}'),
    ("tenantId=01J8ZKABCDEFGHJKMNPQ", "tenantId=[…]"),
    # Private addresses
    ("(10.40.3.9) 10.40.3.9.", "([…]) […]."),
    ("addr=10.1.2.3,10.1.2.4;<10.1.2.5>", "addr=[…],[…];<[…]>"),
    ("http://10.40.3.9:8080/x", "http://[…]/x"),
    ("10.0.0.0/8 172.16.0.1 172.31.255.255", "[…] […] […]"),
    ("192.168.0.1 100.64.0.1 100.127.255.254 169.254.169.254", "[…] […] […] […]"),
    (r"\u001b[33m10.40.3.9\u001b[0m", r"\u001b[33m[…]\u001b[0m"),
    ("%2F10.40.3.9%3A80 10%2E40%2E3%2E9", "%2F[…] […]"),
    ("ip-10-40-3-9.eu-west-1.compute.internal", "[…]"),
    ("::ffff:10.40.3.9", "::ffff:[…]"),
    ("[fd12:3456:789a::1]:8080 fd00::1", "[[…]]:8080 […]"),
    ("FE80::ABCD%eth0 fe80::1%25eth0 fdaa:0:1:a7b:1::3/112", "[…] […] […]"),
    ("x fd00%3A%3A1 y", "x […] y"),
    ("to:fd12:3456:789a::1 a%2210.40.3.9%22", "to:[…] a%22[…]%22"),
    # The name
    ("MIOSA: Miosa-builder", "[…]: […]"),
    ("https://api.miosa.app/v1/tenants/acme?x=1 ok", "https://[…] ok"),
    (r"\nmiosa-x\n", r"\n[…]\n"),
    ("ＭＩＯＳＡ мiosа 𝐦𝐢𝐨𝐬𝐚", "[…] […] […]"),
    ("１０．４０．３．９", "[…]"),
    ("Mİosa", "[…]"),
    # Letters that stand for several do not move what is hidden
    ("ﬁle ﬁle at s3://bucket/a, İ on 10.40.3.9 ½", "ﬁle ﬁle at […], İ on […] ½"),
    # Split or surrounded by what a terminal does not show
    ("\x1b[36ms3://bucket/a\x1b[0m", "[…]"),
    ("\x1b[33m10.40.3.9\x1b[0m", "[…]"),
    ("\x1b[35mhost_01AB\x1b[0m", "[…]"),
    ("mi\x1b[1mosa\x1b[0m mio\x07sa mi\x7fosa mi\x80osa mio\u200bsa mi\u00adosa", "[…] […] […] […] […] […]"),
    ("mi\ufff9osa mi\ufffbosa", "[…] […]"),
    ("miox\x08sa", "[…]"),
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN)
def test_what_names_the_hosting_service_is_hidden(text: str, expected: str) -> None:
    assert log_text.scrub(text) == expected


HARMLESS = [
    *("Need to get 10.5 kB", "172.16 MB of 192.168 MB", "10.4.3", "10.20.30", "10:20:30.405", "10.20.30.40.50"),
    *("v10.40.3.9", "version 10.40.3.9", "10.1.2.3rc1", "foo-10.1.2.3.tgz", "libfoo (10.1.2.3-1ubuntu2)"),
    *("libicu (= 10.1.2.3)", "0001_user_2fa.py", "accounts.0002_user_2fa_enabled", "create_user_v2.rb", "node_v20"),
    *("2001:db8:fd12:1::1", "request_id=f47ac10b-58cc-4372-a567-0e02b2c3d479", "build id: 3f2b8c9d1e2f3a4b5c6d"),
    *("libfoo==10.1.2.3", ">=10.0.0.0", "1.10.40.3.9", "300.10.40.3.9", "127.0.0.1:5432", "0.0.0.0:8080", "8.8.8.8"),
    *("node_modules/foo", "node_18", "user_id=42", "user_2", "org_name", "host_header", "vm_size", "node_exporter"),
    *("ghost_01AB", "pool_size=5", "svc_name", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "sha256:fd00abcd"),
    *("file:///app/x.js:3:1", "https://git.example/acme/x", "docker.example/node:20", "sqs.eu-west-1.amazonaws.com"),
    *("yarn: command not found", "learn: more", "warn:foo:bar", "bearer token missing", "asia-east1", "mission"),
    *("fade::1", "feed:beef", "fd:3", "de:ad:be:ef", "12:fd:00:aa:bb:cc", "node:internal/modules/cjs/loader:1080"),
    *("org.gradle.internal.x", "übermiós", "Ошибка: нет файла", "✓ 63 modules", "[…]", ""),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_nothing_harmless_is_hidden(text: str) -> None:
    assert log_text.scrub(text) == text


def test_the_host_of_the_connection_is_hidden(settings: Settings) -> None:
    text = "POST https://API.hosting.example/api/v1/x failed, see eu.api.hosting.example"
    settings.MIOSA = replace(settings.MIOSA, base_url="https://api.hosting.example/api/v1")
    assert log_text.scrub(text) == "POST https://[…] failed, see […]"
    settings.MIOSA = replace(settings.MIOSA, base_url="http://localhost:8080/api/v1")
    assert log_text.scrub("listening on localhost:3000") == "listening on localhost:3000"


def test_text_without_anything_private_is_shown_as_a_terminal_shows_it() -> None:
    assert log_text.scrub("\x1b[31m12\b3\x07") == "13"
    spelled = "ᠮᠣᠩᠭᠣᠯ\u180eᠠ"
    assert log_text.scrub(spelled) == spelled


def test_no_range_reaches_over_the_end_of_a_line() -> None:
    text = "s3://a\nmiosa\n10.0.0.1\nhost_01ab\nhost_id=\n01J8ZKABCDEFGHJKMNPQ\nBearer\nabcdefghijklmnop1234"
    ranges = log_text.find_private(text)
    assert len(ranges) == 4
    assert not [found for found in ranges if "\n" in text[slice(*found)]]


PARTS = (
    *("a", "miosa", "miosa ", "s3://", "s3://.", "10.0.0.", "10.0.0.1 ", "1", "_a", "host_1a ", "host_a", "node_"),
    *("amazonaws.com", "s3.amazonaws.com ", "://", "%3a%2f%2f", "fd00:", "fd00::1 ", "f", "arn:a:", "msk_a ", "id="),
    *("bearer ", "\\/", ".", "Ｍ", "ip-1", "tnt_", "x:"),
)


@pytest.mark.parametrize("part", PARTS)
def test_time_grows_with_the_length_of_a_line(part: str) -> None:
    """Four times as much takes about four times as long; with the square of the length it would be sixteen times."""

    def measure(length: int) -> float:
        text, times = part * (length // len(part)), []
        for _round in range(3):
            begun = time.thread_time()
            log_text.find_private(text)
            times.append(time.thread_time() - begun)
        return min(times)

    assert measure(80_000) < 10 * measure(20_000) + 0.02
