# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Jsonnet configuration files, one needed value at a time.

Jsonnet is lazy, so asking for single values leaves the others alone, whatever functions of ecspresso's plugins they
call. The result is still a Go template: ecspresso evaluates the file first and then renders the JSON.

The library is rjsonnet. Google's own bindings (PyPI ``jsonnet`` 0.22.0) mix up the parameters of a native function that
has more than one: ``env('NAME', 'default')`` ends in "binding parameter a second time".
"""

from __future__ import annotations

import json
import re
import sys
import typing as t

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.documents import (
    Field,
    Fields,
    json_field,
)
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.template import Deferred, render

try:
    import rjsonnet
except ImportError:
    HAS_RJSONNET = False
else:
    HAS_RJSONNET = True

# The native functions that ecspresso's plugins add, with their number of parameters
# (https://github.com/kayac/ecspresso#plugins). A plugin's func_prefix goes before the name.
_PLUGIN_FUNCTIONS = {
    "tfstate": 1,
    "tfstatef": 2,
    "ssm": 1,
    "ssm_list": 2,
    "secretsmanager_arn": 1,
    "cfn_output": 2,
    "cfn_export": 1,
}


class _NativeFailure(Exception):
    """Ends an evaluation that needs something unknown here."""


class JsonnetFile:
    """A Jsonnet file (``path``, absolute) with an environment. Imports are relative to the importing file.

    Raises :class:`ConfigError` if the library is missing, or the file is not Jsonnet or not an object.
    """

    def __init__(self, path: str, environ: t.Mapping[str, str]) -> None:
        if not HAS_RJSONNET:
            raise ConfigError(
                "reading Jsonnet needs the Python library rjsonnet",
                advice=f"Install it on the controller: {sys.executable} -m pip install rjsonnet",
            )
        self._path = path
        self._environ = environ
        self._failure: Deferred | None = None
        self._natives: dict[str, tuple[tuple[str, ...], t.Callable[..., t.Any]]] = {
            "env": (("name", "default"), self._env),
            "must_env": (("name",), self._must_env),
        }
        names = self._evaluate("if std.isObject(c) then std.objectFields(c) else std.type(c)", None)
        if isinstance(names, str):
            raise ConfigError(f"the file is not an object but of type {names}")
        self._names = t.cast("list[str]", names)
        self._add_plugin_functions()

    def fields(self, wanted: t.Collection[str], nested: t.Mapping[str, t.Collection[str]]) -> Fields:
        """The ``wanted`` fields, and those of the ``nested`` objects. Raises :class:`ConfigError` with the key."""
        fields: Fields = {}
        for name in self._names:
            key = name.lower()
            if key not in wanted:
                continue
            value = f"c[{json.dumps(name)}]"
            inner = None
            if key in nested:
                inner = self._evaluate(f"if std.isObject({value}) then std.objectFields({value})", key)
            if inner is None:
                field = self._field(value, key)
            else:
                below: Fields = {}
                for inner_name in inner:
                    inner_key = inner_name.lower()
                    if inner_key in nested[key]:
                        inner_field = self._field(f"{value}[{json.dumps(inner_name)}]", f"{key}.{inner_key}")
                        below.setdefault(inner_key, []).append(inner_field)
                field = Field(below)
            fields.setdefault(key, []).append(field)
        return fields

    def _field(self, expression: str, key: str) -> Field:
        text = self._evaluate_text(expression, key)
        try:
            rendered = render(text, self._environ)
        except ConfigError as error:
            # The line would be one of the evaluated text, which nobody has seen.
            raise ConfigError(error.problem, key=key, advice=error.advice) from None
        try:
            field = json_field(rendered, json.loads(rendered.text))
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"is not JSON once its template is filled in: {error.msg}",
                key=key,
                advice="Pipe a value with quotes or backslashes in it through json_escape.",
            ) from None
        if field.deferred:
            return Field(field.value, None, Deferred(field.deferred.function, None, field.deferred.variable))
        return field

    def _evaluate(self, expression: str, key: str | None) -> t.Any:
        return json.loads(self._evaluate_text(expression, key))

    def _evaluate_text(self, expression: str, key: str | None) -> str:
        self._failure = None
        try:
            return rjsonnet.evaluate_snippet(
                "ecspresso_config",
                f"local c = import {json.dumps(self._path)}; {expression}",
                native_callbacks=self._natives,
            )
        except (RuntimeError, TypeError) as error:
            message, line = self._where(str(error))
        if self._failure is not None:
            raise ConfigError(self._failure.problem(), key=key, line=line)
        if "got null" in message:
            # std.native returns null for a function that nobody has added.
            message += " (a function of an ecspresso plugin that is not known here?)"
        raise ConfigError(f"could not be evaluated as Jsonnet: {message}", key=key, line=line)

    def _where(self, trace: str) -> tuple[str, int | None]:
        """The message in a jrsonnet stack trace, and the line of our file in it."""
        message, *places = trace.split("\n    ")
        line = re.search(rf"^{re.escape(self._path)}:(\d+):", "\n".join(places), re.MULTILINE)
        return message.replace("\n", " "), int(line.group(1)) if line else None

    def _env(self, name: t.Any, default: t.Any) -> t.Any:
        if not isinstance(name, str):
            raise _NativeFailure("env: name must be a string")
        return self._environ.get(name) or default

    def _must_env(self, name: t.Any) -> str:
        if not isinstance(name, str):
            raise _NativeFailure("must_env: name must be a string")
        if name not in self._environ:
            self._failure = Deferred("must_env", None, variable=name)
            raise _NativeFailure(f"must_env: {name} is not set")
        return self._environ[name]

    def _add_plugin_functions(self) -> None:
        prefixes = [""]
        if "plugins" in self._names:
            try:
                prefixes += self._evaluate('[std.get(p, "func_prefix", "") for p in c.plugins]', None)
            except ConfigError:
                # Only their names are missed then: a value that calls one fails anyway.
                pass
        for prefix in prefixes:
            for name, arity in _PLUGIN_FUNCTIONS.items():
                parameters = tuple(f"argument{number}" for number in range(arity))
                self._natives[f"{prefix}{name}"] = (parameters, self._foreign(f"{prefix}{name}"))

    def _foreign(self, function: str) -> t.Callable[..., t.Any]:
        def call(*arguments: t.Any) -> t.Any:
            self._failure = Deferred(function, None)
            raise _NativeFailure(function)

        return call
