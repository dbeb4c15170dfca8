# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Text from elsewhere, made safe to print on a terminal. Pure.

Reasons, events, descriptions, names and logs are written by registries, scripts and deployments, and AWS passes them on
unchanged. Printed raw, they could move the cursor, hide earlier output, or look like a line of ours.
"""

from __future__ import annotations

import dataclasses
import html
import re
import typing as t

# ECMA-48: control strings up to their end (titles, links), control sequences (colours, the cursor), and the other
# sequences that begin with ESC; in their 7-bit and their 8-bit form.
_SEQUENCE: t.Final = re.compile(
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
)
# White space with anything but plain spaces in it: the ends of lines, tabs, spaces that do not break.
_BREAK: t.Final = re.compile(r"\s*[^\S ]\s*")
# What may have several lines: logs, both sides of a diff, and what Ansible keeps of a process that crashed.
_HAVE_LINES: t.Final = frozenset(
    {"log_tail", "before", "after", "prepared", "stdout", "stderr", "module_stdout", "module_stderr", "exception"}
    | {"formatted_traceback"}
)
_PAGE: t.Final = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TITLES: t.Final = tuple(re.compile(rf"<{tag}\b[^>]*>(.*?)</{tag}\s*>", re.I | re.S) for tag in ("title", "h1"))
_UNSEEN: t.Final = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.I | re.S)
_TITLE_LENGTH: t.Final = 150
_PAGE_LENGTH: t.Final = 20_000


def visible(text: str) -> str:
    """The text with everything that moves the cursor, breaks the line or is invisible replaced by an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def line(text: str) -> str:
    """The text on one line. Escape sequences are removed; other control and bidi characters become visible escapes."""
    if text.isprintable():
        return text
    return visible(_BREAK.sub(_space, _SEQUENCE.sub("", text)))


def _space(found: re.Match[str]) -> str:
    at_an_end = found.start() == 0 or found.end() == len(found.string)
    return "" if at_an_end else " "


def lines(text: str) -> str:
    """The same, but keeping line breaks."""
    if text.isprintable():
        return text
    return "\n".join(line(part) for part in text.splitlines()) + ("\n" if text.endswith("\n") else "")


def clean(value: t.Any) -> t.Any:
    """A result with every text made safe, by :func:`lines` if it may have several lines, else by :func:`line`.

    Values that hold no text are left alone.
    """
    if isinstance(value, str):
        return line(value)
    if isinstance(value, t.Mapping):
        return {clean(key): _named(key, item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [clean(item) for item in value]
        return items if isinstance(value, list) else tuple(items) if isinstance(value, tuple) else set(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # ansible-core >= 2.19 keeps warnings and exceptions in these.
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        return dataclasses.replace(value, **{name: _named(name, getattr(value, name)) for name in fields})
    return value


def _named(name: t.Any, value: t.Any) -> t.Any:
    return lines(value) if isinstance(value, str) and name in _HAVE_LINES else clean(value)


def is_page(text: str) -> bool:
    """Whether the text holds an HTML page. AWS's APIs never send one, so a proxy or the like answered."""
    return _PAGE.search(text) is not None


def without_page(text: str) -> str:
    """The text with any HTML page in it replaced by the page's title."""
    found = _PAGE.search(text)
    if found is None:
        return text
    page = text[found.start() :][:_PAGE_LENGTH]
    titles = (match[1] for match in (title.search(page) for title in _TITLES) if match)
    # A page without a title or heading is named by its text.
    called = next((name for name in map(_words, titles) if name), "") or _words(page)
    if len(called) > _TITLE_LENGTH:
        called = f"{called[: _TITLE_LENGTH - 1]}…"
    return f"{text[: found.start()].rstrip()} an HTML page{f': {called}' if called else ''}".lstrip()


def _words(page: str) -> str:
    return " ".join(html.unescape(_UNSEEN.sub(" ", page)).split())


def cut(text: str, units: int) -> str:
    """The beginning of a text, at most so many UTF-16 units. It is never cut within a character.

    AWS allows 256 characters in a tag's value and does not say how one outside of the basic plane counts
    (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html). Two is the stricter way.
    """
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")
