# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Turn variables, as people and job templates write them, into what they mean. Pure."""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.lastgood.aws.plugins.module_utils._core.blank import is_blank
from ansible_collections.lastgood.aws.plugins.plugin_utils._inputs.specs import Spec

Values = dict[str, t.Any]


class BadInput(ValueError):
    """A variable has an impossible value. The message is a sentence without its full stop."""


def cleaned(spec: Spec, prefix: str, given: t.Mapping[str, t.Any]) -> Values:
    """By name without the prefix: the value given, else the default, else None.

    A variable whose default is true or false is a switch. The specs cannot declare its type: core would refuse the
    empty string. Raises :class:`BadInput`.
    """
    found = {}
    for name, attributes in spec.items():
        default = attributes.get("default")
        value = given.get(name)
        if is_blank(value):
            value = None if is_blank(default) else default
        elif isinstance(default, bool):
            value = switch(name, value)
        elif isinstance(value, (datetime.date, datetime.datetime)):
            # YAML turns an unquoted time into a datetime.
            value = value.isoformat()
        found[name.removeprefix(prefix)] = value
    return found


def switch(name: str, value: t.Any) -> bool:
    """True or false, in any spelling that Ansible accepts. Raises :class:`BadInput`."""
    try:
        return t.cast(bool, boolean(value))
    except TypeError:
        raise BadInput(f"{name} is '{value}', which is neither true nor false") from None


def one_of(name: str, value: str, *choices: str) -> str:
    """One of the choices. Raises :class:`BadInput`."""
    if value not in choices:
        raise BadInput(f"{name} is '{value}': give {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def seconds(name: str, value: t.Any) -> int:
    """A time limit: whole seconds, at least one. Raises :class:`BadInput`."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise BadInput(f"{name} is '{value}': give a number of seconds, at least 1")
    return int(text)


def count(name: str, value: t.Any) -> int:
    """A whole number, at least one. Raises :class:`BadInput`."""
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) < 1:
        raise BadInput(f"{name} is '{value}': give a whole number, at least 1")
    return int(text)


def words(value: t.Any) -> list[t.Any]:
    """Names, from a list or from a text separated by commas or spaces."""
    return _parts(r"[^\s,]+", value)


def between_commas(value: t.Any) -> list[t.Any]:
    """Names that may contain spaces, from a list or from a text separated by commas."""
    return _parts(r"[^,\s](?:[^,]*[^,\s])?", value)


def lines(value: t.Any) -> list[t.Any]:
    """Paths, from a list or from a text with one per line."""
    return _parts(r"[^\n]+", value)


def _parts(pattern: str, value: t.Any) -> list[t.Any]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [item for item in value if not is_blank(item)]
    return re.findall(pattern, str(value))
