"""Fifty simultaneous clicks on one button, over HTTP: one operation and one request to MIOSA in each round."""

from __future__ import annotations

import json
import threading
from collections import Counter

from django.db import connection
from django.utils import timezone

from portal.models import Deployment, Operation, Version
from portal.services.operations import releases
from portal.services.operations.submit import DialogIds
from tests.chaos.installation import Installation, sync_apps
from tests.chaos.kills import OPERATOR
from tests.chaos.processes import Web

CLICKS = 50


def click(installation: Installation, rounds: int) -> dict[str, object]:
    web = Web(installation.web_port, installation.var / "web.log", workers=2)
    done: Counter[str] = Counter()
    try:
        apps = sync_apps(installation, 10)
        web.child()
        for number in range(rounds):
            done += _round(installation, web, *apps[number % len(apps)])
    finally:
        web.stop()
    return {"process": "clicks", "with_keys": True, "rounds": rounds, **{name: done[name] for name in _COUNTED}}


_COUNTED = ("same_operation", "other_answers", "requests", "effects", "operations")


def _round(installation: Installation, web: Web, slug: str, deployment_id: str) -> Counter[str]:
    row = Deployment.objects.get(miosa_id=deployment_id)
    target = Version.objects.filter(deployment=row).exclude(miosa_id=row.active_version_id).order_by("-number")[0]
    live = row.live_version
    kind = "promote" if live is not None and (target.number or 0) > (live.number or 0) else "roll_back"
    ids = {"slug": slug, "deployment_id": deployment_id, "version_id": target.miosa_id}
    token = releases.get_dialog(kind, DialogIds(**ids), by=OPERATOR, now=timezone.now()).token
    body = json.dumps({**ids, "kind": kind, "token": token}).encode()
    before, rows, heard = (
        installation.count_changes(deployment_id),
        Operation.objects.count(),
        len(installation.control.requests()),
    )
    answers: list[str] = []
    start = threading.Barrier(CLICKS)

    def post() -> None:
        start.wait()
        answers.append(web.ask(body))

    threads = [threading.Thread(target=post) for _click in range(CLICKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    same = Counter(answers).most_common(1)[0][1]
    changes = [one for one in installation.control.requests()[heard:] if one["method"] != "GET"]
    return Counter(
        same_operation=same,
        other_answers=CLICKS - same,
        requests=len(changes),
        effects=installation.count_changes(deployment_id) - before,
        operations=Operation.objects.count() - rows,
    )
