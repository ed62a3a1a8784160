"""Templates are kept once for each language, with all that depends on nothing but the language worked out.

A page says forty constant sentences and loads its tags in every piece; to translate and join them anew for each request
costs as much as its variables do. The templates themselves know nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template import Context, Template
from django.template.base import Node, NodeList, Origin, TextNode
from django.template.defaulttags import CommentNode, IfNode, LoadNode
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.utils.translation import get_language


class Folding(base.Loader):
    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, Folding):
    """Django's loader that keeps parsed templates, for each language."""

    def cache_key(self, template_name: str, skip: list[Origin] | None = None) -> str:
        return f"{get_language()} {super().cache_key(template_name, skip)}"


def fold(nodes: NodeList) -> None:
    """Put constants in their places, and text that stands together into one node."""
    folded: list[Node] = []
    for node in nodes:
        for inner in parts_of(node):
            fold(inner)
        text = constant(node)
        if text is None:
            folded.append(node)
        elif folded and isinstance(folded[-1], TextNode):
            folded[-1] = TextNode(folded[-1].s + text)
        elif text:
            folded.append(TextNode(text))
    nodes[:] = folded


def parts_of(node: Any) -> Iterator[NodeList]:
    if isinstance(node, IfNode):
        yield from (nodes for _condition, nodes in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        nodes = getattr(node, name, None)
        if isinstance(nodes, NodeList):
            yield nodes


def constant(node: Node) -> str | None:
    """What a node says whatever the context; None if it depends on that."""
    if isinstance(node, TextNode):
        return node.s
    if isinstance(node, LoadNode | CommentNode):
        return ""
    if isinstance(node, TranslateNode) and not (node.asvar or node.message_context or node.filter_expression.filters):
        is_literal = getattr(node.filter_expression.var, "literal", None) is not None
        return str(node.render(Context())) if is_literal else None
    return None
