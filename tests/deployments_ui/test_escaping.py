"""What templates print is escaped."""

from __future__ import annotations

from jinja2 import DictLoader

from deployments_ui.jinja2_environment import environment


def test_templates_escape_values_macros_and_blocks() -> None:
    page = environment().from_string(
        "{{ x }}{% macro m(a) %}<p>{{ a }}{{ caller() }}</p>{% endmacro %}{% call m(x) %}{{ x }}{% endcall %}"
        "{% set kept %}{{ x }}{% endset %}{{ kept }}{% block b scoped %}{{ x ~ x }}{% endblock %}"
        "{{ x|safe }}{{ _('%(x)s', x=x) }}"
    )
    bold = "&lt;b&gt;"
    assert page.render(x="<b>") == f"{bold}<p>{bold}{bold}</p>{bold}{bold}{bold}<b>{bold}"


def test_translated_texts_escape_their_values() -> None:
    page = environment().from_string(
        "{% trans %}100%{% endtrans %} {% trans x=x %}<i>{{ x }}</i> 5%{% endtrans %}"
        " {{ _('a & %(x)s', x=x) }} {{ _('<hr>') }}"
    )
    assert page.render(x="<b>") == "100% <i>&lt;b&gt;</i> 5% a & &lt;b&gt; <hr>"


def test_texts_of_mails_are_not_escaped() -> None:
    env = environment(loader=DictLoader({"mail.txt": "{{ x }} {% trans x=x %}{{ x }}{% endtrans %} {{ _('&') }}"}))
    assert env.get_template("mail.txt").render(x="<b>") == "<b> <b> &"
