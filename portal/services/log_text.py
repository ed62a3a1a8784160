"""Texts of the hosting service for customers: what names it, or its machines, is hidden (docs/rules.md, 9).

Everything here reads plain text, since no pattern finds a name that a colour code splits. Letters that only look like
others (`ＭＩＯＳＡ`) are compared as those. Each finder looks for a short part, which is quick, and goes from there a
bounded distance to the left and over characters of one class to the right: linear time, whatever the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from django.conf import settings

from portal import terminal

HIDDEN = "[…]"
Range = tuple[int, int]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_VENDOR = "miosa"
# Letters of other alphabets that look like those of the name.
_LOOKALIKES = dict(zip("μмıіιοоѕаαİ", "mmiiioosaai", strict=True))
_LONGEST_HOST = 253

# After these a name begins although a letter stands before it: `\nhost_01AB`, `%2Fhost_01AB`, `[36mhost_01AB`.
_ESCAPE = re.compile(r"(?:\\[nrtbf]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|%[0-9a-f]{2}|\[[0-9]{0,3}m)$")
# Also percent-encoded, once or twice, and escaped as in JSON.
_COLON, _DOT, _SLASH = r"(?::|%(?:25)?3a|\\u003a)", r"(?:\.|%2e)", r"(?:/|\\/|%(?:25)?2f|\\u002f)"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"

_SLASHES = re.compile(rf"{_COLON}{_SLASH}{{2}}")
_STORE = re.compile(r"(?:s3[an]?|gcs|gs|r2|minio|oci|docker|b2|swift|azblob|az|abfss?|wasbs?)$")
_SCHEME = re.compile(rf"[a-z][a-z0-9+.-]{{1,15}}{_COLON}{_SLASH}{{2}}$")
_REST_OF_URL = re.compile(r"(?:[^\s\"'<>`\\|]|\\/|\\u00(?:26|2f|3[ad]))*")
_REST_OF_WORD = re.compile(r"[\w.-]*")
_PUNCTUATION = ".,;:!?)]}"
_STORE_HOSTS = (
    *("storage.googleapis.com", "storage.cloud.google.com", "cloudflarestorage.com", "r2.dev", "blob.core.windows.net"),
    *("digitaloceanspaces.com", "backblazeb2.com", "wasabisys.com", "linodeobjects.com", "your-objectstorage.com"),
    *("compute.internal", "ec2.internal", "svc.cluster.local"),
)
# Of these clouds only the names of their storage: the rest are services that an app itself may use.
_CLOUDS = ("amazonaws.com", "oraclecloud.com", "aliyuncs.com", "scw.cloud")
_STORAGE = re.compile(r"(?:^|[.-])(?:s3|s3-[\w-]+|ecr|objectstorage|oss-[\w-]+)\.")
_HOST_END = re.compile(r"(?![\w-]|\.[a-z0-9])")

# `host_01AB`, `user_4f2a9c`, `tnt_acme`, but not `node_modules`, `node_18`, `node_v18`, `user_2fa` or `org_name`.
_KINDS = ("tenant", "tnt", "host", "node", "vm", "user", "usr", "owner", "svc", "wh", "evt", "org", "ws", "prj", "pool")
_ID = re.compile(
    f"_(?:{'|'.join(f'(?<={kind}_)' for kind in _KINDS)})"
    r"(?:(?=[a-z]{0,24}[0-9])(?!(?:v?[0-9]{1,5}|2fa)(?![a-z0-9]))[a-z0-9]{2,}(?:[_-][a-z0-9]*[0-9][a-z0-9]*)*|(?<=tnt_)[\w-]+)"
)
# An id that only its name tells: `host_id=3f2b…`, `"tenantId": "3f2b…"`.
_NAMED_ID = re.compile(
    r"id[\\\"']{0,3}[ ]?[:=][ ]?[\\\"']{0,3}"
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{4,40}|(?=[a-z]{0,20}[0-9])[a-z0-9]{16,64})(?![a-z0-9])"
)
_ID_OWNER = re.compile(r"(?:tenant|host|node|vm|owner)[_ -]?$")
_KEYS = {
    "msk_": re.compile(r"msk_[\w-]+"),
    "whsec_": re.compile(r"whsec_[\w-]{4,}"),
    "akia": re.compile(r"akia[a-z0-9]{16}(?![a-z0-9])"),
    "asia": re.compile(r"asia[a-z0-9]{16}(?![a-z0-9])"),
    "arn:": re.compile(r"arn:[a-z][a-z0-9*-]*:[^\s\"'<>`\\,;|)\]}]*"),
    "arn%3a": re.compile(r"arn%3a[a-z][a-z0-9*-]*%3a[^\s\"'<>`\\,;|)\]}]*"),
    "bearer ": re.compile(r"bearer [\w.~/+-]{16,}=*"),
    "ip-1": re.compile(rf"ip-1[0-9]{{1,2}}(?:-{_OCTET}){{3}}[\w.-]*"),
}

# 10/8, 172.16/12, 192.168/16, 169.254/16 (link-local), 100.64/10 (carriers' NAT), with a port or the size of a network.
_IPV4 = re.compile(
    rf"1(?:0{_DOT}{_OCTET}|72{_DOT}(?:1[6-9]|2[0-9]|3[01])|92{_DOT}168|69{_DOT}254"
    rf"|00{_DOT}(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])){_DOT}{_OCTET}{_DOT}{_OCTET}(?![0-9])"
    rf"(?:{_COLON}[0-9]{{1,5}}|/[0-9]{{1,2}}(?![0-9]))?"
    # A version goes on: 10.1.2.3rc1, 10.1.2.3.4, 10.1.2.3-1ubuntu2, foo-10.1.2.3.tgz.
    r"(?![a-z0-9]|\.[0-9]|-[0-9]+(?:[a-z+~][\w.+~]*)?\)|\.(?:tar|tgz|zip|gem|whl|jar|deb|rpm|nupkg|crate)\b)"
)
_VERSION = re.compile(r"(?:[0-9.]|(?<![a-z0-9])v|(?:[=<>~]=|~>|[~^]) ?|\((?:=|<<|>>) |\bversion[ :]{1,2})$")
# fc00::/7 (unique local), fe80::/10 (link-local) and the old fec0::/10, with a zone or the size of a network.
_IPV6 = re.compile(
    rf"f(?:[cd][0-9a-f]{{2}}|e[89a-f][0-9a-f])(?:{_COLON}[0-9a-f]{{0,4}}){{2,7}}(?:\.[0-9]{{1,3}}){{0,3}}"
    r"(?:%[\w.-]+)?(?:/[0-9]{1,3}(?![0-9]))?(?![0-9a-z])"
)
# Another group of the address, which begins further left; not the colon of `to:fd12::1`.
_GROUP = re.compile(r"(?:^|[^0-9a-z])[0-9a-f]{0,4}:$")


def scrub(text: str) -> str:
    """What a terminal shows of `text`, with `HIDDEN` for each range of `find_private`.

    Letters without a width stay if nothing is hidden, since some languages are spelled with them.
    """
    plain = terminal.to_plain(text)
    ranges = find_private(plain)
    if not ranges and not _CONTROL.search(text):
        return text
    text, pieces, end = plain, [], 0
    for begin, stop in ranges:
        pieces += [text[end:begin], HIDDEN]
        end = stop
    return "".join((*pieces, text[end:]))


def find_private(text: str) -> list[Range]:
    """What customers may not see in plain text: the hosting service's name, its storage, ids, keys, private addresses.

    Ranges are in order, do not overlap, and none reaches over the end of a line.
    """
    folded = _fold(text)
    finders = (_find_vendor, _find_stores, _find_store_hosts, _find_ids, _find_named_ids, _find_keys)
    ranges = chain(*(find(folded) for find in finders), _find_addresses(folded))
    merged: list[Range] = []
    for begin, end in sorted(ranges):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _fold(text: str) -> str:
    """Lower-cased text of the same length, with plain letters for those that look like them."""
    if not text.isascii():
        text = text.translate({ord(each): _find_lookalike(each) for each in set(text) if not each.isascii()})
    return text.lower()


def _find_lookalike(letter: str) -> str:
    plain = unicodedata.normalize("NFKC", letter)
    plain = plain if len(plain) == 1 else letter
    return _LOOKALIKES.get(plain) or _LOOKALIKES.get(plain.lower()) or plain


def _find_all(text: str, part: str) -> Iterator[int]:
    position = text.find(part)
    while position >= 0:
        yield position
        position = text.find(part, position + len(part))


def _is_begin(text: str, position: int) -> bool:
    """Whether a name may begin here: not inside a word. Chinese and Japanese have no spaces before one."""
    before = text[position - 1 : position]
    return not (before.isascii() and before.isalnum()) or bool(_ESCAPE.search(text, max(0, position - 6), position))


def _find_begin_of_word(text: str, position: int) -> int:
    """Where the host or word begins that holds `position`; an escape before it is not part of it."""
    begin = position
    while begin > max(0, position - _LONGEST_HOST) and (text[begin - 1].isalnum() or text[begin - 1] in "._-"):
        begin -= 1
    escape = re.match("[nrtbf]", text[begin:position]) if text[begin - 1 : begin] == "\\" else None
    return begin + 1 if escape else begin


def _find_end_of_url(text: str, position: int) -> int:
    rest = _REST_OF_URL.match(text, position)
    end = rest.end() if rest else position
    while end > position and text[end - 1] in _PUNCTUATION:
        end -= 1
    return end


def _find_vendor(text: str) -> Iterator[Range]:
    """Each word or URL that holds the name of the hosting service or of its host."""
    host = (urlsplit(settings.MIOSA.base_url).hostname or "").lower()
    is_name = "." in host and not host.replace(".", "").isdigit()
    for name in (_VENDOR, host) if is_name else (_VENDOR,):
        end = 0
        for position in _find_all(text, name):
            if position < end:
                continue
            begin = max(end, _find_begin_of_word(text, position))
            scheme = _SCHEME.search(text, max(0, begin - 24), begin)
            rest = _REST_OF_WORD.match(text, position)
            end = _find_end_of_url(text, position) if scheme else rest.end() if rest else position
            end = max(end, position + len(name))
            yield begin, end


def _find_stores(text: str) -> Iterator[Range]:
    """`s3://bucket/key`, also percent-encoded or escaped as in JSON."""
    end = 0
    for slashes in _SLASHES.finditer(text):
        scheme = _STORE.search(text, max(0, slashes.start() - 6), slashes.start()) if slashes.start() >= end else None
        if scheme and _is_begin(text, scheme.start()):
            end = _find_end_of_url(text, slashes.end())
            yield scheme.start(), end


def _find_store_hosts(text: str) -> Iterator[Range]:
    """Addresses of buckets and image registries at well-known clouds, and machines' names inside of them."""
    for name in (*_STORE_HOSTS, *_CLOUDS):
        done = 0
        for position in _find_all(text, name):
            end = position + len(name)
            if position < done or not _HOST_END.match(text, end):
                continue
            begin = _find_begin_of_word(text, position)
            if name in _CLOUDS and not _STORAGE.search(text, begin, position):
                continue
            scheme = _SCHEME.search(text, max(0, begin - 24), begin)
            done = _find_end_of_url(text, end)
            yield scheme.start() if scheme else begin, done


def _find_ids(text: str) -> Iterator[Range]:
    for found in _ID.finditer(text):
        kind = next(kind for kind in _KINDS if text.endswith(kind, 0, found.start()))
        begin = found.start() - len(kind)
        if _is_begin(text, begin):
            yield begin, found.end()


def _find_named_ids(text: str) -> Iterator[Range]:
    for found in _NAMED_ID.finditer(text):
        if _ID_OWNER.search(text, max(0, found.start() - 7), found.start()):
            yield found.span(1)


def _find_keys(text: str) -> Iterator[Range]:
    for part, pattern in _KEYS.items():
        end = 0
        for position in _find_all(text, part):
            found = pattern.match(text, position) if position >= end else None
            if found and _is_begin(text, position):
                end = found.end()
                yield found.span()


def _find_addresses(text: str) -> Iterator[Range]:
    for found in _IPV4.finditer(text):
        before = max(0, found.start() - 9)
        is_version = _VERSION.search(text, before, found.start()) and not _ESCAPE.search(text, before, found.start())
        if not is_version:
            yield found.span()
    for found in _IPV6.finditer(text):
        is_inside = _GROUP.search(text, max(0, found.start() - 6), found.start())
        if _is_begin(text, found.start()) and not is_inside:
            yield found.span()
