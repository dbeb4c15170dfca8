# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Misspelt variables, and words lost on their way from a shell. Pure."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import typing as t

# How similar names must be, by difflib's ratio, both whole and after the prefix; the prefix alone makes rollback_user
# look like rollback_cluster. One letter more, less, different or misplaced in four is still similar.
_NEAR: t.Final = 0.85
_PART_NEAR: t.Final = 0.75


def misspelt(
    names: t.Iterable[object], prefixes: tuple[str, ...], variables: t.Collection[str], published: t.Collection[str]
) -> dict[str, str]:
    """Names with one of the prefixes that nearly match a variable, and that variable.

    What the roles have ``published`` is not a mistake, even with a suffix (``rollback_result_4711``). Any other name
    belongs to somebody else.
    """
    found = {}
    for name in names:
        # YAML allows numbers as names.
        if not isinstance(name, str):
            continue
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is None or name in variables or _is_published(name, published):
            continue
        near = difflib.get_close_matches(name, variables, cutoff=_NEAR)
        part = name.removeprefix(prefix)
        meant = [other for other in near if _ratio(part, other.removeprefix(prefix)) >= _PART_NEAR]
        if meant:
            found[name] = meant[0]
    return found


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _is_published(name: str, published: t.Collection[str]) -> bool:
    return name in published or any(name.startswith(f"{known}_") for known in published)


def told(found: t.Mapping[str, str]) -> str:
    """A sentence about misspelt names."""
    pairs = [f"{name} (did you mean {meant}?)" for name, meant in sorted(found.items())]
    return f"There is no variable {' and no variable '.join(pairs)}"


def lost_words(tokens: t.Sequence[str], prefixes: tuple[str, ...]) -> list[str]:
    """Warnings about words lost in one ``-e``: a shell turns ``reason="a b"`` into ``reason=a b``.

    ``tokens`` is how ansible-core splits it. Only variables with one of the prefixes count.
    """
    found: dict[str, tuple[str, list[str]]] = {}
    name = value = ""
    for token in tokens:
        if "=" in token:
            name, _equals, value = token.partition("=")
        elif name.startswith(prefixes):
            found.setdefault(name, (value, []))[1].append(token)
    return [_warning(name, value, words) for name, (value, words) in found.items()]


def _warning(name: str, value: str, words: list[str]) -> str:
    whole = json.dumps({name: " ".join([value, *words])}, ensure_ascii=False)
    return (
        f"{name} is only '{value}': '{' '.join(words)}' was lost, because the shell takes away quotes. "
        f"Write -e {shlex.quote(whole)}."
    )


def of_role(advice: str, prefix: str) -> str:
    """Advice about variables of the role rollback, such as ``rollback_config``, in the names of another role."""
    return re.sub(r"(?<![\w./-])rollback_(?=[a-z])", prefix, advice)
