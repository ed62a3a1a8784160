"""Messages for people, as a code and values. This package holds no wording: the one who shows a message words it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, TypeAlias

Param: TypeAlias = "str | int | Message | tuple[str | Message, ...]"


class MessageCode(StrEnum):
    """A code, followed by the names of the values that a message with this code carries."""

    params: tuple[str, ...]

    def __new__(cls, code: str, *params: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.params = params
        return member

    # Why what a person typed is no domain
    NAME_EMPTY = "name_empty"
    NAME_EMPTY_LABEL = "name_empty_label"
    NAME_HYPHEN = "name_hyphen"
    NAME_INVALID = "name_invalid", "name"
    NAME_IS_ADDRESS = "name_is_address"
    NAME_NOT_PUBLIC = "name_not_public", "suffix"
    NAME_OF_PLATFORM = "name_of_platform"
    NAME_OF_PORTAL = "name_of_portal"
    NAME_PUBLIC_SUFFIX = "name_public_suffix", "name"
    NAME_SINGLE_LABEL = "name_single_label", "name"
    NAME_SPACE = "name_space"
    NAME_STAR_POSITION = "name_star_position"
    NAME_TOO_LONG = "name_too_long"
    NAME_UNDERSCORE = "name_underscore"
    NAME_WILDCARD = "name_wildcard"
    # What was changed in what a person typed
    CLEANED_DOT = "cleaned_dot"
    CLEANED_IDN = "cleaned_idn", "ascii"
    CLEANED_PATH = "cleaned_path"
    CLEANED_PORT = "cleaned_port"
    CLEANED_SCHEME = "cleaned_scheme"
    CLEANED_USER = "cleaned_user"
    MIXED_SCRIPTS = "mixed_scripts", "label"
    RESERVED_HYPHENS = "reserved_hyphens"
    # What a server answered
    AGE_HOURS = "age_hours", "count"
    AGE_MINUTES = "age_minutes", "count"
    AGE_SECONDS = "age_seconds", "count"
    FOUND_AND_REQUIRED = "found_and_required", "found", "host", "age", "required"
    FOUND_NO_NAME = "found_no_name"
    FOUND_NO_RECORD = "found_no_record"
    FOUND_PRIVATE = "found_private", "type"
    # The state of a required record
    CORRECT = "correct", "type", "name"
    CORRECT_THROUGH = "correct_through", "name", "value", "through"
    FLATTENED = "flattened", "name", "value"
    MISSING = "missing", "type", "name", "label", "value"
    MISSING_ZONE_TWICE = "missing_zone_twice", "twice", "label"
    WRONG_ADDRESSES = "wrong_addresses", "type", "name", "label", "value", "found"
    WRONG_CNAME = "wrong_cname", "name", "label", "value", "found"
    WRONG_CNAME_ZONE = "wrong_cname_zone", "name", "value", "zone"
    WRONG_IS_CNAME = "wrong_is_cname", "type", "name", "label", "value", "found"
    WRONG_LOOP = "wrong_loop", "type", "name", "label", "value"
    WRONG_PRIVATE = "wrong_private", "type", "name", "label", "value"
    WRONG_VALUE = "wrong_value", "type", "name", "label", "value", "found"
    CONFLICT_BEFORE = "conflict_before", "name", "label", "value", "others"
    CONFLICT_BESIDE = "conflict_beside", "name", "label", "others"
    PROXIED = "proxied", "name", "label", "cdn"
    PROXIED_CNAME = "proxied_cname", "type", "name", "label", "value", "found", "cdn"
    PROPAGATING = "propagating", "name", "correct", "outdated"
    NO_ZONE = "no_zone", "zone"
    # Why a required record could not be checked
    NO_ANSWER_LAME = "no_answer_lame", "hosts"
    NO_ANSWER_PRIVATE = "no_answer_private", "hosts"
    NO_ANSWER_REFUSED = "no_answer_refused", "hosts", "name"
    NO_ANSWER_SERVFAIL = "no_answer_servfail", "hosts", "name"
    NO_ANSWER_TARGET = "no_answer_target", "name"
    NO_ANSWER_TIMEOUT = "no_answer_timeout", "hosts", "name"
    NO_ANSWER_UNREACHABLE = "no_answer_unreachable", "hosts", "name"
    NO_ANSWER_UNREADABLE = "no_answer_unreadable", "hosts"
    # What blocks a domain besides its required records
    CAA_FORBIDS = "caa_forbids", "name", "allowed", "issuer"
    CAA_FORBIDS_ALL = "caa_forbids_all", "name", "issuer"
    EXTRA = "extra", "name", "label", "found"
    STALE_AAAA = "stale_aaaa", "name", "label", "found"
    UNRESOLVABLE = "unresolvable", "name", "resolvers", "zone"
    # The status of a domain
    DETACHED = "detached"
    STATUS_UNKNOWN = "status_unknown"
    OWNERSHIP_CONFIRMED = "ownership_confirmed"
    OWNERSHIP_FAILED = "ownership_failed"
    OWNERSHIP_LOOKUP_FAILED = "ownership_lookup_failed"
    OWNERSHIP_MISMATCH = "ownership_mismatch"
    OWNERSHIP_READY = "ownership_ready"
    OWNERSHIP_WAITING = "ownership_waiting"
    DNS_CORRECT = "dns_correct"
    DNS_NOT_CHECKED = "dns_not_checked"
    DNS_PROPAGATING = "dns_propagating"
    DNS_RECORDS_UNKNOWN = "dns_records_unknown"
    CERTIFICATE_ACTIVE = "certificate_active"
    CERTIFICATE_ISSUING = "certificate_issuing"
    CERTIFICATE_RENEWAL_BLOCKED = "certificate_renewal_blocked"
    CERTIFICATE_WAITING = "certificate_waiting"


@dataclass(frozen=True)
class Message:
    """`params` has exactly the keys of `code.params`. A tuple is a list, to be joined; a value may be a message."""

    code: MessageCode
    params: Mapping[str, Param] = field(default_factory=dict)

    @classmethod
    def build(cls, code: MessageCode, **values: Param) -> Self:
        """Leaves out values that the code has no use for. Raises KeyError where one is missing."""
        return cls(code, {name: values[name] for name in code.params})
