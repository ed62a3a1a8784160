"""What to do about the messages of `portal.dns`, in one sentence or two."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.dns import MessageCode

_ADD = _("Add this record: type %(type)s, name %(label)s, value %(value)s.")
_WAIT = _("You don't need to do anything. We will check again.")
_ASK_PROVIDER = _("If this continues, ask your DNS provider what is wrong with the domain.")
_ADD_CAA = _('Add a CAA record at %(place)s with the value 0 %(tag)s "%(issuer)s".')
_REMOVE_AND_ADD = _(
    "Remove %(found)s for %(label)s, then add this record: type %(type)s, name %(label)s, value %(value)s."
)
_REMOVE_EXTRA = _("Remove %(found)s for %(label)s.")
_REPLACE_CNAME = _(
    "Replace the CNAME record for %(label)s with: type %(type)s, name %(label)s, value %(value)s. Keep the"
    " %(kept)s records."
)
_REPLACE_TEXT = _("Change the value of that record for %(label)s to exactly %(value)s.")

FIXES: Mapping[MessageCode, Promise] = {
    MessageCode.MISSING: _ADD,
    MessageCode.MISSING_DELEGATED: _(
        "In the zone %(zone)s, add this record: type %(type)s, name %(label)s, value %(value)s."
    ),
    MessageCode.MISSING_WILDCARD: _(
        "Add this record: type %(type)s, name %(label)s, value %(value)s. The wildcard record can stay."
    ),
    MessageCode.MISSING_ZONE_TWICE: _("Change the name of that record to %(label)s. Your DNS provider adds the rest."),
    MessageCode.WRONG_ADDRESSES: _REMOVE_AND_ADD,
    MessageCode.UNDECIDED_ADDRESSES: _(
        "If the app doesn't appear at %(name)s, replace them with this record: type %(type)s, name %(label)s, value"
        " %(value)s."
    ),
    MessageCode.WRONG_CASE: _REPLACE_TEXT,
    MessageCode.WRONG_QUOTES: _("Change the value of that record for %(label)s to %(value)s, without quotation marks."),
    MessageCode.WRONG_SPACES: _REPLACE_TEXT,
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
    MessageCode.APEX_CNAME: _REPLACE_CNAME,
    MessageCode.APEX_CNAME_MAIL: _REPLACE_CNAME,
    MessageCode.CONFLICT_BEFORE: _(
        "If you no longer need them, remove the %(types)s records for %(label)s, then add this record: type CNAME, name"
        " %(label)s, value %(value)s."
    ),
    MessageCode.CONFLICT_BESIDE: _("If you no longer need them, remove the %(types)s records for %(label)s."),
    MessageCode.CONFLICT_BESIDE_KEPT: _REPLACE_CNAME,
    MessageCode.CONFLICT_KEPT: _(
        "Keep the %(kept)s records. Instead of a CNAME record, add: type %(type)s, name %(label)s, value %(value)s."
    ),
    MessageCode.CONFLICT_KEPT_BESIDE: _(
        "Keep the %(kept)s records. Replace the %(removed)s records for %(label)s with: type %(type)s, name"
        " %(label)s, value %(value)s."
    ),
    MessageCode.PARKED: _(
        "At %(registrar)s, switch off “%(feature)s” for %(name)s, then add this record: type %(type)s, name %(label)s,"
        " value %(value)s."
    ),
    MessageCode.PROXIED: _("At %(cdn)s, turn off the proxy for %(label)s."),
    MessageCode.PROXIED_ELSEWHERE: _REMOVE_AND_ADD,
    MessageCode.PROXIED_CNAME: _("Replace it with this record: type %(type)s, name %(label)s, value %(value)s."),
    MessageCode.PROPAGATING: _("You don't need to do anything. Name servers usually agree within minutes."),
    MessageCode.SPLIT: _(
        "Set the same records at both providers, or at the registrar of %(zone)s list the name servers of one of them"
        " only."
    ),
    MessageCode.NO_ZONE: _("Check the spelling, and check with your registrar that the domain is paid for."),
    MessageCode.NO_ANSWER_CNAME: _WAIT,
    MessageCode.NO_ANSWER_DELEGATED: _(
        "At the DNS provider of %(zone)s, check the NS records for %(name)s: they must name servers that answer for it."
    ),
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
    MessageCode.CAA_CRITICAL: _("Remove this record at %(name)s: %(record)s."),
    MessageCode.CAA_FAILS: _("Ask the DNS provider of %(name)s to answer queries for CAA records."),
    MessageCode.CAA_FAILS_ABOVE: _ADD_CAA,
    MessageCode.CAA_FORBIDS: _ADD_CAA,
    MessageCode.CAA_FORBIDS_ALIAS: _(
        "Ask the person who manages %(owner)s to allow %(issuer)s. %(name)s has a CNAME record, so no CAA record can be"
        " added there."
    ),
    MessageCode.CAA_FORBIDS_ALL: _ADD_CAA,
    MessageCode.CAA_RESTRICTS: _('If no certificate is issued, add a CAA record at %(place)s: 0 %(tag)s "%(issuer)s".'),
    MessageCode.CAA_UNKNOWN: _WAIT,
    MessageCode.DNSSEC: _(
        "At the registrar of %(zone)s, remove %(found)s, or replace it with the one that your DNS provider shows."
    ),
    MessageCode.DNSSEC_BELOW: _(
        "At the registrar of %(zone)s, remove the DS record, or ask your DNS provider to sign the domain again."
    ),
    MessageCode.DNSSEC_EXPIRED: _(
        "Ask your DNS provider to sign the domain again, or remove %(found)s at the registrar of %(zone)s."
    ),
    MessageCode.EXTRA: _REMOVE_EXTRA,
    MessageCode.EXTRA_AT: _REMOVE_EXTRA,
    MessageCode.SERVER_FAILS: _(
        "At the registrar of %(zone)s, check that the name servers are the ones that your DNS provider lists."
    ),
    MessageCode.STALE_AAAA: _REMOVE_EXTRA,
    MessageCode.STALE_AAAA_AT: _REMOVE_EXTRA,
    MessageCode.UNRESOLVABLE: _ASK_PROVIDER,
}
