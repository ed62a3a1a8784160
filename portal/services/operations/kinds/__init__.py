"""The kinds of operation by name. Each module here that does not begin with an underscore defines one."""

import importlib
import pkgutil

from portal.services.operations.base import Kind


def _discover() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            full_name = f"{__name__}.{module.name}"
            classes = vars(importlib.import_module(full_name)).values()
            own = [each for each in classes if isinstance(each, type) and each.__module__ == full_name]
            found |= {each.name: each() for each in own if issubclass(each, Kind)}
    return dict(sorted(found.items()))


KINDS = _discover()


def get_kind(name: str) -> Kind:
    """Raises KeyError for a name that no kind has."""
    return KINDS[name]
