# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Which services and deployment groups become hosts. Pure."""

from __future__ import annotations

import fnmatch
import typing as t
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Selection:
    """What a user asks for. All are patterns as in a shell, and an empty list of ``clusters`` or ``include`` is all.

    ``tags``: by key, the patterns for its value; none if any value will do.
    """

    clusters: tuple[str, ...] = ()
    tags: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def may_be(self, name: str, within: str, region: str) -> bool:
        """Whether the name alone leaves it in. ``within`` is the cluster or the application."""
        called = (name, f"{name}.{within}", f"{name}.{within}.{region}")
        return (not self.include or matches(self.include, *called)) and not matches(self.exclude, *called)

    def has_tags(self, tags: t.Mapping[str, str]) -> bool:
        """Whether it has all the tags asked for."""
        return all(key in tags and (not values or matches(values, tags[key])) for key, values in self.tags.items())


def matches(patterns: t.Iterable[str], *names: str) -> bool:
    """Whether one of the patterns fits one of the names. Upper and lower case differ, as they do to AWS."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns for name in names)


def texts(option: str, value: t.Any) -> tuple[str, ...]:
    """A list of texts that may be written as one text. Raises ValueError with a sentence if it is neither."""
    found = [] if value is None else value if isinstance(value, list) else [value]
    for item in found:
        if isinstance(item, (dict, list)) or item is None or not str(item):
            raise ValueError(f"{option} must be a list of texts, and has {item!r}")
    return tuple(_text(item) for item in found)


def tags(value: t.Any) -> dict[str, tuple[str, ...]]:
    """The option ``tags``: by key a text, a list of texts, or nothing for any value. Raises ValueError."""
    if not isinstance(value or {}, dict):
        raise ValueError(f"tags must be a dictionary of keys and values, and is {value!r}")
    return {str(key): () if wanted == "" else texts(f"tags.{key}", wanted) for key, wanted in (value or {}).items()}


def _text(value: t.Any) -> str:
    # As a tag would have it: YAML makes a boolean of an unquoted true.
    return str(value).lower() if isinstance(value, bool) else str(value)
