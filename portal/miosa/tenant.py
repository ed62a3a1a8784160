from __future__ import annotations

from portal.miosa.caller import Place
from portal.miosa.noun import Noun
from portal.miosa.types.places import Tenant as TenantRow


class Tenant(Noun):
    def current(self) -> TenantRow:
        return self._one(Place("/platform/tenants/current"), TenantRow, ("tenant",))
