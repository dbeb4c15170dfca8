# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""A YAML document to mappings, lists and scalars as written, within bounds. Pure.

The modules run as root on files that somebody else has packed, so nothing may cost much: 376 bytes of aliases of
aliases are a billion values, and 3,000 dashes on a line are lists in lists that deep.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

try:
    import yaml
except ImportError:
    # PyYAML comes with ansible-core, which instances need not have.
    HAS_YAML = False
else:
    HAS_YAML = True

from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle import yaml_subset
from ansible_collections.lastgood.aws.plugins.module_utils._content.bundle.yaml_subset import NotRead, Scalar

# In bytes, characters and values. An AppSpec file is a page.
MOST_BYTES: t.Final = 1 << 18
MOST_OF_A_LINE: t.Final = 8192
MOST_OF_A_VALUE: t.Final = yaml_subset.MOST_OF_A_VALUE
MOST_VALUES: t.Final = 20_000
DEEPEST: t.Final = yaml_subset.DEEPEST


def read(content: bytes) -> t.Any:
    """The document. Raises :class:`NotRead`."""
    if len(content) > MOST_BYTES:
        raise NotRead(f"it is longer than {MOST_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotRead("it is not UTF-8") from None
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MOST_OF_A_LINE:
            raise NotRead(f"line {number} is longer than {MOST_OF_A_LINE} characters")
    if HAS_YAML:
        return _by_pyyaml(text)
    try:
        # It has no aliases, so there are no more values than the document has characters.
        return yaml_subset.read(text)
    except NotRead as problem:
        reason = f"{problem}. PyYAML is not installed for this Python, and without it we read only simple YAML"
        raise NotRead(reason) from None


def _by_pyyaml(text: str) -> t.Any:
    try:
        return _Builder().build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as problem:
        where = f"line {problem.problem_mark.line + 1}: " if problem.problem_mark else ""
        raise NotRead(f"{where}{problem.problem}") from None
    except yaml.YAMLError:
        raise NotRead("it is not YAML") from None


@dataclass
class _Open:
    """A mapping or list that is not closed yet."""

    value: t.Any
    anchor: t.Optional[str]
    # How many values there were when it began.
    began: int
    # In a mapping, the key that has no value yet.
    key: t.Optional[str] = None


@dataclass
class _Builder:
    """Builds the value from events, without PyYAML's guesses about types: 0644 stays 0644."""

    count: int = 0
    documents: int = 0
    result: t.Any = field(default_factory=lambda: Scalar(""))
    open: t.List[_Open] = field(default_factory=list)
    # Values by their anchors, and how many values are in them.
    anchors: t.Dict[str, t.Tuple[t.Any, int]] = field(default_factory=dict)

    def build(self, events: t.Iterable[t.Any]) -> t.Any:
        for event in events:
            self._on(event)
        return self.result

    def _on(self, event: t.Any) -> None:
        where = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise NotRead(f"line {where}: another document begins")
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise NotRead(f"line {where}: found undefined alias {event.anchor!r}")
            value, values = self.anchors[event.anchor]
            self._add(value, values, where)
        elif isinstance(event, yaml.ScalarEvent):
            if len(event.value) > MOST_OF_A_VALUE:
                raise NotRead(f"line {where}: a value is longer than {MOST_OF_A_VALUE} characters")
            scalar = Scalar(event.value, plain=not event.style)
            if event.anchor is not None:
                self.anchors[event.anchor] = (scalar, 1)
            self._add(scalar, 1, where)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self.open) >= DEEPEST:
                raise NotRead(f"line {where}: it is nested deeper than {DEEPEST} levels")
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.open.append(_Open(value, event.anchor, self.count))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self.open.pop()
            self._add(ended.value, 1, where)
            if ended.anchor is not None:
                self.anchors[ended.anchor] = (ended.value, self.count - ended.began)

    def _add(self, value: t.Any, values: int, where: int) -> None:
        """Put a value where it belongs. ``values`` is how many there are in it, with itself."""
        self.count += values
        if self.count > MOST_VALUES:
            raise NotRead(f"line {where}: with its aliases it has more than {MOST_VALUES} values")
        if not self.open:
            self.result = value
            return
        around = self.open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.key is not None:
            around.value[around.key] = value
            around.key = None
        elif isinstance(value, Scalar):
            around.key = str(value)
        else:
            raise NotRead(f"line {where}: a key is not a single value")
