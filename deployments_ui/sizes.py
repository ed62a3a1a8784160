"""Amounts in few digits."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

UNITS = ("KB", "MB", "GB", "TB")


def size(amount: int) -> str:
    """184 bytes, 1.8 KB, 184 KB, 2.4 GB; a KB has 1,000 bytes."""
    if amount < 1000:
        return _("%(n)d bytes") % {"n": amount}
    value, unit = float(amount), ""
    for unit in UNITS:
        value /= 1000
        if value < 999.5:
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"


def files(count: int) -> str:
    return ngettext("%(n)d file", "%(n)d files", count) % {"n": count}
