"""Who may do what: pure rules over a frozen Person. No Django, no database, no clock."""

from portal.access.people import Person, Role
from portal.access.rights import OWNERS, Right, allows, who_can

__all__ = ["OWNERS", "Person", "Right", "Role", "allows", "who_can"]
