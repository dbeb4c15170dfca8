# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""YAML as AppSpec files use it, for hosts without PyYAML. Pure.

It reads block mappings and sequences, one-line scalars, quotes, comments, and flow sequences of scalars. It refuses
everything else and never guesses.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass


class Scalar(str):
    """A scalar as written; ``plain`` means unquoted, so that it may be a number or nothing."""

    plain: bool

    def __new__(cls, value: str, plain: bool = True) -> Scalar:
        scalar = super().__new__(cls, value)
        scalar.plain = plain
        return scalar

    @property
    def null(self) -> bool:
        return self.plain and str(self) in ("", "~", "null", "Null", "NULL")


class NotRead(ValueError):
    """Something this reader does not understand. The message says where."""


@dataclass(frozen=True)
class _Line:
    indent: int
    text: str
    number: int

    def refuse(self, reason: str) -> NotRead:
        return NotRead(f"line {self.number}: {reason}")


# Levels of mappings and lists. An AppSpec file has four.
DEEPEST: t.Final = 20
# Characters. The longest thing in an AppSpec file is a path (PATH_MAX is 4,096).
MOST_OF_A_VALUE: t.Final = 4096
_SPECIAL: t.Final = re.compile(r"[:#]")
_QUOTED: t.Final = re.compile(r"""'(?P<single>(?:[^']|'')*)'|"(?P<double>(?:[^"\\]|\\.)*)\"""")
_ESCAPE: t.Final = re.compile(r"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|(?P<one>.))")
_ESCAPES: t.Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "\\": "\\", "/": "/", " ": " "}
_INDICATORS: t.Final = "[]{},&*!|>%@`#\"'"


def read(text: str) -> t.Any:
    """Parse to mappings, lists and scalars, in time that grows as the text does. Raises :class:`NotRead`."""
    lines = list(_lines(text))
    if not lines:
        return Scalar("")
    value, position = _block(lines, 0, 1)
    if position < len(lines):
        raise lines[position].refuse("its indentation does not match anything above it")
    return value


def _lines(text: str) -> t.Iterator[_Line]:
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stripped = raw.strip(" ")
        line = _Line(len(raw) - len(raw.lstrip(" ")), stripped, number)
        if "\t" in raw:
            raise line.refuse("a tab")
        if "\r" in raw:
            raise line.refuse("a carriage return")
        if stripped == "---" and number == 1:
            continue
        if raw.startswith(("---", "...", "%")):
            raise line.refuse("only one document, without directives, can be read")
        if stripped and not stripped.startswith("#"):
            yield line


def _without_comment(text: str) -> str:
    """The text up to a # that is at its beginning or follows a blank, without blanks at its end."""
    if text.startswith("#"):
        return ""
    return text.partition(" #")[0].rstrip(" ")


def _block(lines: t.List[_Line], start: int, depth: int) -> t.Tuple[t.Any, int]:
    if depth > DEEPEST:
        raise lines[start].refuse(f"it is nested deeper than {DEEPEST} levels")
    if _is_item(lines[start].text):
        return _sequence(lines, start, depth)
    return _mapping(lines, start, depth)


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")


def _sequence(lines: t.List[_Line], start: int, depth: int) -> t.Tuple[t.List[t.Any], int]:
    indent = lines[start].indent
    items: t.List[t.Any] = []
    position = start
    while position < len(lines) and lines[position].indent == indent and _is_item(lines[position].text):
        line = lines[position]
        rest = line.text[1:].lstrip(" ")
        if not _without_comment(rest):
            value, position = _below(lines, position, indent + 1, depth)
        elif _is_item(rest) or _key(rest, line) is not None:
            lines[position] = _Line(indent + len(line.text) - len(rest), rest, line.number)
            value, position = _block(lines, position, depth + 1)
        else:
            value, position = _inline(rest, line), _ended(lines, position, indent)
        items.append(value)
    return items, position


def _mapping(lines: t.List[_Line], start: int, depth: int) -> t.Tuple[t.Dict[str, t.Any], int]:
    indent = lines[start].indent
    found: t.Dict[str, t.Any] = {}
    position = start
    while position < len(lines) and lines[position].indent == indent and not _is_item(lines[position].text):
        line = lines[position]
        pair = _key(line.text, line)
        if pair is None:
            raise line.refuse("neither a key with a colon nor an item with a dash")
        key, rest = pair
        if not _without_comment(rest):
            after = lines[position + 1] if position + 1 < len(lines) else None
            same = after is not None and after.indent == indent and _is_item(after.text)
            value, position = _below(lines, position, indent if same else indent + 1, depth)
        else:
            value, position = _inline(rest, line), _ended(lines, position, indent)
        found[key] = value
    return found, position


