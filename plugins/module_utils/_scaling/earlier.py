# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What was suspended a moment ago, when AWS may still answer as if it were not.

RegisterScalableTarget documents "a brief delay until the operation achieves eventual consistency"
(https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html), and no page promises
that a tag is there at once. Whoever believed a stale answer would delete the record and leave scaling suspended.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.decide import Decision, Wish, decide
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import Journal, Record, Unread
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import NONE, Finding, Flags, sentence, words
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.still import parts_of

# Seconds. How late AWS really is, nobody has measured; the simulator's guess is 2 s.
_YOUNG: t.Final = 10.0
_LOOK_AGAIN_FOR: t.Final = 15.0
_BETWEEN_LOOKS: t.Final = 1.0

Say = t.Callable[[str], None]


class Suspended(t.Protocol):
    """A scalable target or an Auto Scaling group."""

    @property
    def resource_id(self) -> str:
        """AWS's name for it."""

    @property
    def suspended(self) -> Flags:
        """The parts that are suspended."""

    def label(self, place: keys.Place) -> str:
        """What its lines of progress begin with."""


_Target = t.TypeVar("_Target", bound=Suspended)


class Calls(t.Protocol[_Target]):
    """What is read again."""

    def find(self, resource_ids: t.Sequence[str]) -> dict[str, _Target]:
        """The existing targets among these, by resource id."""

    def read_journal(self, target: _Target) -> Journal:
        """The record as it is now."""


@dataclass(frozen=True)
class Earlier:
    """What an earlier step of this play has suspended on one target, and whether there must be a record of it."""

    parts: Flags = NONE
    recorded: bool = False

    def lacks(self, journal: Journal) -> bool:
        """Whether this is no journal, or an older one than the step has left."""
        if not self.recorded or (journal is not None and not isinstance(journal, Record)):
            return False
        return journal is None or not self.parts <= journal.ours


NOTHING: t.Final = Earlier()


def earlier(targets: t.Iterable[t.Mapping[str, t.Any]] | None) -> dict[str, Earlier]:
    """By resource id, from the ``targets`` that the suspending step has returned.

    Raises :class:`ValueError` with a message for the user if they are something else.
    """
    try:
        found = {str(item["resource_id"]): _of(item) for item in targets or ()}
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError("suspended_targets: this is not the list `targets` of a step that has suspended") from exc
    return {resource_id: one for resource_id, one in found.items() if one != NOTHING}


def _of(item: t.Mapping[str, t.Any]) -> Earlier:
    if item["outcome"] not in ("suspended", "failed"):
        return NOTHING
    record = item["record"] or {}
    recorded = frozenset(record.get("flags") or record.get("processes") or ())
    # If AWS did not answer, what is recorded may be suspended.
    parts = parts_of(item["after"]) - parts_of(item["before"]) if item["after"] else recorded
    # A record is written first, and stays if the flags could not be set.
    return Earlier(parts, bool(recorded) and (bool(parts) or item["outcome"] == "failed"))


def is_young(record: Record, now: datetime) -> bool:
    """Whether answers may still be from before what the record announces. ``now`` is AWS's time."""
    at = datetime.strptime(record.origin.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return abs((now - at).total_seconds()) <= _YOUNG


def believed(suspended: Flags, journal: Journal, ours: Earlier, now: datetime) -> Flags:
    """What counts as suspended when it is to be put back, given what was read.

    To resume what is not suspended does no harm. A state that none of our writes leaves is somebody else's, and counts.
    """
    if not isinstance(journal, Record):
        return suspended | ours.parts
    if suspended & journal.ours not in (NONE, journal.old):
        return suspended
    # The step that wrote the record knows whether the flags were set, too.
    return suspended | (ours.parts if ours.recorded or not is_young(journal, now) else ours.parts | journal.new)


class Settling(t.Generic[_Target]):
    """Reads again what AWS does not show yet. Nothing is waited for unless an earlier step of this play is known."""

    def __init__(
        self,
        calls: Calls[_Target],
        clock: Clock,
        earlier: t.Mapping[str, Earlier],
        say: Say = lambda line: None,
        place: keys.Place = keys.PLAIN,
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._earlier = earlier
        self._say = say
        self._place = place

    def now(self) -> datetime:
        """AWS's time."""
        return self._clock.now()

    def of(self, resource_id: str) -> Earlier:
        """What an earlier step of this play has suspended there."""
        return self._earlier.get(resource_id, NOTHING)

    def settle(self, wish: Wish, target: _Target, journal: Journal) -> tuple[_Target, Journal, Flags]:
        """The target, its record, and what counts as suspended."""
        ours = self.of(target.resource_id)
        if wish.state == "suspended":
            return target, journal, target.suspended
        if ours.lacks(journal):
            target, journal = self._look_again(target, journal, ours)
            if ours.lacks(journal) and wish.state == "restored":
                return target, journal, target.suspended
        return target, journal, believed(target.suspended, journal, ours, self.now())

    def _look_again(self, target: _Target, journal: Journal, ours: Earlier) -> tuple[_Target, Journal]:
        until = self._clock.monotonic() + _LOOK_AGAIN_FOR
        self._say(
            f"[{target.label(self._place)}] scaling: AWS does not show the record yet, looking again for up to 15 s"
        )
        while ours.lacks(journal) and self._clock.monotonic() < until:
            self._clock.sleep(_BETWEEN_LOOKS)
            try:
                journal = self._calls.read_journal(target)
            except (AwsCallError, IncompleteAnswerError) as exc:
                journal = Unread(sentence(exc.explain()))
        return self._calls.find([target.resource_id]).get(target.resource_id, target), journal


def decide_after(ours: Earlier, wish: Wish, suspended: Flags, journal: Journal) -> Decision:
    """:func:`.decide`, but for a record that must be there and is not."""
    if wish.state != "restored" or not ours.lacks(journal):
        return decide(wish, suspended, journal)
    left = suspended & ours.parts & wish.flags
    if not left:
        reason = "nothing that this play has suspended is still suspended, and the record is gone: somebody else has "
        reason += "put it back"
        return Decision("unchanged", reason, suspended, journal)
    why = (
        f"the record of what this play has suspended is gone, so somebody else has removed or replaced it, but "
        f"{words(left)} is still suspended. Nothing was changed. If nobody wants it suspended: state=resumed"
    )
    return Decision("refused", why, suspended, journal, (), (Finding("record", "block", why),))


def stamped(wish: Wish, now: datetime) -> Wish:
    """The wish with AWS's time in its origin. ``now`` is known only after AWS has answered once."""
    at = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(wish, origin=replace(wish.origin, at=at))
