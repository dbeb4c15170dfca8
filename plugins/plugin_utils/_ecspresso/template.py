# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The Go templates of ecspresso's configuration files, as far as they need nothing but the environment.

ecspresso renders the whole file with Go's text/template before it parses it, with the functions ``env``,
``must_env`` and ``json_escape`` (https://github.com/kayac/go-config) and those of its plugins. A rollback needs
few of the file's values, so an action that can't be evaluated here leaves a token behind instead of stopping
everything: only a value that is needed and holds a token is an error.
"""

from __future__ import annotations

import json
import re
import typing as t
import uuid
from bisect import bisect_right
from dataclasses import dataclass

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError

_SPACES = " \t\r\n"
_KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"),
)
# https://pkg.go.dev/text/template#hdr-Functions: those that are not evaluated here.
_GOS_OWN = frozenset(
    ("call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "slice", "urlquery"),
)
# Those that are, besides go-config's env, must_env and json_escape.
_EVALUATED = frozenset(("and", "or", "print", "printf", "println"))
_CONSTANTS = frozenset(("true", "false", "nil"))
_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<raw>`[^`]*`)
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<constant>'(?:[^'\\\n]|\\.)+' | [+-]?\.?[0-9][\w.]*)
    | (?P<word>[^\W\d]\w*)
    | (?P<data>\.\w*)
    | (?P<variable>\$\w*|:?=)
    | (?P<pipe>\|)
    | (?P<open>\()
    | (?P<close>\))
    """,
    re.VERBOSE,
)
_CLOSING = re.compile(r"(?P<trim>[ \t\r\n]+-)?\}\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# https://go.dev/ref/spec#Rune_literals: what may follow a backslash between double quotes.
_ESCAPE = re.compile(r"\\(?:[abfnrtv\\\"]|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_SHORT_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


@dataclass(frozen=True)
class Deferred:
    """An action whose text is not known here: it calls a foreign function or lacks an environment variable.

    ``variable`` is the one that ``must_env`` did not find, or None if ``function`` itself is foreign.
    """

    function: str
    line: int | None
    variable: str | None = None

    def problem(self) -> str:
        """What is wrong with a value that contains it, as the end of a sentence that begins with the value's key."""
        if self.variable is not None:
            return f"needs the environment variable {self.variable} ({self.function}), which is not set"
        if self.function in _GOS_OWN | _EVALUATED:
            return f"uses Go's template function {self.function} in a way that is not evaluated here"
        return f"uses the template function {self.function}, which only ecspresso with its plugins can evaluate"


@dataclass(frozen=True)
class _Constant:
    text: str


_Value = t.Union[str, _Constant, Deferred]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class _Piece:
    """A stretch of rendered text and its source; lines of ``literal`` text match one to one."""

    offset: int
    text: str
    line: int
    literal: bool


class Rendered:
    """Text after templating, with the way back: from a value to what was deferred, from an offset to a line."""

    def __init__(self, pieces: list[_Piece], deferred: dict[str, Deferred]) -> None:
        self.text = "".join(piece.text for piece in pieces)
        self._pieces = pieces
        self._offsets = [piece.offset for piece in pieces]
        self._deferred = deferred

    def deferred_in(self, value: str) -> Deferred | None:
        """The first action in ``value`` that could not be evaluated."""
        found = [(value.find(token), action) for token, action in self._deferred.items() if token in value]
        return min(found, key=lambda pair: pair[0])[1] if found else None

    def line_at(self, offset: int) -> int:
        """The line of the source, from 1, of the text at ``offset``."""
        if not self._pieces:
            return 1
        piece = self._pieces[max(0, bisect_right(self._offsets, offset) - 1)]
        return piece.line + (piece.text.count("\n", 0, offset - piece.offset) if piece.literal else 0)


def _env(environ: t.Mapping[str, str], *names: str) -> str:
    """go-config's ``env``: the first variable that is set and not empty, else the last argument."""
    for name in names:
        if environ.get(name):
            return environ[name]
    return names[-1] if names else ""


def render(text: str, environ: t.Mapping[str, str]) -> Rendered:
    """The text with its template actions evaluated over ``environ``.

    Raises :class:`ConfigError` for a malformed template, and for constructs that reach beyond their own action (``if``,
    ``range``, variables …): skipping those would be guessing what the file says.
    """
    return _Renderer(text, environ).render()


class _Renderer:
    def __init__(self, text: str, environ: t.Mapping[str, str]) -> None:
        self._text = text
        self._environ = environ
        # Nobody can have written this token into a file or a variable, and no format treats it specially.
        self._nonce = uuid.uuid4().hex
        self._deferred: dict[str, Deferred] = {}
        self._pieces: list[_Piece] = []
        self._length = 0

    def render(self) -> Rendered:
        position, trim_left = 0, False
        while True:
            opening = self._text.find("{{", position)
            literal_end = len(self._text) if opening < 0 else opening
            trim_right = opening >= 0 and bool(re.match(r"-[ \t\r\n]", self._text[opening + 2 : opening + 4]))
            start, end = position, literal_end
            if trim_left:
                start = end - len(self._text[start:end].lstrip(_SPACES))
            if trim_right:
                end = start + len(self._text[start:end].rstrip(_SPACES))
            self._add(self._text[start:end], self._line(start), literal=True)
            if opening < 0:
                return Rendered(self._pieces, self._deferred)
            position, trim_left = self._action(opening, opening + (4 if trim_right else 2))

    def _add(self, text: str, line: int, literal: bool) -> None:
        if text:
            self._pieces.append(_Piece(self._length, text, line, literal))
            self._length += len(text)

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1

    def _action(self, opening: int, position: int) -> tuple[int, bool]:
        """Render the action that begins at ``opening``. Returns the position after it, and whether it trims what
        follows.
        """
        line = self._line(opening)
        if self._text.startswith("/*", position):
            comment = _COMMENT.match(self._text, position)
            closing = _CLOSING.match(self._text, comment.end()) if comment else None
            if not closing:
                raise ConfigError("a template comment is not closed with */}}", line=line)
            return closing.end(), bool(closing["trim"])
        tokens: list[_Token] = []
        while True:
            closing = _CLOSING.match(self._text, position)
            if closing:
                break
            token = _TOKEN.match(self._text, position)
            if not token:
                raise self._unreadable(opening, position)
            kind = t.cast(str, token.lastgroup)
            tokens.append(_Token(kind, token.group(), self._line(position)))
            position = token.end()
        value = _Action(tokens, line, self._environ).evaluate()
        if isinstance(value, _Constant):
            raise ConfigError(f"the template action {{{{ {value.text} }}}} is a bare constant", line=line)
        self._add(self._token_for(value) if isinstance(value, Deferred) else value, line, literal=False)
        return closing.end(), bool(closing["trim"])

    def _token_for(self, value: Deferred) -> str:
        token = f"lastgood{self._nonce}n{len(self._deferred)}e"
        self._deferred[token] = value
        return token

    def _unreadable(self, opening: int, position: int) -> ConfigError:
        if position >= len(self._text):
            return ConfigError("a template action is not closed with }}", line=self._line(opening))
        character = self._text[position]
        if character in "\"'`":
            return ConfigError(f"a template action has a {character} without its partner", line=self._line(position))
        if character == "\\":
            # Inside JSON a double quote arrives escaped, which Go's templates do not accept either.
            advice = "Write the arguments of template functions in back quotes: {{ env `NAME` `default` }}."
            return ConfigError("a template action holds a backslash", line=self._line(position), advice=advice)
        return ConfigError(f"a template action holds an unexpected {character!r}", line=self._line(position))


class _Action:
    """One action's pipeline: ``command | command``, a command being operands with spaces between them."""

    def __init__(self, tokens: list[_Token], line: int, environ: t.Mapping[str, str]) -> None:
        self._tokens = tokens
        self._line = line
        self._environ = environ
        self._next = 0

    def evaluate(self) -> _Value:
        value = self._pipeline()
        if self._peek() is not None:
            raise ConfigError("a template action has a ) without its partner", line=self._line)
        return value

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _skip_space(self) -> bool:
        token = self._peek()
        if token is None or token.kind != "space":
            return False
        self._next += 1
        return True

    def _pipeline(self) -> _Value:
        value = self._command(None)
        while True:
            token = self._peek()
            if token is None or token.kind != "pipe":
                return value
            self._next += 1
            value = self._command(value)

    def _command(self, piped: _Value | None) -> _Value:
        self._skip_space()
        first = self._peek()
        if first is None or first.kind in ("pipe", "close"):
            raise ConfigError("a template action lacks a value", line=self._line)
        arguments: list[_Value] = []
        calls = first.kind == "word" and first.text not in _CONSTANTS
        if calls:
            self._refuse_construct(first)
            self._next += 1
        else:
            arguments.append(self._operand())
        while True:
            spaced = self._skip_space()
            token = self._peek()
            if token is None or token.kind in ("pipe", "close"):
                break
            if not spaced:
                raise ConfigError(f"a template action lacks a space before {token.text}", line=token.line)
            arguments.append(self._operand())
        if piped is not None:
            arguments.append(piped)
        if calls:
            return self._call(first, arguments)
        if len(arguments) > 1:
            raise ConfigError(
                f"a template action gives arguments to {first.text}, which is not a function", line=first.line
            )
        return arguments[0]

    def _operand(self) -> _Value:
        token = self._tokens[self._next]
        self._refuse_construct(token)
        self._next += 1
        if token.kind == "raw":
            # As strconv.Unquote does: carriage returns are not part of a raw string.
            return token.text[1:-1].replace("\r", "")
        if token.kind == "string":
            return _unquote(token)
        if token.kind == "constant" or token.text in _CONSTANTS:
            return _Constant(token.text)
        if token.kind == "word":
            return self._call(token, [])
        # Only an opening parenthesis is possible here: pipes and closing ones have already ended the command.
        value = self._pipeline()
        if self._peek() is None:
            raise ConfigError("a template action has a ( without its partner", line=token.line)
        self._next += 1
        return value

    @staticmethod
    def _refuse_construct(token: _Token) -> None:
        construct = ""
        if token.kind == "word" and token.text in _KEYWORDS:
            construct = f"{{{{ {token.text} }}}}"
        elif token.kind == "variable":
            construct = f"variable ({token.text})"
        elif token.kind == "data":
            construct = f"field ({token.text})"
        if construct:
            raise ConfigError(
                f"the template construct {construct} is not understood here",
                line=token.line,
                advice="Only functions are: give the values explicitly (rollback_cluster, rollback_services …)"
                " instead of the file.",
            )

    def _call(self, function: _Token, arguments: list[_Value]) -> _Value:
        if function.text in _EVALUATED:
            return _gos_own(function, arguments)
        if function.text not in ("env", "must_env", "json_escape"):
            return Deferred(function.text, function.line)
        if function.text != "env" and len(arguments) != 1:
            raise ConfigError(
                f"the template function {function.text} takes one argument, not {len(arguments)}", line=function.line
            )
        texts: list[str] = []
        for argument in arguments:
            if isinstance(argument, Deferred):
                return argument
            if isinstance(argument, _Constant):
                raise ConfigError(
                    f"the template function {function.text} takes text, not {argument.text}", line=function.line
                )
            texts.append(argument)
        if function.text == "env":
            return _env(self._environ, *texts)
        if function.text == "json_escape":
            return _json_escape(texts[0])
        if texts[0] not in self._environ:
            return Deferred(function.text, function.line, variable=texts[0])
        return self._environ[texts[0]]


def _gos_own(function: _Token, arguments: list[_Value]) -> _Value:
    """What Go's own function returns, for text."""
    unknown = next((argument for argument in arguments if isinstance(argument, Deferred)), None)
    if function.text in ("and", "or") and arguments:
        return _first(arguments, full=function.text == "or")
    if unknown is not None:
        return unknown
    found: str | None = None
    if function.text == "printf":
        found = _printf(arguments)
    elif not any(isinstance(argument, _Constant) for argument in arguments):
        # Of texts, Print puts nothing between them, and Println a space (https://pkg.go.dev/fmt#Print).
        texts = t.cast("list[str]", arguments)
        found = "".join(texts) if function.text == "print" else " ".join(texts) + "\n"
    return Deferred(function.text, function.line) if found is None or not arguments else found


def _first(arguments: list[_Value], full: bool) -> _Value:
    """The first that is not empty (``full``), or that is, else the last. The others are not evaluated."""
    for argument in arguments:
        if isinstance(argument, Deferred) or _is_full(argument) is full:
            return argument
    return arguments[-1]


def _is_full(value: str | _Constant) -> bool:
    if isinstance(value, _Constant):
        return value.text not in ("false", "nil") and not re.fullmatch(r"[+-]?[0.]*", value.text)
    return value != ""


def _printf(arguments: list[_Value]) -> str | None:
    """Go's ``printf`` for the verbs %s, %v and %%, and %d and %v of whole numbers. None for everything else."""
    texts = [argument.text if isinstance(argument, _Constant) else t.cast(str, argument) for argument in arguments]
    whole = [isinstance(argument, _Constant) and argument.text.isdecimal() for argument in arguments]
    if not arguments or isinstance(arguments[0], _Constant):
        return None
    verbs = [verb for verb in re.findall(r"%(.?)", texts[0], re.DOTALL) if verb != "%"]
    fits = len(verbs) == len(texts) - 1 and all(
        verb in ("d", "v") if is_whole else verb in ("s", "v") and not isinstance(argument, _Constant)
        for verb, is_whole, argument in zip(verbs, whole[1:], arguments[1:])
    )
    if not fits:
        return None
    values = iter(texts[1:])
    return re.sub(r"%(.)", lambda found: "%" if found[1] == "%" else next(values), texts[0], flags=re.DOTALL)


def _unquote(token: _Token) -> str:
    def replace(match: re.Match[str]) -> str:
        body = match.group()[1:]
        if body in _SHORT_ESCAPES:
            return _SHORT_ESCAPES[body]
        if body[0] in "uU" and len(body) > 1:
            code = int(body[1:], 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise ConfigError(f"a template string holds \\{body}, which is not a character", line=token.line)
            return chr(code)
        if body[0] == "x" and len(body) > 1:
            return _byte(int(body[1:], 16))
        if len(body) == 3:
            return _byte(int(body, 8))
        raise ConfigError(f"a template string holds the unknown escape \\{body}", line=token.line)

    # In Go \x and octal escapes are bytes of UTF-8, so they can only be joined at the end.
    text = _ESCAPE.sub(replace, token.text[1:-1])
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _byte(code: int) -> str:
    return bytes((code,)).decode("ascii", "surrogateescape")


def _json_escape(text: str) -> str:
    # Go's json.Marshal also escapes what HTML or JavaScript would trip over.
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&\u2028\u2029":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    return escaped
