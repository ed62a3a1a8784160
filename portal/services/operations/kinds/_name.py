from django.utils.translation import gettext

from portal.services import clean_text
from portal.services.errors import Invalid

LONGEST_NAME = 100


def require_name(name: str) -> str:
    """A deployment's name as typed. Raises Invalid."""
    clean = clean_text.clean_line(name, most=LONGEST_NAME + 1)
    if not clean:
        raise Invalid({"name": gettext("Enter a name.")})
    if len(clean) > LONGEST_NAME:
        raise Invalid({"name": gettext("A name can have at most %(most)s characters.") % {"most": LONGEST_NAME}})
    return clean
