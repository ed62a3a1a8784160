"""A log as staff and customers see it: what customers may not see is found however it was written."""

from __future__ import annotations

import pytest

from portal import miosa
from portal.miosa import Gap, LogText
from portal.services import rendered_logs
from portal.services.log_text import HIDDEN
from portal.services.rendered_logs import COLUMNS, RenderedLog, Shown
from portal.terminal import StyledText

PRIVATE = ["s3://bucket/acme", "10.40.3.9", "host_01ABCDEF", "miosa"]

# `{0}` and `{1}` are the halves of something private, `{2}` the whole.
DISGUISES = [
    "\x1b[36m{2}\x1b[0m",
    "\x1b[1m{0}\x1b[22m{1}",
    "{0}\x1b[38:2::255:0:0m{1}\x1b[m",
    "{0}\a{1}",
    "{0}\x7f{1}",
    "{0}\x00{1}",
    "{0}\x84\x1b[A{1}",
    "{0}\x1b]0;title\x07{1}",
    "{0}\x1b]8;;https://a.test\x1b\\{1}\x1b]8;;\x1b\\",
    "\x1b]8;;https://a.test\x1b\\{2}\x1b]8;;\x1b\\",
    "{0}\x1bPdata\x1b\\{1}",
    "{0}\x1b_data\x1b\\{1}",
    "{0}x\b{1}",
    "xx\r{2}",
    "{0}\x1b[s\x1b[9Cx\x1b[1D\x1b[K\x1b[u{1}",
    "{0}\u200b{1}",
    "{0}\u00ad\u2060{1}",
    "{0}\ufe0f{1}",
    "{0}\x90{1}",
    "first\nsecond\n\x1b[2A\x1b[2K{0}\x1b[1m{1}\n\x1b[2Klast",
    "\x1b[?25l\x1b[2K\x1b[G{0}\x1b(B{1}",
    "{0}\x0f\x0e{1}",
    "\x9b31m{0}\x9b0m{1}",
]


def render(
    text: str, *, has_failed: bool = True, gap: Gap | None = None, before: RenderedLog | None = None
) -> RenderedLog:
    log = LogText.create(text, gap=gap)
    return rendered_logs.render_log(log, has_failed=has_failed, is_truncated=False, before=before)


def text_of(shown: Shown) -> str:
    return StyledText.unpack(shown.text).text


@pytest.mark.parametrize("private", PRIVATE)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_customers_never_see_what_is_private_however_it_was_written(private: str, disguise: str) -> None:
    half = len(private) // 2
    rendered = render(f"error: see {disguise.format(private[:half], private[half:], private)} now")
    shown = text_of(rendered.customers)
    for text in (shown, rendered.customers.failure):
        assert private not in text
        assert private[half:] not in text
    assert HIDDEN in shown
    assert private in text_of(rendered.staff)


def test_colours_around_a_hidden_word_are_kept() -> None:
    shown = StyledText.unpack(render("\x1b[36ms3://bucket/acme\x1b[0m then \x1b[31mred\x1b[0m end").customers.text)
    runs = [(shown.text[run.start : run.end], run.style.colour) for run in shown.list_runs(0, len(shown.text))]
    assert runs == [(HIDDEN, "cyan"), ("red", "red")]
    assert shown.text == f"{HIDDEN} then red end"


def test_addresses_of_links_are_for_staff() -> None:
    rendered = render("\x1b]8;;https://10.40.3.9/run\x1b\\View run\x1b]8;;\x1b\\")
    assert text_of(rendered.staff) == "View run (https://10.40.3.9/run)"
    assert text_of(rendered.customers) == "View run"


def test_what_is_private_is_found_where_a_long_line_is_continued() -> None:
    rendered = render("x" * (COLUMNS - 12) + " s3://bucket/acme end")
    assert "bucket" not in text_of(rendered.customers)
    assert text_of(rendered.customers).replace("\n", "").endswith(f"{HIDDEN} end")


def test_long_lines_are_continued_and_errors_counted_after_them() -> None:
    rendered = render("\n".join(["x" * (3 * COLUMNS), "y" * COLUMNS, "", "Error: no space"]))
    lines = text_of(rendered.staff).split("\n")
    assert max(map(len, lines)) == COLUMNS
    assert rendered.staff.first_error is not None
    assert lines[rendered.staff.first_error - 1] == "Error: no space"
    assert rendered.staff.failure == "Error: no space"


def test_a_gap_is_between_lines_and_both_sides_are_scrubbed() -> None:
    head, tail = "\x1b[31mfirst on host_01ABCDEF\n", "last on host_01ABCDEF"
    rendered = render(head + tail, gap=miosa.Gap(len(head), 5_000_000))
    assert text_of(rendered.customers) == f"first on {HIDDEN}\nlast on {HIDDEN}"
    assert (rendered.customers.gap_line, rendered.gap_bytes) == (1, 5_000_000)
    whole = render(head + tail)
    assert (whole.customers.gap_line, whole.gap_bytes) == (None, 0)


def test_a_log_without_anything_private_is_one_text_for_all() -> None:
    rendered = render("\x1b[32mbuilt\x1b[0m")
    assert rendered.customers is rendered.staff


def test_a_log_of_what_did_not_fail_has_no_errors() -> None:
    text = "error: no space left on device"
    assert render(text).staff.first_error == 1
    shown = render(text, has_failed=False).staff
    assert (shown.failure, shown.first_error) == ("", None)


def test_an_unchanged_log_is_not_rendered_again() -> None:
    before = render("building")
    assert render("building", before=before) is before
    assert render("building", before=before, has_failed=False) is not before
    assert render("building\nbuilt", before=before) is not before
