"""Tables that tests restore from a snapshot equal those that a fetch would give."""

import time

import pytest
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Freshness, Version
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh, sweeps, version_refresh
from tests import snapshots
from tests.services.conftest import Read
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db


def test_a_restored_snapshot_equals_a_fetch(simulator: SimulatorControl, read_all: Read) -> None:
    snapshots.reset_ids()
    for _time in range(2):
        for model in (Entry, Freshness, Version, Deployment, Customer):
            model._default_manager.all()._raw_delete("default")
        snapshots.reset_ids()
        simulator.reset(customers=2)
        snapshots.restore_or_create("compared", simulator, read_all)
        time.sleep(1)  # seeds begin at a whole second
    found = dict(Customer.objects.values_list("external_id", "generation"))
    rows = list(Version.objects.order_by("pk").values_list("miosa_id", "state", "created_at", "promoted_at"))
    now = timezone.now()
    assert not Freshness.objects.filter(read_at__gt=now).exists()
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=now)
    sweeps.sweep_deployments(client=ask, now=now)
    for deployment in Deployment.objects.all():
        deployment_refresh.refresh_deployment(deployment, client=ask, now=now, force=True)
        version_refresh.refresh_versions(deployment, client=ask, now=now)
    assert dict(Customer.objects.values_list("external_id", "generation")) == found
    assert list(Version.objects.order_by("pk").values_list("miosa_id", "state", "created_at", "promoted_at")) == rows
    assert len(rows) > 50
