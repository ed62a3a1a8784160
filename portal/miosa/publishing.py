"""What a publish is told, and its answer, which may be nested, flat or nearly empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from portal.miosa import noun, refusals, wire
from portal.miosa.transport import Answer
from portal.miosa.types.changes import Published
from portal.miosa.types.deployments import Deployment, Version


class Options(TypedDict, total=False):
    kind: str | None
    environment: str | None
    output_path: str | None
    entrypoint: str | None
    promote: bool | None
    build_command: str | None
    run_command: str | None
    port: int | None
    health_check_path: str | None
    data_services: Sequence[Any] | Mapping[str, Any] | None
    source_snapshot_path: str | None
    external_workspace_id: str | None
    external_user_id: str | None
    external_project_id: str | None


def publish_body(sandbox_id: str, options: Options) -> dict[str, Any]:
    return noun.given(source_sandbox_id=sandbox_id, **options)


def read_published(answer: Answer, *, deployment_id: str | None) -> Published:
    """Ids are looked for in the nested objects, then flat; what isn't there stays None."""
    facts: dict[str, Any] = {
        "status": answer.status,
        "request_id": refusals.request_id_of(answer.headers),
        "replayed": noun.is_replay(answer),
    }
    if not answer.body.strip():
        return Published(**facts, deployment_id=deployment_id)
    document = noun.read_document(answer)
    flat = _flat(document.value)
    deployment, version = _inner(flat, "deployment"), _inner(flat, "version")
    version_id = wire.legible(version.get("id")) or wire.legible(flat.get("version_id"))
    # A version's row answered bare.
    if not version and "version_number" in flat:
        version, version_id = flat, wire.legible(flat.get("id"))
    number, state = version.get("version_number"), version.get("state") or (flat.get("state") if version_id else None)
    url = deployment.get("public_url") or flat.get("public_url") or flat.get("url")
    return Published(
        **facts,
        deployment_id=_first_id(deployment.get("id"), flat.get("deployment_id"), version.get("deployment_id"))
        or deployment_id,
        version_id=version_id,
        version_number=number if isinstance(number, int) and not isinstance(number, bool) else None,
        version_state=wire.clean(state) if isinstance(state, str) else None,
        release_id=_first_id(_inner(flat, "release").get("id"), flat.get("release_id")),
        promoted=_flag(flat.get("promoted")),
        promotion_pending=_flag(flat.get("promotion_pending")),
        public_url=wire.clean(url) if isinstance(url, str) else None,
        deployment=noun.try_row(deployment, Deployment, document.suspect),
        version=noun.try_row(version, Version, document.suspect),
    )


def _flat(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        return {}
    inner = document.get("data")
    return {**document, **inner} if isinstance(inner, dict) else document


def _inner(place: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = place.get(name)
    return value if isinstance(value, dict) else {}


def _first_id(*values: object) -> str | None:
    return next((known for value in values if (known := wire.legible(value))), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
