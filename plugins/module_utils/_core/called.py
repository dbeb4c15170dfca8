# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""How we were called: by a task with options, or by a role of ours with variables. Advice is given in those words.

Everything in this collection speaks of options, as in "give force: [again]". In a play of a role that has to be
``-e rollback_force=again``, and this is the one place that knows.
"""

from __future__ import annotations

import os
import re
import typing as t

# The prefix of the role's variables, such as ``rollback_``. The action plugin puts it into the module's environment.
VARIABLE: t.Final = "LASTGOOD_AWS_VARIABLES"
# What advice is in a result. Everything else is data, in which a name may look like an option.
_ADVICE: t.Final = frozenset({"msg", "summary", "reason", "message"})
# English words too. They are options only where a sentence gives advice.
_ENGLISH: t.Final = ("revision", "force", "wait", "tasks", "fallback", "fast", "deregister", "mark", "undo", "checks")
# Of the roles, no variables.
_NOT_VARIABLES: t.Final = frozenset({"plan", "full_names"})
_GIVEN: t.Final = r"(?P<before>\b(?:give|Give|with|or|as in|Try|Try:|and) |, )"
_VALUE: t.Final = r"(?:\[(?P<list>[^\]]*)\]|(?P<value>[\w:.*-]*\w))"


def prefix(environment: t.Mapping[str, str] | None = None) -> str:
    """The prefix of the variables that we were called with; empty if by options. By default it asks ``os.environ``."""
    return (os.environ if environment is None else environment).get(VARIABLE, "")


def worded(text: str, options: t.Collection[str], role: str) -> str:
    """The text with variables of the role for options. ``role`` is the prefix of its variables. Pure."""
    if not role:
        return text
    known = "|".join(sorted((*_named(options), *_ENGLISH), key=len, reverse=True))
    text = re.sub(rf"{_GIVEN}(?P<option>{known}): {_VALUE}", lambda found: _as_argument(found, role), text)
    snake = "|".join(sorted(_named(options), key=len, reverse=True))
    if snake:
        text = re.sub(rf"(?<![\w.=/-])(?P<option>{snake})\b(?![/=])", lambda found: _name(found["option"], role), text)
    text = re.sub(r"(?<=\bwith )revision\b(?! \d)", f"{role}revision", text)
    # "deregister and wait: false contradict each other".
    text = re.sub(rf"^(?P<option>{'|'.join(_ENGLISH)})(?= and |: )", lambda found: _name(found["option"], role), text)
    # A list of options to choose from.
    return re.sub(r"(?<=, )revision(?= or |,)|(?<=_back or )revision\b", f"{role}revision", text)


def in_words(value: t.Any, options: t.Collection[str], role: str) -> t.Any:
    """A result with every piece of advice worded like this. Pure."""
    if not role:
        return value
    if isinstance(value, t.Mapping):
        return {
            key: worded(item, options, role)
            if isinstance(item, str) and key in _ADVICE
            else in_words(item, options, role)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [in_words(item, options, role) for item in value]
    return value


def _named(options: t.Collection[str]) -> list[str]:
    """Options that cannot be mistaken for English."""
    return [option for option in options if "_" in option and option not in _NOT_VARIABLES]


def _name(option: str, role: str) -> str:
    return option if option.startswith(role) else f"{role}{option}"


def _as_argument(found: re.Match[str], role: str) -> str:
    value = found["list"] if found["value"] is None else found["value"]
    value = ",".join(part.strip() for part in value.split(","))
    return f"{found['before']}-e {_name(found['option'], role)}={value}"
