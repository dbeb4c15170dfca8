# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a terminal, or somebody who reads fast, could take for something else."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import text as core_text

LINES = [
    ("[web] 2/4 on web:41, → ü", "[web] 2/4 on web:41, → ü"),
    ("", ""),
    # Escape sequences, 7-bit and 8-bit.
    ("\x1b[31mred\x1b[0m, \x9b1mbold\x9b0m", "red, bold"),
    ("\x1b[2J\x1b[1;1H\x1b[?25lgone", "gone"),
    ("\x1b]0;another title\x07said", "said"),
    ("\x1b]8;;https://example.com\x1b\\a link\x1b]8;;\x1b\\", "a link"),
    ("\x9d0;another title\x9csaid", "said"),
    ("\x1bP1$r0m\x1b\\said \x1b(0lq\x1b(B \x1bcreset", "said lq reset"),
    # Without its end a control string would hide the rest of the line.
    ("\x1b]0;never ended", "0;never ended"),
    ("\x9dnever ended", r"\x9dnever ended"),
    # Removing one must not make another.
    ("\x1b\x1b[0m[31mred", r"\x1b[31mred"),
    ("\x1b", r"\x1b"),
    # Lines that look like ours, and what hides what was printed before.
    ("no such image\n[web] rolled_back: web:3 → web:1", "no such image [web] rolled_back: web:3 → web:1"),
    ("one\r\ntwo\rthree", "one two three"),
    ("one\x85two\u2028three\u2029four\x0bfive\x0csix\x1cseven", "one two three four five six seven"),
    ("one \n\n\t two\tthree\xa0four\u3000five", "one two three four five"),
    ("\n ends \r\n", "ends"),
    ("  two  spaces stay \x1b[0m", "  two  spaces stay "),
    # Other control characters, what turns the direction, what shows nothing, and what no terminal takes.
    ("bell\x07, back\x08, nul\x00, del\x7f, \x90", r"bell\x07, back\x08, nul\x00, del\x7f, \x90"),
    ("left\u202eright\u2066isolate\u061c", r"left\u202eright\u2066isolate\u061c"),
    ("zero\u200bwidth\ufeff\U000e0041", r"zero\u200bwidth\ufeff\U000e0041"),
    ("broken \udce4", r"broken \udce4"),
]


@pytest.mark.parametrize(("text", "shown"), LINES)
def test_line(text: str, shown: str) -> None:
    assert core_text.line(text) == shown
    assert shown.isprintable()
    # A text is cleaned where it is made and where it leaves.
    assert core_text.line(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one line", "one line"),
        ("one\ntwo\n", "one\ntwo\n"),
        ("  indented\r\n\x1b[31mred\x1b[0m\rover it\n\nend", "  indented\nred\nover it\n\nend"),
        ("a\u2028b\u202e", "a\nb\\u202e"),
    ],
)
def test_lines(text: str, shown: str) -> None:
    assert core_text.lines(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/a b", "/srv/a b"),
        ("/srv/a\n\x1b[31m\u202e", r"/srv/a\n\x1b[31m\u202e"),
    ],
)
def test_what_has_to_stay_exact_is_made_visible(text: str, shown: str) -> None:
    assert core_text.visible(text) == shown


@dataclasses.dataclass(frozen=True)
class Event:
    """Like those that ansible-core keeps of warnings and exceptions."""

    msg: str
    formatted_traceback: str | None = None
    chain: Event | None = None


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("a\nb", "a b"),
        (None, None),
        (True, True),
        (1.5, 1.5),
        (b"\x1b", b"\x1b"),
        (["a\nb", ("c\nd", 1), {"e\nf"}], ["a b", ("c d", 1), {"e f"}]),
        (
            {"reason": "a\nb", "k\x1b[1me\ny": {"deep": ["c\nd"]}, 1: "e\nf"},
            {"reason": "a b", "ke y": {"deep": ["c d"]}, 1: "e f"},
        ),
        ({"log_tail": "a\r\nb\x1b[0m", "advice": "a\nb"}, {"log_tail": "a\nb", "advice": "a b"}),
        # In a diff they are texts of many lines, elsewhere what was there before and after.
        ({"before": "a\nb", "after": {"reason": "a\nb"}}, {"before": "a\nb", "after": {"reason": "a b"}}),
        ({"stdout_lines": ["a\x1b[0m"], "exception": "a\nb\x07"}, {"stdout_lines": ["a"], "exception": "a\nb\\x07"}),
        (Event("a\nb", "c\nd\x1b[0m", Event("e\nf")), Event("a b", "c\nd", Event("e f"))),
        (Event, Event),
    ],
)
def test_results(value: t.Any, cleaned: t.Any) -> None:
    assert core_text.clean(value) == cleaned


PAGES = [
    ("cluster not found", "cluster not found"),
    ("a <b> c, <header>", "a <b> c, <header>"),
    (
        "<!DOCTYPE HTML PUBLIC>\n<html><head>\n<title>403\n Forbidden</title></head><body><h1>No</h1></body></html>",
        "an HTML page: 403 Forbidden",
    ),
    ("<html>\n<body><h1>Access &amp; <i>so on</i></h1>\n<p>Policy</p></body></html>", "an HTML page: Access & so on"),
    ("<HTML><title></title><style>p {}</style><p>Sorry,\nno.</p><script>f()</script>", "an HTML page: Sorry, no."),
    ("<html></html>", "an HTML page"),
    ("<body>" + "x" * 200, "an HTML page: " + "x" * 149 + "…"),
    (
        "Unable to parse response (syntax error: line 1), invalid XML received:\nb'<html><h1>502</h1></html>'",
        "Unable to parse response (syntax error: line 1), invalid XML received:\nb' an HTML page: 502",
    ),
]


@pytest.mark.parametrize(("text", "shown"), PAGES)
def test_pages(text: str, shown: str) -> None:
    assert core_text.without_page(text) == shown
    assert core_text.is_page(text) is (text != shown)


@pytest.mark.parametrize(
    ("text", "units", "cut"),
    [
        ("500s", 10, "500s"),
        ("500s", 2, "50"),
        ("üü", 1, "ü"),
        ("a𠀀b", 2, "a"),
        ("a𠀀b", 3, "a𠀀"),
        ("", 5, ""),
        ("x", 0, ""),
    ],
)
def test_a_text_is_cut_by_utf_16_units(text: str, units: int, cut: str) -> None:
    assert core_text.cut(text, units) == cut
