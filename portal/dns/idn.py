"""International names in ASCII and back, by the rules that browsers apply (UTS 46 as in url.spec.whatwg.org, 3.3).

They accept emoji, and two hyphens in the third and fourth place, which IDNA 2008 (`idna.encode`) refuses.
"""

from __future__ import annotations

import unicodedata

import idna

_PREFIX = "xn--"
# Part of a name in Persian or Indic scripts (RFC 5892, A.1 and A.2); between ASCII letters a leftover of pasting.
_JOINERS = "\u200c\u200d"


def encode(name: str) -> str:
    """As in DNS. Raises ValueError for what is no name; the length is not checked."""
    return ".".join(_encode_label(label) for label in _map(name).strip(".").split("."))


def decode(name: str) -> str:
    """With the characters that people read. Raises ValueError for what no browser would encode so."""
    return ".".join(_decode_label(label) for label in name.split("."))


def _map(name: str) -> str:
    """Lower-case, composed and without ignored characters (UTS 46, 4, step 1)."""
    try:
        return idna.uts46_remap(name, std3_rules=True)
    except idna.IDNAError as error:
        raise ValueError(name) from error


def _encode_label(label: str) -> str:
    plain = label.translate(dict.fromkeys(map(ord, _JOINERS)))
    if plain.isascii():
        if plain.startswith(_PREFIX):
            _decode_label(plain)
        return plain
    _require_valid(label)
    return _PREFIX + label.encode("punycode").decode("ascii")


def _decode_label(label: str) -> str:
    if not label.startswith(_PREFIX):
        return label
    decoded = label.removeprefix(_PREFIX).encode("ascii").decode("punycode")
    if decoded.isascii() or _map(decoded) != decoded or _encode_label(decoded) != label:
        raise ValueError(f"{label} is not the encoding of a name")
    return decoded


def _require_valid(label: str) -> None:
    """The validity criteria of UTS 46, 4.1, without those about hyphens."""
    try:
        idna.check_nfc(label)
        idna.check_initial_combiner(label)
        is_joined = all(idna.valid_contextj(label, place) for place, each in enumerate(label) if each in _JOINERS)
        if any(unicodedata.bidirectional(each) in ("R", "AL", "AN") for each in label):
            idna.check_bidi(label)
    except idna.IDNAError as error:
        raise ValueError(label) from error
    if not is_joined:
        raise ValueError(f"{label} has a joiner where none can be")
