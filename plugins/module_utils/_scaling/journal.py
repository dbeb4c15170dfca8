# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""The record of what we suspended, as it is kept in a tag on the scalable target or Auto Scaling group. Pure.

It is written before the write that it announces, so a run that is killed at any point leaves enough behind to put
everything back. One tag holds all of it, because one tag is written and deleted as a whole. Its value, for example::

    1 ours=in+out+scheduled old=none new=in+out+scheduled at=2026-11-22T14:02:11Z run=4f3a9c2e by=awx/4711 why=500s

Of an Auto Scaling group it names processes by three letters each, because a tag's value is short.

``ours`` are the flags that we suspended, each of them was active before. ``old`` and ``new`` are those of ours that
were suspended before and after the announced write: whoever finds the target in another state knows that somebody
else has written to it since.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._core import text as core_text
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import (
    FLAGS,
    NONE,
    PROCESSES,
    Flags,
    ordered,
)

KEY: t.Final = "lastgood:scaling-suspended"

# Tag values: letters, digits, spaces and + - = . _ : / @, at most 256 characters
# (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html).
_FORBIDDEN: t.Final = re.compile(r"[^\w +\-=.:/@]")
_VALUE_LIMIT: t.Final = 256
_BY_LIMIT: t.Final = 48

_SHORT: t.Final = {
    **dict(zip(FLAGS, ("in", "out", "scheduled"))),
    **dict(zip(PROCESSES, ("lau", "ter", "elb", "ala", "azr", "hea", "ref", "rep", "sch"))),
}
_LONG: t.Final = {short: name for name, short in _SHORT.items()}
_VALUE: t.Final = re.compile(
    r"1 ours=(?P<ours>[a-z+]+) old=(?P<old>[a-z+]+) new=(?P<new>[a-z+]+)"
    r" at=(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) run=(?P<run>[0-9a-f]{8}) by=(?P<by>[^ ]+)(?: why=(?P<why>.+))?"
)


@dataclass(frozen=True)
class Origin:
    """The run that suspended first. ``at`` is UTC in ISO 8601, ``run`` 8 hex digits, ``by`` and ``why`` free text."""

    at: str
    run: str
    by: str
    why: str

    def __str__(self) -> str:
        return f"run {self.run} of {self.by} at {self.at}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Record:
    """What we suspended (``ours``), and the two states of it we may have left: ``old`` or ``new``."""

    ours: Flags
    old: Flags
    new: Flags
    origin: Origin

    def touched_by_others(self, suspended: Flags) -> bool:
        """Whether the target is in a state none of our writes leaves, so somebody else has written to it since.

        All of ``ours`` being active counts as untouched: there is nothing left to put back, no matter who did it.
        """
        return suspended & self.ours not in (NONE, self.old, self.new)

    def as_dict(self) -> dict[str, t.Any]:
        """For results."""
        origin = self.origin
        parts = "flags" if self.ours <= frozenset(FLAGS) else "processes"
        return {parts: ordered(self.ours), "at": origin.at, "run": origin.run, "by": origin.by, "reason": origin.why}


@dataclass(frozen=True)
class Garbled:
    """A tag with our key whose value is not ours, or was written by a later version."""

    value: str


@dataclass(frozen=True)
class Unread:
    """It could not be found out whether there is a record; ``why`` is a whole sentence."""

    why: str


Journal = t.Union[Record, Garbled, Unread, None]


def origin(now: datetime, run: str, by: str, why: str, names: t.Iterable[str] = FLAGS) -> Origin:
    """An origin that survives a round trip through a tag, with as many of ``names`` as fit."""
    by_text = _clean(by).replace(" ", "_")[:_BY_LIMIT] or "unknown"
    stamp = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    bare = Origin(stamp, run, by_text, "")
    every = frozenset(names)
    room = _VALUE_LIMIT - len(encode(Record(every, every, every, bare))) - len(" why=")
    return Origin(stamp, run, by_text, core_text.cut(_clean(why), room).strip())


def encode(record: Record) -> str:
    """The tag's value."""
    who = record.origin
    flags = " ".join(f"{name}={_join(getattr(record, name))}" for name in ("ours", "old", "new"))
    return f"1 {flags} at={who.at} run={who.run} by={who.by}" + (f" why={who.why}" if who.why else "")


def parse(tags: t.Mapping[str, str], names: t.Iterable[str] = FLAGS) -> Record | Garbled | None:
    """The record in the tags of a target with these flags or processes.

    Strict: anything :func:`encode` would not write is :class:`Garbled`, because acting on a guess could lose a state
    that somebody had set.
    """
    if KEY not in tags:
        return None
    value = tags[KEY]
    match = _VALUE.fullmatch(value)
    if not match:
        return Garbled(value)
    ours, old, new = (_split(match[name]) for name in ("ours", "old", "new"))
    record = Record(ours, old, new, Origin(match["at"], match["run"], match["by"], match["why"] or ""))
    consistent = (
        ours and ours <= frozenset(names) and old != new and old <= ours and new <= ours and encode(record) == value
    )
    return record if consistent else Garbled(value)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("_", " ".join(text.split()))


def _join(flags: Flags) -> str:
    return "+".join(_SHORT[name] for name in ordered(flags)) or "none"


def _split(text: str) -> Flags:
    return frozenset(_LONG[short] for short in text.split("+") if short in _LONG)
