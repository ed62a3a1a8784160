"""Renders a log as a terminal shows it in the end: plain lines with styles, and nothing left that moves a cursor.

rendered = terminal.render(log)      # a StyledText; its `text` holds no control character but the line feed
rendered.splice([(5, 9, "[…]")])     # the same with ranges of its text replaced, and the styles around them kept
terminal.to_plain(message)           # the text alone
"""

from portal.terminal.screen import render, to_plain
from portal.terminal.styled_text import Run, StyledText
from portal.terminal.styles import PLAIN, Link, Style

__all__ = ["PLAIN", "Link", "Run", "Style", "StyledText", "render", "to_plain"]
