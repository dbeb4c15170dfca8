# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""What is half done on a service: rollbacks without an end, marks that are still to be set, suspended scaling. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._core.as_of import stamp
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import moves, returns
from ansible_collections.lastgood.aws.plugins.module_utils._scaling import still
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.journal import KEY, Garbled, Journal, Record, Unread
from ansible_collections.lastgood.aws.plugins.module_utils._scaling.model import NONE, Finding, ScalableTarget, words

What = t.Literal["rollback", "record", "mark", "deregistration", "configuration", "auto_scaling"]
_OPEN: t.Final[t.Mapping[str, What]] = {returns.MARK: "mark", returns.DEREGISTER: "deregistration"}
_FINISH: t.Final = "The same rollback again finishes it"


class Unfinished(t.NamedTuple):
    """One thing that is half done, and how to finish it."""

    what: What
    message: str

    def as_dict(self) -> dict[str, str]:
        """For results."""
        return {"what": self.what, "message": self.message}


def of_plan(planned: Plan, left_over: str) -> list[Unfinished]:
    """What runs of this collection have left on a service. ``left_over`` is what its controller says of that."""
    found = [*_of_the_record(planned), *_of_the_end(planned)]
    if left_over:
        what = f"an earlier run has not put back {left_over}. The next rollback of {planned.service.name} does"
        found.append(Unfinished("configuration", what))
    return found


def _of_the_record(planned: Plan) -> list[Unfinished]:
    service, history = planned.service, planned.history
    begun = moves.begun(service, history)
    if begun is None:
        return []
    at = f" at {stamp(begun.began)}" if begun.began is not None else ""
    what = f"a rollback from {begun.left} to {begun.target} was begun{at}"
    if moves.is_void(begun, service, planned.current, history):
        why = "something else was deployed. The next rollback removes its record"
        return [Unfinished("record", f"{what}, and came to nothing: {why}")]
    if planned.running is not None:
        return [Unfinished("rollback", f"{what}, and a deployment is running")]
    return [Unfinished("rollback", f"{what}, and no run has recorded its end. {_FINISH}")]


def _of_the_end(planned: Plan) -> list[Unfinished]:
    service, history = planned.service, planned.history
    done = moves.last_move(moves.ended(service, history), service, planned.current, history)
    if done is None:
        return []
    what = f"{returns.still_open(done)} after the rollback of {done.at}. {_FINISH}"
    return [Unfinished(_OPEN[one], what) for one in done.still_open if one in _OPEN][:1]


def of_scaling(target: ScalableTarget, journal: Journal, region: str) -> tuple[list[Unfinished], list[Finding]]:
    """What is suspended, and whose doing that is."""
    if isinstance(journal, Record):
        return [Unfinished("auto_scaling", _recorded(target, journal, region))], []
    if isinstance(journal, Garbled):
        what = f"the tag {KEY} of {target.resource_id} cannot be read: {journal.value}. {_suspended(target)}"
        return [Unfinished("auto_scaling", what)], []
    if isinstance(journal, Unread):
        what = f"whether this collection has suspended auto scaling is not known. {journal.why}"
        return [], [Finding("auto_scaling", "unknown", what)]
    if target.suspended:
        what = f"{words(target.suspended)} of {target.resource_id} is suspended, and not by this collection"
        return [], [Finding("auto_scaling", "info", what)]
    return [], []


def _recorded(target: ScalableTarget, record: Record, region: str) -> str:
    left = target.suspended & record.ours
    by = f"{record.origin} has recorded"
    if left == NONE:
        what = f"{by} that it suspends {words(record.ours)} of {target.resource_id}, and nothing of it is suspended"
        return f"{what}. lastgood.aws.restore_scaling removes the record"
    return f"{by}: {words(left)}. {still.in_words([still.Still(target.resource_id, left, True)], region)}"


def _suspended(target: ScalableTarget) -> str:
    return f"Suspended is {words(target.suspended)}"
