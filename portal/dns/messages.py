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
    FOUND_AT = "found_at", "found", "host", "age"
    FOUND_NO_NAME = "found_no_name"
    FOUND_NO_RECORD = "found_no_record"
    FOUND_PRIVATE = "found_private", "type"
    LABEL_IN_ZONE = "label_in_zone", "label", "zone"
    RECORD_AND_PURPOSE = "record_and_purpose", "type", "purpose"
    PURPOSE_CERTIFICATES = "purpose_certificates"
    PURPOSE_MAIL = "purpose_mail"
    PURPOSE_OTHER = "purpose_other"
    PURPOSE_SERVICES = "purpose_services"
    PURPOSE_TEXT = "purpose_text"
    PURPOSE_WEBSITE = "purpose_website"
    PURPOSE_ZONE = "purpose_zone"
    # The state of a required record
    CORRECT = "correct", "type", "name"
    CORRECT_TEXT_THROUGH = "correct_text_through", "type", "name", "through"
    CORRECT_THROUGH = "correct_through", "name", "target", "through"
    FLATTENED = "flattened", "name", "target"
    MISSING = "missing", "type", "name", "label", "value"
    MISSING_DELEGATED = "missing_delegated", "type", "name", "label", "value", "zone"
    MISSING_WILDCARD = "missing_wildcard", "type", "name", "label", "value", "found"
    MISSING_ZONE_TWICE = "missing_zone_twice", "twice", "label"
    UNDECIDED_ADDRESSES = "undecided_addresses", "name", "label", "type", "value", "found", "target"
    WRONG_ADDRESSES = "wrong_addresses", "type", "name", "label", "value", "found"
    WRONG_CASE = "wrong_case", "name", "label", "value", "found"
    WRONG_CNAME = "wrong_cname", "name", "label", "value", "found"
    WRONG_CNAME_ZONE = "wrong_cname_zone", "name", "value", "zone"
    WRONG_IS_CNAME = "wrong_is_cname", "type", "name", "label", "value", "found"
    WRONG_LOOP = "wrong_loop", "type", "name", "label", "value"
    WRONG_PRIVATE = "wrong_private", "type", "name", "label", "value"
    WRONG_QUOTES = "wrong_quotes", "name", "label", "value", "found"
    WRONG_SPACES = "wrong_spaces", "name", "label", "value", "found"
    WRONG_VALUE = "wrong_value", "type", "name", "label", "value", "found"
    APEX_CNAME = "apex_cname", "name", "label", "type", "value", "found", "kept"
    APEX_CNAME_MAIL = "apex_cname_mail", "name", "label", "type", "value", "found", "others", "kept"
    CONFLICT_BEFORE = "conflict_before", "name", "label", "value", "others", "types"
    CONFLICT_BESIDE = "conflict_beside", "name", "label", "others", "types"
    CONFLICT_BESIDE_KEPT = "conflict_beside_kept", "name", "label", "type", "value", "others", "kept"
    CONFLICT_KEPT = "conflict_kept", "name", "label", "type", "value", "others", "kept"
    CONFLICT_KEPT_BESIDE = "conflict_kept_beside", "name", "label", "type", "value", "others", "kept", "removed"
    PARKED = "parked", "name", "label", "type", "value", "found", "registrar", "feature"
    PROXIED = "proxied", "name", "label", "cdn"
    PROXIED_ELSEWHERE = "proxied_elsewhere", "type", "name", "label", "value", "found", "cdn"
    PROXIED_CNAME = "proxied_cname", "type", "name", "label", "value", "found", "cdn"
    PROPAGATING = "propagating", "name", "correct", "outdated"
    SPLIT = "split", "name", "correct", "outdated", "zone"
    NO_ZONE = "no_zone", "zone"
    # Why a required record could not be checked
    NO_ANSWER_CNAME = "no_answer_cname", "name", "found"
    NO_ANSWER_DELEGATED = "no_answer_delegated", "name", "hosts", "servers", "zone"
    NO_ANSWER_LAME = "no_answer_lame", "hosts"
    NO_ANSWER_PRIVATE = "no_answer_private", "hosts"
    NO_ANSWER_REFUSED = "no_answer_refused", "hosts", "name"
    NO_ANSWER_SERVFAIL = "no_answer_servfail", "hosts", "name"
    NO_ANSWER_TARGET = "no_answer_target", "name"
    NO_ANSWER_TIMEOUT = "no_answer_timeout", "hosts", "name"
    NO_ANSWER_UNREACHABLE = "no_answer_unreachable", "hosts", "name"
    NO_ANSWER_UNREADABLE = "no_answer_unreadable", "hosts"
    # What blocks a domain besides its required records
    CAA_CRITICAL = "caa_critical", "name", "record"
    CAA_FAILS = "caa_fails", "name", "host", "failure"
    CAA_FAILS_ABOVE = "caa_fails_above", "name", "host", "failure", "place", "tag", "issuer"
    CAA_FORBIDS = "caa_forbids", "name", "allowed", "issuer", "tag", "place"
    CAA_FORBIDS_ALIAS = "caa_forbids_alias", "name", "owner", "issuer"
    CAA_FORBIDS_ALL = "caa_forbids_all", "name", "issuer", "tag", "place"
    CAA_RESTRICTS = "caa_restricts", "name", "issuer", "restriction", "tag", "place"
    CAA_UNKNOWN = "caa_unknown", "name"
    DNSSEC = "dnssec", "name", "resolvers", "zone", "found"
    DNSSEC_BELOW = "dnssec_below", "name", "resolvers", "zone"
    DNSSEC_EXPIRED = "dnssec_expired", "name", "resolvers", "zone", "found"
    EXTRA = "extra", "name", "label", "found"
    EXTRA_AT = "extra_at", "name", "label", "found", "hosts"
    SERVER_FAILS = "server_fails", "hosts", "zone", "name"
    STALE_AAAA = "stale_aaaa", "name", "label", "found"
    STALE_AAAA_AT = "stale_aaaa_at", "name", "label", "found", "hosts"
    UNRESOLVABLE = "unresolvable", "name", "resolvers"
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
    CERTIFICATE_MAY_BE_REFUSED = "certificate_may_be_refused"
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
