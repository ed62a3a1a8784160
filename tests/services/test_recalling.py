"""What tests put back instead of reading it is what reading would have given."""

import time

import pytest
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Freshness, Version
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh, sweeps, version_refresh
from tests import recall
from tests.services.conftest import Read
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db


def test_what_is_put_back_is_what_reading_gives(simulator: SimulatorControl, read_all: Read) -> None:
    recall.begin_at_one()
    for _time in range(2):
        for model in (Entry, Freshness, Version, Deployment, Customer):
            model._default_manager.all()._raw_delete("default")
        recall.begin_at_one()
        simulator.reset(customers=2)
        recall.recall("compared", simulator, read_all)
        time.sleep(1)  # the seed is planted on a whole second
    told = dict(Customer.objects.values_list("external_id", "generation"))
    rows = list(Version.objects.order_by("pk").values_list("miosa_id", "state", "created_at", "promoted_at"))
    now = timezone.now()
    assert not Freshness.objects.filter(read_at__gt=now).exists()
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=now)
    sweeps.sweep_deployments(client=ask, now=now)
    for deployment in Deployment.objects.all():
        deployment_refresh.refresh_deployment(deployment, client=ask, now=now, force=True)
        version_refresh.refresh_versions(deployment, client=ask, now=now)
    assert dict(Customer.objects.values_list("external_id", "generation")) == told
    assert list(Version.objects.order_by("pk").values_list("miosa_id", "state", "created_at", "promoted_at")) == rows
    assert len(rows) > 50
