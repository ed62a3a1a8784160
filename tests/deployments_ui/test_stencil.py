"""A stencil draws what its template would have drawn, whatever the texts hold."""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from deployments_ui.drawing.ages import AGE
from deployments_ui.stencil import BadStencilError, Stencil
from deployments_ui.stencil_frame import CHOICE, PLACE, TOP

STENCILS: list[tuple[Stencil[Any], type]] = [
    (CHOICE, CHOICE.row),
    (AGE, AGE.row),
    (PLACE, PLACE.row),
    (TOP, TOP.row),
]
AWKWARD = st.sampled_from(
    ["", "%", "%s", "%(a)s", "{{ id }}", "{% if %}", "<b>", "&amp;", "'\"", "\x1f", "\x00", "\ue0f00\ue0f1"]
)
TEXTS = st.text(max_size=12) | AWKWARD


def rows_of(row: type) -> st.SearchStrategy[Any]:
    types = typing.get_type_hints(row)
    kinds = {bool: st.booleans(), str: TEXTS, SafeString: TEXTS.map(mark_safe)}
    return st.builds(row, **{field.name: kinds[types[field.name]] for field in dataclasses.fields(row)})


def plainly(template: str, rows: list[Any]) -> str:
    return "".join(render_to_string(template, dataclasses.asdict(row), using="django") for row in rows)


@pytest.mark.parametrize(("stencil", "row"), STENCILS)
@given(data=st.data())
def test_a_stencil_draws_what_its_template_draws(stencil: Stencil[Any], row: type, data: st.DataObject) -> None:
    rows = data.draw(st.lists(rows_of(row), max_size=4))
    assert stencil.draw(rows) == plainly(stencil.template, rows)


@dataclass
class Row:
    name: str
    is_on: bool = False


def templated(source: str, settings: Settings) -> Stencil[Row]:
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"row.html": source})]},
        }
    ]
    return Stencil("row.html", Row)


@pytest.mark.parametrize(
    "source",
    [
        "{{ name|upper }}",
        "{{ other }}",
        "{{ is_on }}",
        "{% if name %}x{% endif %}",
        "{% if is_on|default:1 %}x{% endif %}",
        "{% if is_on == name %}x{% endif %}",
        "{% for letter in name %}{{ letter }}{% endfor %}",
        "{% include 'row.html' %}",
        "{% load i18n %}{% translate name %}",
        "{% autoescape off %}{{ name }}{% endautoescape %}",
        "{{ name.upper }}",
    ],
)
def test_what_a_stencil_can_not_stand_for_is_refused(source: str, settings: Settings) -> None:
    with pytest.raises(BadStencilError):
        templated(source, settings).draw([Row("a")])


def test_conditions_over_flags_are_understood(settings: Settings) -> None:
    stencil = templated(
        "{% if not is_on %}off{% elif is_on and is_on %}on{% else %}never{% endif %} {{ name }};", settings
    )
    assert stencil.draw([Row("a"), Row("b", is_on=True)]) == "off a;on b;"


def test_a_row_of_other_types_is_refused() -> None:
    @dataclass
    class Wrong:
        count: int

    with pytest.raises(BadStencilError):
        Stencil("row.html", Wrong)
