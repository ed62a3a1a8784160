"""Amounts in few digits."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

UNITS = ("KB", "MB", "GB", "TB")


def size(amount: int) -> str:
    """184 bytes, 1.8 KB, 184 KB, 2.4 GB; a KB has 1,000 bytes."""
    if amount < 1000:
        return _("%(n)d bytes") % {"n": amount}
    value, steps = amount / 1000, 0
    while value >= 999.5 and steps < len(UNITS) - 1:
        value, steps = value / 1000, steps + 1
    return f"{value:.1f} {UNITS[steps]}" if value < 9.95 else f"{value:.0f} {UNITS[steps]}"


def files(count: int) -> str:
    return ngettext("%(n)d file", "%(n)d files", count) % {"n": count}