def _below(lines: t.List[_Line], position: int, least: int, depth: int) -> t.Tuple[t.Any, int]:
    """What is below a key or a dash; nothing if the next line is indented less."""
    position += 1
    if position >= len(lines) or lines[position].indent < least:
        return Scalar(""), position
    return _block(lines, position, depth + 1)


def _ended(lines: t.List[_Line], position: int, indent: int) -> int:
    position += 1
    if position < len(lines) and lines[position].indent > indent:
        raise lines[position].refuse("a value on more than one line")
    return position


def _key(text: str, line: _Line) -> t.Optional[t.Tuple[str, str]]:
    """The key and what follows the colon; None if there is no key."""
    quoted = _QUOTED.match(text)
    if quoted:
        after = text[quoted.end() :].lstrip(" ")
        if after == ":" or after.startswith(": "):
            return _unquoted(quoted, line), after[1:].lstrip(" ")
        return None
    found = None if text[0] in "[{" else _SPECIAL.search(text)
    if found is None or found.group() == "#" or found.start() == 0:
        return None
    rest = text[found.end() :]
    if rest and not rest.startswith(" "):
        return None
    key = text[: found.start()].rstrip(" ")
    if key[0] in _INDICATORS or key == "<<" or key.startswith("? "):
        raise line.refuse(f"a key that begins with {key[0]}")
    return key, rest.lstrip(" ")


def _unquoted(quoted: t.Match[str], line: _Line) -> str:
    _check_length(quoted.group(), line)
    if quoted.group("single") is not None:
        return quoted.group("single").replace("''", "'")

    def character(escape: t.Match[str]) -> str:
        code = escape.group("x") or escape.group("u")
        if code:
            return chr(int(code, 16))
        if escape.group("one") not in _ESCAPES:
            raise line.refuse(f"the escape \\{escape.group('one')}")
        return _ESCAPES[escape.group("one")]

    return _ESCAPE.sub(character, quoted.group("double"))


def _inline(text: str, line: _Line) -> t.Any:
    """A value on the line of its key or dash."""
    if text.startswith("["):
        return _flow(text, line)
    if text[0] in "'\"":
        quoted = _QUOTED.match(text)
        if not quoted:
            raise line.refuse("quotes that are not closed on the line, or not readable")
        if _without_comment(text[quoted.end() :]).strip(" "):
            raise line.refuse("something after the closing quote")
        return Scalar(_unquoted(quoted, line), plain=False)
    text = _without_comment(text)
    if text == "{}":
        return {}
    return _plain(text, line)


def _check_length(text: str, line: _Line) -> None:
    if len(text) > MOST_OF_A_VALUE:
        raise line.refuse(f"a value is longer than {MOST_OF_A_VALUE} characters")


def _plain(text: str, line: _Line, forbidden: str = "") -> Scalar:
    _check_length(text, line)
    if not text or text[0] in _INDICATORS or text.startswith(("- ", "? ", ": ")) or text in ("-", "?", ":", "="):
        raise line.refuse(f"a value that begins with {text[:1]!r}")
    if ": " in text or text.endswith(":") or any(character in text for character in forbidden):
        raise line.refuse("a special character: put the value in quotes")
    return Scalar(text)


def _flow(text: str, line: _Line) -> t.List[Scalar]:
    items: t.List[Scalar] = []
    rest = text[1:].lstrip(" ")
    while not rest.startswith("]"):
        quoted = _QUOTED.match(rest)
        if quoted:
            items.append(Scalar(_unquoted(quoted, line), plain=False))
            rest = rest[quoted.end() :].lstrip(" ")
        else:
            end = min((rest.find(mark) for mark in ",]" if mark in rest), default=-1)
            items.append(_plain(rest[:end].rstrip(" ") if end >= 0 else "", line, forbidden="[]{}#"))
            rest = rest[end:]
        if rest.startswith(","):
            rest = rest[1:].lstrip(" ")
        elif not rest.startswith("]"):
            raise line.refuse("a list in brackets that is not closed on the line")
    if _without_comment(rest[1:]).strip(" "):
        raise line.refuse("something after the closing bracket")
    return items
