# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""YAML and JSON texts as fields that know their line, with every occurrence of a key."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

import yaml

from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.errors import ConfigError
from ansible_collections.lastgood.aws.plugins.plugin_utils._ecspresso.template import Deferred, Rendered

# The only nested mapping with something a rollback needs.
_NESTED = "codedeploy"


class Opaque:
    """A list, a deeper mapping, or a scalar of another type: it exists, but is not read."""


@dataclass(frozen=True)
class Field:
    """One value at one place of the file. ``line`` is None if the format does not tell."""

    value: str | int | float | bool | Fields | Opaque | None
    line: int | None = None
    deferred: Deferred | None = None


# By lower-case key, because ecspresso decodes with Go's encoding/json, which ignores the case of keys
# (https://pkg.go.dev/encoding/json#Unmarshal). Every occurrence is kept: two are an error only if they matter.
Fields = t.Dict[str, t.List[Field]]


class _Loader(yaml.SafeLoader):
    """YAML with the scalar types of YAML 1.2, as ecspresso's parser has them: ``on`` and ``1:30`` are text.

    Compared with github.com/goccy/go-yaml 1.19.2, which ecspresso 2 uses.
    """


# PyYAML's stubs leave these methods untyped.
_LOADER = t.cast(t.Any, _Loader)
_LOADER.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
    ("int", r"^[-+]?(?:0b[01][01_]*|0o?[0-7][0-7_]*|0x[0-9a-fA-F][0-9a-fA-F_]*|0|[1-9][0-9_]*)$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))$",
        "-+0123456789.",
    ),
):
    _LOADER.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def yaml_fields(rendered: Rendered) -> Fields:
    """The fields of the first YAML document. Raises :class:`ConfigError`, whose message never quotes the text."""
    try:
        loader = _LOADER(rendered.text)
        # Only the first document: ecspresso reads no further either.
        node = loader.get_node() if loader.check_node() else None
        if isinstance(node, yaml.MappingNode):
            return _yaml_mapping(loader, rendered, node, top=True)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(
            f"this is not YAML once its template is filled in: {error.problem or error.context}",
            line=None if mark is None else rendered.line_at(mark.index),
            advice="A value that may hold YAML's special characters (: # {{ and the like) needs quotes around its "
            "template.",
        ) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            f"the character U+{error.character:04X} is not allowed in YAML", line=rendered.line_at(error.position)
        ) from None
    raise ConfigError("the file is empty" if node is None else "the file is not a mapping of keys to values")


def _yaml_mapping(loader: t.Any, rendered: Rendered, node: yaml.MappingNode, top: bool) -> Fields:
    own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
    # This puts merged pairs first. A key that overrides a merged one is not a duplicate.
    loader.flatten_mapping(node)
    merged = node.value[: len(node.value) - len(own)]
    fields: Fields = {}
    for key, field in _yaml_pairs(loader, rendered, merged, top):
        fields[key] = [field]
    overriding: Fields = {}
    for key, field in _yaml_pairs(loader, rendered, own, top):
        overriding.setdefault(key, []).append(field)
    return {**fields, **overriding}


def _yaml_pairs(
    loader: t.Any, rendered: Rendered, pairs: list[tuple[yaml.Node, yaml.Node]], top: bool
) -> t.Iterator[tuple[str, Field]]:
    for key, value in pairs:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = rendered.line_at(key.start_mark.index)
        _refuse_unknown_key(rendered, key.value, line)
        name = key.value.lower()
        if top and name == _NESTED and isinstance(value, yaml.MappingNode):
            yield name, Field(_yaml_mapping(loader, rendered, value, top=False), line)
        else:
            yield name, _yaml_field(loader, rendered, value, line)


def _yaml_field(loader: t.Any, rendered: Rendered, node: yaml.Node, line: int) -> Field:
    if not isinstance(node, yaml.ScalarNode):
        return Field(Opaque(), line)
    kind = node.tag.rpartition(":")[2]
    if kind in ("null", "bool", "int", "float"):
        try:
            return Field(loader.construct_object(node), line)
        except (KeyError, ValueError):
            # Only an explicit tag (!!int web) can contradict its text.
            raise ConfigError(f"a value is tagged !!{kind} but is none", line=line) from None
    return Field(node.value, line, rendered.deferred_in(node.value))


def _refuse_unknown_key(rendered: Rendered, key: str, line: int | None) -> None:
    deferred = rendered.deferred_in(key)
    if deferred:
        raise ConfigError(
            f"the name of a key depends on the template function {deferred.function}", line=deferred.line or line
        )


class NotJsonError(ConfigError):
    """The text is not JSON."""


class _Pairs(t.List[t.Tuple[str, t.Any]]):
    """A JSON object, and the keys it repeats."""


def json_fields(rendered: Rendered) -> Fields:
    """The fields of a JSON object. Raises :class:`NotJsonError`, or :class:`ConfigError` for JSON that is not an
    object.
    """
    try:
        value = json.loads(rendered.text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise NotJsonError(
            f"this is not JSON once its template is filled in: {error.msg}", line=rendered.line_at(error.pos)
        ) from None
    if not isinstance(value, _Pairs):
        raise ConfigError("the file is not an object with keys and values")
    return _json_object(rendered, value, top=True)


def _json_object(rendered: Rendered, pairs: _Pairs, top: bool) -> Fields:
    fields: Fields = {}
    for key, value in pairs:
        _refuse_unknown_key(rendered, key, None)
        name = key.lower()
        if top and name == _NESTED and isinstance(value, _Pairs):
            field = Field(_json_object(rendered, value, top=False))
        else:
            field = json_field(rendered, value)
        fields.setdefault(name, []).append(field)
    return fields


def json_field(rendered: Rendered, value: t.Any) -> Field:
    """A value from ``json.loads``, as a field of the text it came from."""
    if isinstance(value, (list, dict)):
        return Field(Opaque())
    return Field(value, None, rendered.deferred_in(value) if isinstance(value, str) else None)
