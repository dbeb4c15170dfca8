# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The option ``force``: the guards that it turns off, each by its own word. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption

Word = t.Literal["again", "marked", "barrier", "family", "stack"]
# The guards that are off.
Force = t.FrozenSet[Word]
Guards = t.Mapping[Word, str]

NOTHING: t.Final[Force] = frozenset()
EVERYTHING: t.Final[Force] = frozenset(t.get_args(Word))
AGAIN: t.Final[Force] = frozenset({"again"})
# Core makes ["True"] of a bare true, and ["again", "marked"] of a text with a comma.
SPEC: t.Final[dict[str, dict[str, t.Any]]] = {"force": {"type": "list", "elements": "str", "default": []}}

# What each word turns off, by module. A word that is not here turns nothing off there.
ROLLBACK: t.Final[Guards] = {
    "again": "the stop if the service was, or may have been, rolled back already and nothing was deployed since",
    "family": "the refusal of a family that the service never ran",
    "barrier": "the refusal to go back across a version marked lastgood:barrier",
    "stack": "the refusal while the service's CloudFormation stack is being changed",
}
DEPLOY: t.Final[Guards] = {"marked": "the refusal of a revision that is known to be bad"}
REDEPLOY: t.Final[Guards] = {
    "again": "the stop if the group was already rolled back, or is already on the revision",
}


def parse(given: object, option: str = "force") -> Force:
    """The guards that are off: words in a list or a text, or true for all of them. Raises :class:`.BadOption`."""
    words = _words(given)
    switch = _switch(words)
    if switch is not None:
        return EVERYTHING if switch else NOTHING
    unknown = next((word for word in words if word not in EVERYTHING), None)
    if unknown is not None:
        *most, last = t.get_args(Word)
        raise BadOption(f"{option}: there is no guard '{unknown}'. Give any of {', '.join(most)} and {last}")
    return t.cast(Force, frozenset(words))


def notes(given: object, guards: Guards) -> list[str]:
    """What to know of the option as it was written, for a module with these guards."""
    if _switch(_words(given)):
        off = "; ".join(f"{word} ({what})" for word, what in guards.items())
        return [f"force: true turned off every guard: {off}. Name what you mean, as in force: [{next(iter(guards))}]"]
    idle = sorted(parse(given) - guards.keys())
    if not idle:
        return []
    return [f"force: {', '.join(idle)} turned nothing off, since only {', '.join(guards)} is guarded here"]


def _words(given: object) -> list[str]:
    items = given if isinstance(given, (list, tuple)) else [given]
    return [word.lower() for item in items if item is not None for word in re.findall(r"[^\s,]+", str(item))]


def _switch(words: t.Sequence[str]) -> bool | None:
    """True for all of them or False for none, if only that was written; None if there are words."""
    if not words:
        return False
    try:
        return t.cast(bool, boolean(words[0])) if len(words) == 1 else None
    except TypeError:
        return None
