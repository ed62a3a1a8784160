"""The wording of the messages of `portal.dns`: what is the case and, where something can be done, how to fix it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.dns import Message, MessageCode

TEXTS: Mapping[MessageCode, Promise] = {
    # Why what a person typed is no domain
    MessageCode.NAME_EMPTY: _("Enter a domain, such as www.example.com."),
    MessageCode.NAME_EMPTY_LABEL: _("This name has two dots in a row."),
    MessageCode.NAME_HYPHEN: _("No part of a name can begin or end with a hyphen."),
    MessageCode.NAME_INVALID: _("%(name)s contains characters that a domain can't have."),
    MessageCode.NAME_IS_ADDRESS: _("This is an IP address. Enter a domain, such as www.example.com."),
    MessageCode.NAME_NOT_PUBLIC: _("Names that end in .%(suffix)s don't exist on the public Internet."),
    MessageCode.NAME_OF_PLATFORM: _("This name belongs to the hosting service. Enter a domain of your own."),
    MessageCode.NAME_OF_PORTAL: _("This is the address of this site. Enter a domain of your own."),
    MessageCode.NAME_PUBLIC_SUFFIX: _("Domains are registered under %(name)s, but it is not a domain itself."),
    MessageCode.NAME_SINGLE_LABEL: _("%(name)s is a single word. A domain has at least two parts: example.com."),
    MessageCode.NAME_SPACE: _("This name has a space in it."),
    MessageCode.NAME_STAR_POSITION: _("A star (*) can only be the first part of a name: *.example.com."),
    MessageCode.NAME_TOO_LONG: _("This name is too long. A part can have 63 characters, the whole name 253."),
    MessageCode.NAME_UNDERSCORE: _("No certificate can be issued for a name with an underscore."),
    MessageCode.NAME_WILDCARD: _("Names with a star (*) can't be added here. Add each name separately."),
    # What was changed in what a person typed
    MessageCode.CLEANED_DOT: _("We removed the dot at the end."),
    MessageCode.CLEANED_IDN: _("In DNS, this name is written %(ascii)s."),
    MessageCode.CLEANED_PATH: _("We removed what came after the name."),
    MessageCode.CLEANED_PORT: _("We removed the port."),
    MessageCode.CLEANED_SCHEME: _("We removed what came before the name."),
    MessageCode.CLEANED_USER: _("We used the part after the @."),
    MessageCode.MIXED_SCRIPTS: _("%(label)s mixes letters of different alphabets. Check that it is the name you mean."),
    MessageCode.RESERVED_HYPHENS: _(
        "Some certificate authorities refuse a name with two hyphens in the third and fourth place."
    ),
    # What a server answered
    MessageCode.AGE_HOURS: _("%(count)s h ago"),
    MessageCode.AGE_MINUTES: _("%(count)s min ago"),
    MessageCode.AGE_SECONDS: _("%(count)s s ago"),
    MessageCode.FOUND_AND_REQUIRED: _("We found %(found)s (on %(host)s, %(age)s). We need %(required)s."),
    MessageCode.FOUND_NO_NAME: _("no such name"),
    MessageCode.FOUND_NO_RECORD: _("no record"),
    MessageCode.FOUND_PRIVATE: _("a private address (%(type)s)"),
    # The state of a required record
    MessageCode.CORRECT: _("The %(type)s record for %(name)s is correct."),
    MessageCode.CORRECT_THROUGH: _("%(name)s points to %(value)s through %(through)s, which is correct."),
    MessageCode.FLATTENED: _(
        "%(name)s has the addresses of %(value)s. Your DNS provider fills them in, which is correct."
    ),
    MessageCode.MISSING: _("There is no %(type)s record for %(name)s yet."),
    MessageCode.MISSING_ZONE_TWICE: _("The record was added for %(twice)s, with the domain in the name twice."),
    MessageCode.WRONG_ADDRESSES: _("%(name)s has %(found)s instead of a %(type)s record for %(value)s."),
    MessageCode.WRONG_CNAME: _("The CNAME record for %(name)s points to %(found)s instead of %(value)s."),
    MessageCode.WRONG_CNAME_ZONE: _(
        "%(name)s points to %(value)s.%(zone)s: your domain was added to the end of the value."
    ),
    MessageCode.WRONG_IS_CNAME: _("%(name)s has a CNAME record for %(found)s instead of %(type)s %(value)s."),
    MessageCode.WRONG_LOOP: _("The CNAME records for %(name)s form a loop."),
    MessageCode.WRONG_PRIVATE: _("%(name)s points to a private address, which can't be reached from the Internet."),
    MessageCode.WRONG_VALUE: _("%(name)s has %(found)s instead of %(type)s %(value)s."),
    MessageCode.CONFLICT_BEFORE: _("%(name)s has %(others)s records. A CNAME record can't exist beside other records."),
    MessageCode.CONFLICT_BESIDE: _(
        "%(name)s has the correct CNAME record, but %(others)s records too. A CNAME record must be the only one."
    ),
    MessageCode.PROXIED: _("%(name)s goes through the %(cdn)s proxy, so we can't see where it points."),
    MessageCode.PROXIED_CNAME: _("The CNAME record for %(name)s points to %(found)s, which is a proxy of %(cdn)s."),
    MessageCode.PROPAGATING: _(
        "%(correct)s already has the correct record for %(name)s. Not updated yet: %(outdated)s."
    ),
    MessageCode.NO_ZONE: _("%(zone)s does not exist in DNS. It isn't registered, has expired, or is misspelled."),
    # Why a required record could not be checked
    MessageCode.NO_ANSWER_LAME: _("The name servers %(hosts)s don't know this domain, so we couldn't check it."),
    MessageCode.NO_ANSWER_PRIVATE: _("The name servers %(hosts)s have no public address, so we couldn't query them."),
    MessageCode.NO_ANSWER_REFUSED: _("%(hosts)s refused to answer, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_SERVFAIL: _("%(hosts)s answered with an error (SERVFAIL), so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_TARGET: _("%(name)s has addresses, but we couldn't check whether they are correct."),
    MessageCode.NO_ANSWER_TIMEOUT: _("%(hosts)s did not answer in time, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_UNREACHABLE: _("We couldn't reach %(hosts)s, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_UNREADABLE: _("%(hosts)s sent an answer that we couldn't read."),
    # What blocks a domain besides its required records
    MessageCode.CAA_FORBIDS: _(
        "A CAA record at %(name)s allows certificates from %(allowed)s only. Ours come from %(issuer)s."
    ),
    MessageCode.CAA_FORBIDS_ALL: _("The CAA records at %(name)s forbid all certificates."),
    MessageCode.EXTRA: _("%(name)s has the correct record, but %(found)s too, so some visitors reach another server."),
    MessageCode.STALE_AAAA: _("%(name)s also has %(found)s, so visitors with IPv6 reach another server."),
    MessageCode.UNRESOLVABLE: _(
        "The name servers answer, but %(resolvers)s can't resolve %(name)s. Often the cause is a DS record (DNSSEC)"
        " left over from a former DNS provider."
    ),
    # The status of a domain
    MessageCode.DETACHED: _("The domain was detached."),
    MessageCode.STATUS_UNKNOWN: _("We don't know the status of this domain."),
    MessageCode.OWNERSHIP_CONFIRMED: _("Ownership is confirmed."),
    MessageCode.OWNERSHIP_FAILED: _("The last ownership check failed."),
    MessageCode.OWNERSHIP_LOOKUP_FAILED: _("The last ownership check couldn't look up the name."),
    MessageCode.OWNERSHIP_MISMATCH: _("At the last ownership check, the record pointed to another server."),
    MessageCode.OWNERSHIP_READY: _("The records are correct. The ownership check is next."),
    MessageCode.OWNERSHIP_WAITING: _("Waiting until the records are correct."),
    MessageCode.DNS_CORRECT: _("All records are correct."),
    MessageCode.DNS_NOT_CHECKED: _("We haven't checked yet."),
    MessageCode.DNS_PROPAGATING: _("All records are correct on the name servers. Public resolvers will follow soon."),
    MessageCode.DNS_RECORDS_UNKNOWN: _("We don't know yet which records are needed."),
    MessageCode.CERTIFICATE_ACTIVE: _("The certificate is active."),
    MessageCode.CERTIFICATE_ISSUING: _("The certificate is being issued."),
    MessageCode.CERTIFICATE_RENEWAL_BLOCKED: _("The certificate is active, but a CAA record prevents its renewal."),
    MessageCode.CERTIFICATE_WAITING: _("Waiting for DNS."),
}

_ADD = _("Add this record: type %(type)s, name %(label)s, value %(value)s.")
_WAIT = _("You don't need to do anything. We will check again.")
_ASK_PROVIDER = _("If this continues, ask your DNS provider what is wrong with the domain.")
_ADD_CAA = _('Add a CAA record at %(name)s with the value 0 issue "%(issuer)s".')
_REMOVE_EXTRA = _("Remove %(found)s for %(label)s.")

FIXES: Mapping[MessageCode, Promise] = {
    MessageCode.MISSING: _ADD,
    MessageCode.MISSING_ZONE_TWICE: _("Change the name of that record to %(label)s. Your DNS provider adds the rest."),
    MessageCode.WRONG_ADDRESSES: _(
        "Remove %(found)s for %(label)s, then add this record: type %(type)s, name %(label)s, value %(value)s."
    ),
    MessageCode.WRONG_CNAME: _("Change the value of the CNAME record %(label)s to %(value)s."),
    MessageCode.WRONG_CNAME_ZONE: _('Enter the value with a dot at the end: "%(value)s."'),
    MessageCode.WRONG_IS_CNAME: _(
        "Remove the CNAME record for %(label)s, then add this record: type %(type)s, name %(label)s, value %(value)s."
    ),
    MessageCode.WRONG_LOOP: _("Change the record %(label)s to type %(type)s with the value %(value)s."),
    MessageCode.WRONG_PRIVATE: _(
        "Remove that record, then add this one: type %(type)s, name %(label)s, value %(value)s."
    ),
    MessageCode.WRONG_VALUE: _("Replace %(found)s for %(label)s with %(type)s %(value)s."),
    MessageCode.CONFLICT_BEFORE: _(
        "Remove the %(others)s records for %(label)s, then add this record: type CNAME, name %(label)s,"
        " value %(value)s."
    ),
    MessageCode.CONFLICT_BESIDE: _("Remove the %(others)s records for %(label)s."),
    MessageCode.PROXIED: _("At %(cdn)s, turn off the proxy for %(label)s."),
    MessageCode.PROXIED_CNAME: _("Replace it with this record: type %(type)s, name %(label)s, value %(value)s."),
    MessageCode.PROPAGATING: _("You don't need to do anything. Name servers usually agree within minutes."),
    MessageCode.NO_ZONE: _("Check the spelling, and check with your registrar that the domain is paid for."),
    MessageCode.NO_ANSWER_LAME: _(
        "At your registrar, check that the name servers are the ones that your DNS provider lists."
    ),
    MessageCode.NO_ANSWER_PRIVATE: _("Ask your DNS provider to give the name servers public addresses."),
    MessageCode.NO_ANSWER_REFUSED: _("If this continues, ask your DNS provider whether the domain is set up there."),
    MessageCode.NO_ANSWER_SERVFAIL: _ASK_PROVIDER,
    MessageCode.NO_ANSWER_TARGET: _WAIT,
    MessageCode.NO_ANSWER_TIMEOUT: _WAIT,
    MessageCode.NO_ANSWER_UNREACHABLE: _WAIT,
    MessageCode.NO_ANSWER_UNREADABLE: _ASK_PROVIDER,
    MessageCode.CAA_FORBIDS: _ADD_CAA,
    MessageCode.CAA_FORBIDS_ALL: _ADD_CAA,
    MessageCode.EXTRA: _REMOVE_EXTRA,
    MessageCode.STALE_AAAA: _REMOVE_EXTRA,
    MessageCode.UNRESOLVABLE: _("At the registrar of %(zone)s, remove or replace the DS record."),
}


def word_message(message: Message | None) -> str:
    """In the reader's language. Empty without a message."""
    return _fill(TEXTS[message.code], message) if message else ""


def word_fix(message: Message | None) -> str:
    """What to do about it, in the reader's language. Empty if there is nothing to do."""
    return _fill(FIXES[message.code], message) if message and message.code in FIXES else ""


def _fill(template: Promise, message: Message) -> str:
    return str(template) % {name: _word_value(value) for name, value in message.params.items()}


def _word_value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_word_value(each) for each in value)
    return word_message(value) if isinstance(value, Message) else str(value)
