"""The Jinja2 environment of the pages: filters, tests, translations, and the macros of `templates/components/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import npgettext, pgettext
from jinja2 import Environment, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from deployments_ui import formats, links, timeline
from deployments_ui.labels import activity, attention, builds, domains, env_vars, facts, operations, people, states
from deployments_ui.labels import settings as settings_labels
from deployments_ui.translation import gettext, ngettext
from portal.services.domains import reports
from portal.services.operations import undo
from portal.services.queries.timeline_schemas import ActivationEntry, OperationEntry

COMPONENTS = (
    *("buttons", "charts", "chips", "crumbs", "fields", "icons", "notices", "pager", "polling", "tabs", "times"),
)

FILTERS: dict[str, Callable[..., object]] = {
    "ago": formats.ago,
    "ahead": formats.ahead,
    "app_states": attention.list_app_states,
    "blocker_label": domains.get_blocker_label,
    "build_label": builds.get_build_label,
    "build_trigger": builds.build_trigger,
    "by_day": timeline.by_day,
    "check_label": states.get_check_label,
    "condition": states.CONDITIONS.__getitem__,
    "date": formats.date_of,
    "delta": facts.describe_delta,
    "difference": facts.describe_difference,
    "display_domain": reports.get_display_name,
    "domain_cause": domains.domain_cause,
    "domain_statuses": domains.list_domain_statuses,
    "event_outcome": activity.outcome_label,
    "event_sentence": activity.describe_event,
    "event_way": activity.show_way,
    "exact": formats.exact,
    "fact": facts.fact,
    "fact_value": facts.fact_value,
    "changed_name": activity.show_fact_name,
    "changed_value": activity.show_fact_value,
    "file_count": formats.file_count,
    "host": links.host,
    "hour": formats.hour,
    "hue": formats.hue,
    "initials": formats.initials,
    "instance_label": builds.get_instance_label,
    "installation_problems": settings_labels.list_problems,
    "iso": formats.iso,
    "kind": states.kind,
    "live_change_label": states.get_activation_label,
    "moment_label": states.get_moment_label,
    "number": formats.version_number,
    "number_or_id": formats.number_or_id,
    "operation_label": operations.get_operation_label,
    "record_label": domains.get_record_label,
    "redirect_policy": domains.redirect_policy,
    "resolver_label": domains.get_resolver_label,
    "review_line_label": env_vars.get_review_line_label,
    "row_id": attention.get_row_id,
    "role_name": people.get_role_name,
    "second": formats.second,
    "shorten_id": formats.shorten_id,
    "since": formats.since,
    "size": formats.size,
    "span": formats.span,
    "staged_change": facts.describe_staged,
    "state_label": states.get_version_label,
    "step_text": settings_labels.get_step_text,
    "problem_label": attention.get_problem_label,
    "undo_reason": undo.explain,
    "undo_token": undo.create_undo_token,
    "version_facts": facts.version_facts,
    "web_url": links.web,
    "with_role": people.in_sentence,
}


@pass_eval_context
def translate(context: EvalContext, text: str, /, **values: object) -> str:
    """`_()` and `{% trans %}`, of which a page has a hundred: Jinja's own takes several times as long."""
    translated = gettext(text)
    if not context.autoescape:
        return translated % values
    markup = Markup(translated)  # noqa: S704  # a text of this project
    return markup % values if values or "%" in markup else markup


class Components:
    """All macros of `templates/components/` under one name: `{{ ui.ago(version.created_at) }}`.

    A global rather than an import in each template: a block that is rendered alone does not run its template's imports.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        for component in COMPONENTS:
            macro = getattr(self._env.get_template(f"components/{component}.html").module, name, None)
            if macro is not None:
                if not self._env.auto_reload:
                    setattr(self, name, macro)
                return macro
        raise AttributeError(f"No file in templates/components/ has a macro {name}")


def is_markup(template: str | None) -> bool:
    """Whether values are escaped: everywhere but in the texts of mails and messages."""
    return template is None or not template.endswith(".txt")


def reverse_url(name: str, **arguments: object) -> str:
    """For addresses without an id of MIOSA; `links` has those of long lists."""
    return reverse(name, kwargs=arguments or None)


def environment(**options: Any) -> Environment:
    options |= {"autoescape": is_markup, "extensions": ["jinja2.ext.i18n"]}
    env = Environment(**options)  # noqa: S701  # it is not seen that autoescape is set
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals.update(gettext=translate, _=translate)
    env.filters.update(FILTERS)
    env.tests.update(
        activation_entry=lambda entry: isinstance(entry, ActivationEntry),
        operation_entry=lambda entry: isinstance(entry, OperationEntry),
    )
    env.globals.update(
        links=links,
        # htmx.render_parts() sets both: for each part, and for those that replace something besides the target.
        is_part=False,
        oob=False,
        span_between=formats.span_between,
        # Names of static files change with their content only, and that takes a new process.
        static=static if settings.DEBUG else lru_cache(static),
        ui=Components(env),
        url=reverse_url,
    )
    return env
