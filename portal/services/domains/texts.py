"""The wording of the messages of `portal.dns`: what was found."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.dns import MessageCode

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
    MessageCode.FOUND_AT: _("%(found)s, on %(host)s, %(age)s"),
    MessageCode.FOUND_NO_NAME: _("no such name"),
    MessageCode.FOUND_NO_RECORD: _("no record"),
    MessageCode.FOUND_PRIVATE: _("a private address (%(type)s)"),
    MessageCode.LABEL_IN_ZONE: _("%(label)s (in the zone %(zone)s)"),
    MessageCode.RECORD_AND_PURPOSE: _("%(type)s (%(purpose)s)"),
    MessageCode.PURPOSE_CERTIFICATES: _("who may issue certificates"),
    MessageCode.PURPOSE_MAIL: _("e-mail"),
    MessageCode.PURPOSE_OTHER: _("other uses"),
    MessageCode.PURPOSE_SERVICES: _("services such as calls or chat"),
    MessageCode.PURPOSE_TEXT: _("ownership checks and e-mail rules"),
    MessageCode.PURPOSE_WEBSITE: _("website"),
    MessageCode.PURPOSE_ZONE: _("name servers"),
    # The state of a required record
    MessageCode.CORRECT: _("The %(type)s record for %(name)s is correct."),
    MessageCode.CORRECT_TEXT_THROUGH: _(
        "The %(type)s record for %(name)s is correct. It comes through a CNAME record for %(through)s."
    ),
    MessageCode.CORRECT_THROUGH: _("%(name)s points to %(target)s through %(through)s, which is correct."),
    MessageCode.FLATTENED: _(
        "%(name)s has the addresses of %(target)s. Your DNS provider fills them in, which is correct."
    ),
    MessageCode.MISSING: _("There is no %(type)s record for %(name)s yet."),
    MessageCode.MISSING_DELEGATED: _("There is no %(type)s record for %(name)s yet."),
    MessageCode.MISSING_WILDCARD: _(
        "There is no %(type)s record for %(name)s yet. A wildcard record (*) answers in its place with %(found)s."
    ),
    MessageCode.MISSING_ZONE_TWICE: _("The record was added for %(twice)s, with the domain in the name twice."),
    MessageCode.UNDECIDED_ADDRESSES: _(
        "The hosting service has verified %(name)s, but we see %(found)s, which %(target)s doesn't have right now."
        " This is normal if your DNS provider fills in the addresses."
    ),
    MessageCode.WRONG_CASE: _("%(name)s has %(found)s. Capital and small letters differ from the required value."),
    MessageCode.WRONG_QUOTES: _("%(name)s has %(found)s. Quotation marks were entered as part of the value."),
    MessageCode.WRONG_SPACES: _("%(name)s has %(found)s. It has spaces that the required value doesn't have."),
    MessageCode.WRONG_ADDRESSES: _("%(name)s has %(found)s instead of %(type)s %(value)s."),
    MessageCode.WRONG_CNAME: _("The CNAME record for %(name)s points to %(found)s instead of %(value)s."),
    MessageCode.WRONG_CNAME_ZONE: _(
        "%(name)s points to %(value)s.%(zone)s: your domain was added to the end of the value."
    ),
    MessageCode.WRONG_IS_CNAME: _("%(name)s has a CNAME record for %(found)s instead of %(type)s %(value)s."),
    MessageCode.WRONG_LOOP: _("The CNAME records for %(name)s form a loop."),
    MessageCode.WRONG_PRIVATE: _("%(name)s points to a private address, which can't be reached from the Internet."),
    MessageCode.WRONG_VALUE: _("%(name)s has %(found)s instead of %(type)s %(value)s."),
    MessageCode.APEX_CNAME: _(
        "%(name)s has a CNAME record for %(found)s. At the top of a domain, a CNAME hides all other records."
    ),
    MessageCode.APEX_CNAME_MAIL: _(
        "%(name)s has a CNAME record for %(found)s. At the top of a domain, a CNAME hides all other records:"
        " %(others)s. E-mail to addresses at %(name)s can get lost."
    ),
    MessageCode.CONFLICT_BEFORE: _("%(name)s has other records: %(others)s. A CNAME record can't exist beside them."),
    MessageCode.CONFLICT_BESIDE: _(
        "%(name)s has the correct CNAME record, but other records too: %(others)s. A CNAME record must be the only one."
    ),
    MessageCode.CONFLICT_BESIDE_KEPT: _(
        "%(name)s has the correct CNAME record, but other records too, which it hides: %(others)s."
    ),
    MessageCode.CONFLICT_KEPT: _("%(name)s has other records: %(others)s. A CNAME record can't exist beside them."),
    MessageCode.CONFLICT_KEPT_BESIDE: _(
        "%(name)s has other records: %(others)s. A CNAME record can't exist beside them."
    ),
    MessageCode.PARKED: _("%(name)s has %(found)s, which belongs to “%(feature)s” at %(registrar)s."),
    MessageCode.PROXIED: _("%(name)s goes through the %(cdn)s proxy, so we can't see where it points."),
    MessageCode.PROXIED_ELSEWHERE: _(
        "%(name)s has %(found)s, which belongs to the %(cdn)s proxy, so we can't see where it points."
    ),
    MessageCode.PROXIED_CNAME: _("The CNAME record for %(name)s points to %(found)s, which is a proxy of %(cdn)s."),
    MessageCode.PROPAGATING: _(
        "%(correct)s already has the correct record for %(name)s. Not updated yet: %(outdated)s."
    ),
    MessageCode.SPLIT: _(
        "%(correct)s has the correct record for %(name)s. %(outdated)s belongs to another DNS provider, which has its"
        " own records and doesn't copy it."
    ),
    MessageCode.NO_ZONE: _("%(zone)s does not exist in DNS. It isn't registered, has expired, or is misspelled."),
    # Why a required record could not be checked
    MessageCode.NO_ANSWER_CNAME: _("%(name)s has a CNAME record for %(found)s. We couldn't look up where that leads."),
    MessageCode.NO_ANSWER_DELEGATED: _(
        "The records for %(name)s are on other name servers (%(servers)s), according to %(hosts)s. We couldn't query"
        " them."
    ),
    MessageCode.NO_ANSWER_LAME: _("The name servers %(hosts)s don't know this domain, so we couldn't check it."),
    MessageCode.NO_ANSWER_PRIVATE: _("The name servers %(hosts)s have no public address, so we couldn't query them."),
    MessageCode.NO_ANSWER_REFUSED: _("%(hosts)s refused to answer, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_SERVFAIL: _("%(hosts)s answered with an error (SERVFAIL), so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_TARGET: _("%(name)s has addresses, but we couldn't check whether they are correct."),
    MessageCode.NO_ANSWER_TIMEOUT: _("%(hosts)s did not answer in time, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_UNREACHABLE: _("We couldn't reach %(hosts)s, so we couldn't check %(name)s."),
    MessageCode.NO_ANSWER_UNREADABLE: _("%(hosts)s sent an answer that we couldn't read."),
    # What blocks a domain besides its required records
    MessageCode.CAA_CRITICAL: _(
        "%(name)s has the record %(record)s. It is marked as critical but certificate authorities don't know it, so"
        " they issue no certificate."
    ),
    MessageCode.CAA_FAILS: _(
        "CAA records of %(name)s can't be looked up (%(host)s: %(failure)s). Certificate authorities need that answer"
        " and issue no certificate without it."
    ),
    MessageCode.CAA_FAILS_ABOVE: _(
        "CAA records of %(name)s can't be looked up (%(host)s: %(failure)s). Certificate authorities need that answer"
        " and issue no certificate without it, unless the domain has a CAA record of its own."
    ),
    MessageCode.CAA_FORBIDS: _(
        "A CAA record at %(name)s allows certificates from %(allowed)s only. Ours come from %(issuer)s."
    ),
    MessageCode.CAA_FORBIDS_ALIAS: _(
        "%(name)s points to %(owner)s, and the CAA records there don't allow certificates from %(issuer)s."
    ),
    MessageCode.CAA_FORBIDS_ALL: _("The CAA records at %(name)s allow no certificate for this domain."),
    MessageCode.CAA_RESTRICTS: _(
        "The CAA record at %(name)s allows certificates from %(issuer)s only under a condition (%(restriction)s), which"
        " ours may not meet."
    ),
    MessageCode.CAA_UNKNOWN: _(
        "We got no answer about CAA records of %(name)s. If certificate authorities get none either, they issue no"
        " certificate."
    ),
    MessageCode.DNSSEC: _(
        "%(resolvers)s can't resolve %(name)s, since the DNSSEC signatures of the domain don't match its %(found)s at"
        " the registrar."
    ),
    MessageCode.DNSSEC_BELOW: _(
        "%(resolvers)s can't resolve %(name)s, since the DNSSEC signatures of the domain are not valid."
    ),
    MessageCode.DNSSEC_EXPIRED: _(
        "%(resolvers)s can't resolve %(name)s, since the DNSSEC signatures of the domain have expired. They are needed"
        " as long as the registrar lists %(found)s."
    ),
    MessageCode.EXTRA: _("%(name)s has the correct record, but %(found)s too, so some visitors reach another server."),
    MessageCode.EXTRA_AT: _(
        "On %(hosts)s, %(name)s has the correct record, but %(found)s too, so some visitors reach another server."
    ),
    MessageCode.SERVER_FAILS: _(
        "These name servers are listed for %(zone)s, but can't answer for %(name)s: %(hosts)s. Some visitors may get no"
        " answer."
    ),
    MessageCode.STALE_AAAA: _("%(name)s also has %(found)s, so visitors with IPv6 reach another server."),
    MessageCode.STALE_AAAA_AT: _(
        "On %(hosts)s, %(name)s also has %(found)s, so visitors with IPv6 reach another server."
    ),
    MessageCode.UNRESOLVABLE: _("The name servers answer, but %(resolvers)s can't resolve %(name)s."),
    # The status of a domain
    MessageCode.DETACHED: _("The domain was removed."),
    MessageCode.STATUS_UNKNOWN: _("We don't know the status of this domain."),
    MessageCode.OWNERSHIP_CONFIRMED: _("Verified by the hosting service."),
    MessageCode.OWNERSHIP_FAILED: _("The last ownership check failed."),
    MessageCode.OWNERSHIP_LOOKUP_FAILED: _("The last ownership check couldn't look up the name."),
    MessageCode.OWNERSHIP_MISMATCH: _("At the last ownership check, the record pointed to another server."),
    MessageCode.OWNERSHIP_READY: _("The records are correct. The ownership check is next."),
    MessageCode.OWNERSHIP_WAITING: _("Waiting until the records are correct."),
    MessageCode.DNS_CORRECT: _("All records are correct."),
    MessageCode.DNS_NOT_CHECKED: _("We haven't checked yet."),
    MessageCode.DNS_PROPAGATING: _("All records are correct on the name servers. Public resolvers will follow soon."),
    MessageCode.DNS_RECORDS_UNKNOWN: _("We don't know yet which records are needed."),
    MessageCode.CERTIFICATE_ACTIVE: _("Visitors reach the domain over HTTPS."),
    MessageCode.CERTIFICATE_ISSUING: _("The certificate is being issued."),
    MessageCode.CERTIFICATE_MAY_BE_REFUSED: _("Waiting for the certificate, which CAA records may prevent."),
    MessageCode.CERTIFICATE_RENEWAL_BLOCKED: _(
        "The certificate is active, but can't be renewed until the problem with CAA records is fixed."
    ),
    MessageCode.CERTIFICATE_WAITING: _("Waiting for DNS."),
}
