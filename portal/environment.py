"""Reading the configuration, and explaining what is wrong with it: everything at once, by the name of each variable."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from portal.config import Config
from portal.setting_types import SecretFile


class ConfigError(Exception):
    """All problems of the environment. Each begins with the name of its variable, and none holds a secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"  * {problem}\n" for problem in self.problems)
        super().__init__(f"The portal can't start with these settings:\n{lines}README.md lists all settings.")


NAMES = frozenset(name.upper() for name in Config.model_fields)
SECRET_NAMES = frozenset(
    name.upper() for name, each in Config.model_fields.items() if "SecretStr" in str(each.annotation)
)

# Texts for pydantic's types of errors. A "value_error" comes from our own validators and has its text already.
EXPLANATIONS = {
    "bool_parsing": "must be true or false, not {input!r}",
    "greater_than_equal": "must be at least {ge}, not {input!r}",
    "int_parsing": "must be a whole number, not {input!r}",
    "less_than_equal": "must be at most {le}, not {input!r}",
    "literal_error": "must be {expected}, not {input!r}",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must not be an empty list",
    "value_error": "{error}",
}


def load_config() -> Config:
    """The configuration of this process; raises ConfigError."""
    problems = find_wrong_names(os.environ)
    try:
        config = Config(**cast(Any, find_secret_files(os.environ)))
    except ValidationError as invalid:
        problems += [explain(error) for error in invalid.errors() if error["type"] != "default_factory_not_called"]
    if problems:
        raise ConfigError(sorted(problems))
    return config


# What was a setting once, and what to do now. To ignore it would give owners back what was denied to them.
REMOVED = {
    "OWNERS_MAY_NOT": "is not a setting any more: deny owners their permissions on the page /settings/permissions/"
}


def find_wrong_names(environment: Mapping[str, str]) -> list[str]:
    """Problems with which variables are set: misspelt, both a secret and its file, a URL without its key."""
    known = NAMES | {f"{name}_FILE" for name in SECRET_NAMES}
    given = {name for name, value in environment.items() if value.strip()}
    problems = [
        f"{name}: is not a setting; did you mean {near[0]}?"
        for name in given - known
        if name.startswith("MIOSA_") and (near := difflib.get_close_matches(name, known, n=1, cutoff=0.8))
    ]
    problems += [f"{name}: {text}" for name, text in REMOVED.items() if name in given]
    problems += [
        f"{name}: is set together with {name}_FILE; keep one of them"
        for name in SECRET_NAMES
        if {name, f"{name}_FILE"} <= given
    ]
    if "MIOSA_BASE_URL" in given and not {"MIOSA_API_KEY", "MIOSA_API_KEY_FILE"} & set(environment):
        problems.append("MIOSA_API_KEY: is missing, although MIOSA_BASE_URL is set")
    return problems


def find_secret_files(environment: Mapping[str, str]) -> dict[str, SecretFile]:
    """Secrets given as NAME_FILE. An empty name counts for the API key, so that its absence doesn't start a demo."""
    files = {}
    for name in SECRET_NAMES:
        path = environment.get(f"{name}_FILE", "").strip()
        is_key = name == "MIOSA_API_KEY" and f"{name}_FILE" in environment and name not in environment
        if path or is_key:
            files[name] = SecretFile(path)
    return files


def explain(error: ErrorDetails) -> str:
    name = str(error["loc"][0]).upper()
    if isinstance(error["input"], SecretFile):
        name = f"{name}_FILE"
    text = EXPLANATIONS.get(error["type"], "is not valid")
    return f"{name}: {text.format(input=error['input'], **error.get('ctx', {}))}"
