"""Settings of the simulated platform: one knob for each point on which the sources disagree (sections 15 and 16).

`GET /_control/settings` shows the same names, choices and descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Value = str | int | bool


class Knob(NamedTuple):
    """The first choice is the default. `about` describes the choices in their order.

    `aliases` are other spellings of them. `accepts_numbers`: any whole number is a choice, too.
    """

    choices: tuple[Value, ...]
    about: str
    aliases: Mapping[str, Value] = {}
    accepts_numbers: bool = False


YES_OR_NO: Mapping[str, Value] = {"yes": True, "no": False, "on": True, "off": False, "1": True, "0": False}

KNOBS: dict[str, Knob] = {
    # lists and rows
    "envelope": Knob(
        ("data", "bare", "items", "named", "nested"),
        "key that holds a list; bare and named also apply to single objects",
    ),
    "list_order": Knob(("newest", "oldest", "random"), "order of lists"),
    "paging": Knob(
        ("cursor", "next", "page", "meta", "none", "loop"),
        "next_cursor; cursor under the key `next`; page/page_size; page/per_page under `meta`; all at once; "
        "a cursor that never ends",
    ),
    "limit_over": Knob(("clamp", "refuse"), "a limit above 100"),
    "limit_param": Knob(("known", "refused"), "`limit` is accepted; answered 400"),
    "version_rows": Knob(("full", "reduced"), "version rows in lists; reduced rows lack tenant_id and external_*"),
    "attribution_filter": Knob(
        ("applied", "ignored"),
        "the external_* query parameters filter; are ignored",
        {"true": "applied", "false": "ignored"},
    ),
    "time_keys": Knob(("created_at", "inserted_at"), "name of the creation time"),
    "enum_values": Knob(("known", "unknown"), "states and kinds; unknown ones end in _v2"),
    "broken_row": Knob(("none", "one"), "one: the first row of each list has values of the wrong types"),
    "metadata": Knob(("object", "null"), "metadata and artifact_manifest when empty"),
    "content_type": Knob(("application/json", "application/vnd.api+json"), "of JSON answers"),
    "id_form": Knob(("prefixed", "uuid"), "form of new ids"),
    # publishing
    "publish_mode": Knob(
        ("async", "async_created", "sync"),
        "202 and building; 202 and created; 200, ready and promoted",
        {"202": "async", "200": "sync"},
    ),
    "publish_route": Knob(("live", "404", "501"), "POST /deployments/:id/publish", {"yes": "live", "200": "live"}),
    "step_times": Knob(
        ("default", "instant", "slow", "stuck"),
        "created 0.2 s, building 2 s; at once; 2 s, 30 s; building forever",
        {"normal": "default", "0": "instant"},
    ),
    "build_outcome": Knob(
        ("ready", "failed_build", "failed_health"),
        "how builds end: ready; failed; built, but failing the health check",
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
        (False, True), "whether a new, building or failed version changes the row of a live deployment", YES_OR_NO
    ),
    "mutation_answers": Knob(("full", "reduced"), "deployment and version in answers to changes"),
    "redeploy_answer": Knob(("deployment", "build"), "200 Deployment or 202 Build"),
    # the live version
    "archive_outgoing": Knob(
        (True, False), "whether the outgoing version becomes archived", {**YES_OR_NO, "archived": True, "ready": False}
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
    "promote_live": Knob((200, 409), "status of promoting or rolling back to the live version"),
    "rollback_default": Knob(
        ("activation", "number"), "target of an empty rollback: the version live before; the next lower number"
    ),
    "artifact_gc": Knob(
        ("30_days", "never"), "when artifacts of archived versions are removed", {"30": "30_days", "30d": "30_days"}
    ),
    "migration_backup": Knob(("never", "required"), "whether dynamic versions need a backup before they go live"),
    # env vars and domains
    "env_mode": Knob(("merge", "replace"), "POST env keeps other names; removes them"),
    "env_rows": Knob(("masked", "key_value"), "rows {name, preview}; {key, value} in clear text"),
    "env_delete": Knob(("supported", "404", "405"), "DELETE env", {"true": "supported", "false": "405"}),
    "domain_keys": Knob(("both", "domain", "fqdn"), "accepted and returned key of the name"),
    "domain_verify": Knob(
        ("steps", "active", "mismatch", "lookup_failed", "refused"),
        "pending, verified, active from call to call; at once; failed with CNAME_MISMATCH; with DNS_LOOKUP_FAILED; "
        "422. DNS records that were set for the name take precedence",
        {"failed": "mismatch", "cname_mismatch": "mismatch", "dns_lookup_failed": "lookup_failed"},
    ),
    "domain_status": Knob(("verified", "verifying"), "name of the status before active"),
    "domain_patch": Knob(("supported", "404"), "PATCH of the redirect policy", {"true": "supported", "false": "404"}),
    "dns_instructions": Knob(
        ("records", "object", "text", "target"),
        "dns_records and text; dns_instructions; text; verification_target only",
    ),
    "runtime_states": Knob(("py", "go"), "names of runtime states, of the Python or the Go SDK"),
    # logs
    "log_text": Knob(("neutral", "vendor", "huge"), "plain; with names of storage and hosts; about 14 MB"),
    "log_format": Knob(("json", "sse"), "runtime and build logs, if Accept does not decide"),
    "sse_alone": Knob((406, 200), "status if Accept is text/event-stream alone"),
    # transport
    "idempotency": Knob((True, False), "whether Idempotency-Key is honoured", {**YES_OR_NO, "24h": True}),
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
        (0, 30, 60, 600), "requests per key in 60 s; 0 means no limit", {"off": 0}, accepts_numbers=True
    ),
    "webhook_signature": Knob(
        ("current", "legacy", "legacy_header"), "sha256=…; t=…,v1=…; the latter as Miosa-Signature"
    ),
    "webhook_secret": Knob(("top", "data"), "where the answer to create has the secret: beside data; in it"),
    "canaries": Knob(
        (False, True, "open"),
        "whether every field that customers must not see holds a recognisable string; those with states, kinds, names, "
        "paths and commands as well",
        YES_OR_NO,
    ),
}


class InvalidSetting(ValueError):
    """An unknown knob or value. The message lists the choices."""


def parse_setting(name: str, value: object) -> Value:
    knob = KNOBS.get(name)
    if knob is None:
        raise InvalidSetting(f"unknown setting {name!r}; choices: {', '.join(sorted(KNOBS))}")
    text = str(value).strip().lower()
    for choice in knob.choices:
        if text == str(choice).lower():
            return choice
    if text in knob.aliases:
        return knob.aliases[text]
    if knob.accepts_numbers and text.isdigit():
        return int(text)
    raise InvalidSetting(f"unknown value {value!r} for {name}; choices: {', '.join(map(str, knob.choices))}")


class Settings:
    """The value of every knob: `settings["envelope"]`."""

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._values: dict[str, Value] = {name: knob.choices[0] for name, knob in KNOBS.items()}
        self.change(values or {})

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def change(self, values: Mapping[str, object]) -> None:
        """Changes all of them, or raises InvalidSetting and changes none."""
        self._values.update({name: parse_setting(name, value) for name, value in values.items()})

    def changed(self) -> dict[str, Value]:
        """The settings that differ from their defaults."""
        return {name: value for name, value in self._values.items() if value != KNOBS[name].choices[0]}

    def as_json(self) -> dict[str, dict[str, object]]:
        return {
            name: {"value": self._values[name], "choices": list(knob.choices), "about": knob.about}
            for name, knob in KNOBS.items()
        }
