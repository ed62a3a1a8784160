"""The knobs: every way in which sources disagree about the platform, each playable.

The table below is the documentation. `GET /_control/settings` shows the same names, values and choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Value = str | int | bool


class Knob(NamedTuple):
    choices: tuple[Value, ...]  # the first one is the default
    about: str
    aliases: Mapping[str, Value] = {}
    any_number: bool = False


_YES: Mapping[str, Value] = {"yes": True, "no": False, "on": True, "off": False, "1": True, "0": False}

KNOBS: dict[str, Knob] = {
    # lists and rows
    "envelope": Knob(
        ("data", "bare", "items", "named", "nested"), "what wraps a list (bare, items and named also objects)"
    ),
    "list_order": Knob(("newest", "oldest", "random"), "order of lists"),
    "paging": Knob(
        ("cursor", "next", "page", "meta", "none", "loop"),
        "next_cursor; cursor under the key `next`; page/page_size; page/per_page under `meta`; all at once; "
        "a cursor that never ends",
    ),
    "limit_over": Knob(("clamp", "refuse"), "a limit above 100"),
    "limit_param": Knob(("known", "refused"), "whether `limit` is understood or answered 400"),
    "version_rows": Knob(("full", "reduced"), "version rows in lists: reduced lack tenant_id and external_*"),
    "attribution_filter": Knob(
        ("applied", "ignored"), "the external_* query parameters", {"true": "applied", "false": "ignored"}
    ),
    "time_keys": Knob(("created_at", "inserted_at"), "name of the creation time"),
    "enum_values": Knob(("known", "unknown"), "unknown: states and kinds nobody has heard of"),
    "broken_row": Knob(("none", "one"), "one: the first row of each list has values of wrong types"),
    "metadata": Knob(("object", "null"), "metadata and artifact_manifest when empty"),
    "content_type": Knob(("application/json", "application/vnd.api+json"), "of JSON answers"),
    "id_form": Knob(("prefixed", "uuid"), "ids made from now on"),
    # publishing
    "publish_mode": Knob(
        ("async", "async_created", "sync"),
        "202 and building; 202 and created; 200, ready and promoted",
        {"202": "async", "200": "sync"},
    ),
    "publish_route": Knob(("live", "404", "501"), "POST /deployments/:id/publish", {"yes": "live", "200": "live"}),
    "step_times": Knob(
        ("default", "instant", "slow", "stuck"),
        "created 0.2 s and building 2 s; at once; 2 s and 30 s; building for ever",
        {"normal": "default", "0": "instant"},
    ),
    "build_outcome": Knob(
        ("ready", "failed_build", "failed_health"),
        "how builds end",
        {
            "build_failed": "failed_build",
            "failed": "failed_build",
            "health_failed": "failed_health",
            "failed_at_build": "failed_build",
            "failed_health_check": "failed_health",
        },
    ),
    "create_status": Knob((201, 200), "POST /deployments"),
    "delete_status": Knob((204, 200), "DELETE; 200 answers {id, deleted}"),
    "version_touches_deployment": Knob(
        (False, True), "does a new, building or failed version change the live deployment's row?", _YES
    ),
    "mutation_answers": Knob(("full", "reduced"), "deployment and version in answers to changes"),
    "redeploy_answer": Knob(("deployment", "build"), "200 Deployment or 202 Build"),
    # the live pointer
    "archive_outgoing": Knob(
        (True, False), "the outgoing version becomes archived", {**_YES, "archived": True, "ready": False}
    ),
    "reactivated_state": Knob(("kept", "ready"), "state of an archived version that is live again"),
    "promote_accepts": Knob(
        ("ready", "ready_archived"),
        "states that can be promoted",
        {"archived": "ready_archived", "both": "ready_archived"},
    ),
    "rollback_accepts": Knob(
        ("ready_archived", "ready"),
        "states that can be rolled back to",
        {"both": "ready_archived", "archived": "ready_archived"},
    ),
    "refusal": Knob((409, 422), "status of a refusal because of state", {"conflict": 409, "validation_error": 422}),
    "promote_live": Knob((200, 409), "promoting or rolling back to what is live"),
    "rollback_default": Knob(
        ("activation", "number"), "an empty rollback: live before this one, or the next lower number"
    ),
    "artifact_gc": Knob(
        ("30_days", "never"), "artifacts of versions archived longer than 30 days", {"30": "30_days", "30d": "30_days"}
    ),
    "migration_backup": Knob(("never", "required"), "dynamic versions need a backup before they go live"),
    # env vars and domains
    "env_mode": Knob(("merge", "replace"), "POST env"),
    "env_rows": Knob(("masked", "key_value"), "rows {name, preview} or {key, value} in the clear"),
    "env_delete": Knob(("supported", "404", "405"), "DELETE env", {"true": "supported", "false": "405"}),
    "domain_keys": Knob(("both", "domain", "fqdn"), "accepted and returned key of the name"),
    "domain_verify": Knob(
        ("steps", "active", "mismatch", "lookup_failed", "refused"),
        "pending, verified, active by calls; at once; failed by code; 422 with code. Records set by /_control/dns win",
        {"failed": "mismatch", "cname_mismatch": "mismatch", "dns_lookup_failed": "lookup_failed"},
    ),
    "domain_status": Knob(("verified", "verifying"), "name of the step before active"),
    "domain_patch": Knob(("supported", "404"), "PATCH of the redirect policy", {"true": "supported", "false": "404"}),
    "dns_instructions": Knob(
        ("records", "object", "text", "target"),
        "dns_records and text; dns_instructions; text; verification_target only",
    ),
    "runtime_states": Knob(("py", "go"), "which enum names runtime states"),
    # logs
    "log_text": Knob(("neutral", "vendor", "huge"), "huge: about 50 MB; vendor: names storage and hosts"),
    "log_format": Knob(("json", "sse"), "runtime and build logs unless Accept decides"),
    "sse_alone": Knob((406, 200), "Accept: text/event-stream without JSON"),
    # transport
    "idempotency": Knob((True, False), "is Idempotency-Key honoured?", {**_YES, "24h": True}),
    "error_shape": Knob(
        (
            "canonical",
            "flat",
            "upper",
            "marker",
            "message",
            "errors_map",
            "errors_list",
            "errors_text",
            "detail",
            "reason",
            "retry_hints",
            "text",
            "html",
        ),
        "shape of error bodies",
    ),
    "rate_limit_rpm": Knob(
        (0, 30, 60, 600), "requests per key in 60 s; 0 is off; any number", {"off": 0}, any_number=True
    ),
    "webhook_signature": Knob(("current", "legacy", "legacy_header"), "sha256=…; t=…,v1=…; that under Miosa-Signature"),
    "webhook_secret": Knob(("top", "data"), "place of the secret in the answer to create"),
    "canaries": Knob((False, True), "plant recognisable strings in every field customers must not see", _YES),
}


class BadSetting(ValueError):
    """An unknown knob or value; the text lists what there is."""


def understand(name: str, value: object) -> Value:
    knob = KNOBS.get(name)
    if knob is None:
        raise BadSetting(f"unknown setting {name!r}; choices: {', '.join(sorted(KNOBS))}")
    word = str(value).strip().lower()
    for choice in knob.choices:
        if word == str(choice).lower():
            return choice
    if word in knob.aliases:
        return knob.aliases[word]
    if knob.any_number and word.isdigit():
        return int(word)
    raise BadSetting(f"unknown value {value!r} for {name}; choices: {', '.join(map(str, knob.choices))}")


class Settings:
    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._values: dict[str, Value] = {name: knob.choices[0] for name, knob in KNOBS.items()}
        self.change(values or {})

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def change(self, values: Mapping[str, object]) -> None:
        """All or nothing."""
        self._values.update({name: understand(name, value) for name, value in values.items()})

    def changed(self) -> dict[str, Value]:
        return {name: value for name, value in self._values.items() if value != KNOBS[name].choices[0]}

    def described(self) -> dict[str, dict[str, object]]:
        return {
            name: {"value": self._values[name], "choices": list(knob.choices), "about": knob.about}
            for name, knob in KNOBS.items()
        }
