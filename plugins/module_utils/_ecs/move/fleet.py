# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Many services in one call: some are planned while others are written and others again are watched.

AWS's request quotas decide how long many services take, so that nothing may wait for anything else. A batch is planned
whole before the first of it is written, so that a service that cannot go back holds back its batch, as
``max_fail_percentage`` asks for. The first batch is small: what is wrong with all of them shows there.
"""

from __future__ import annotations

import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ansible_collections.lastgood.aws.plugins.module_utils._aws import api as aws_api
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import api
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.mover import Mover
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.run import AnyRun

_FIRST_BATCH: t.Final = 10
# AWS allows 20 requests a second of each kind that planning needs, and there are two kinds: two batches at a time keep
# both busy, and small ones bring the first writes of each forward.
_BATCH: t.Final = 20
_PLANNED_AT_A_TIME: t.Final = 2
# So many may be planned and not yet written: a plan should not be old when its turn comes.
_MOST_WAITING: t.Final = 50
# Groups of ten services that are announced and written at the same time. AWS lets 5 services a second be updated, so
# that two groups are enough; the third is for when AWS throttles one service again and again, which holds up its group.
_GROUPS: t.Final = 3
_WRITERS: t.Final = _GROUPS * api.SERVICES_PER_CALL
# Seconds.
_MOMENT: t.Final = 0.1

MakePlans = t.Callable[[t.Sequence[str]], t.Dict[str, t.Union[Plan, Refusal]]]
Plans = t.Mapping[str, t.Union[Plan, Refusal]]


def batches(services: t.Sequence[str]) -> list[list[str]]:
    """The services in the order in which they are planned: ten, and then twenty at a time. Pure."""
    each = list(dict.fromkeys(services))
    rest = range(_FIRST_BATCH, len(each), _BATCH)
    return [batch for batch in (each[:_FIRST_BATCH], *(each[start : start + _BATCH] for start in rest)) if batch]


class Fleet(t.Generic[AnyRun]):
    """The services of one large call.

    ``in_haste`` gives something that makes plans, but does not wait while AWS throttles or does not answer: services
    for which it cannot are planned last, with patience.
    """

    def __init__(self, mover: Mover[AnyRun], services: t.Sequence[str], in_haste: t.Callable[[], MakePlans]) -> None:
        self._mover = mover
        # Each keeps what it has read, and is asked by one thread at a time.
        self._free = [in_haste() for _planner in range(_PLANNED_AT_A_TIME)]
        self._batches = batches(services)
        self._put_off: list[str] = []
        self._planners = ThreadPoolExecutor(_PLANNED_AT_A_TIME, "plan")
        self._groups = ThreadPoolExecutor(_GROUPS, "group")
        self._writers = ThreadPoolExecutor(_WRITERS, "write")
        self._planning: dict[Future[Plans], MakePlans] = {}
        self._acting: dict[Future[None], t.Sequence[AnyRun]] = {}
        # Whether the time has come for those that were put off.
        self._is_patient = False
        mover.abreast = self._writers.map

    def __enter__(self) -> Fleet[AnyRun]:
        return self

    def __exit__(self, error: type[BaseException] | None, *_exc: object) -> None:
        # After an error nobody waits for requests that are still going on, and no more are sent.
        for pool in (self._planners, self._groups, self._writers):
            pool.shutdown(wait=error is None, cancel_futures=True)

    def more(self) -> list[AnyRun] | None:
        """Go on, after waiting a moment for something to be done. Raises what a thread has raised.

        Returns the runs that AWS has accepted since the last call, None if no more will come.
        """
        going: list[Future[t.Any]] = [*self._planning, *self._acting]
        wait(going, _MOMENT, FIRST_COMPLETED)
        accepted = self._acted()
        self._planned()
        self._plan_on()
        if accepted or self._planning or self._acting:
            return accepted
        return None

    def _acted(self) -> list[AnyRun]:
        done = [future for future in self._acting if future.done()]
        accepted: list[AnyRun] = []
        for future in done:
            runs = self._acting.pop(future)
            future.result()
            accepted += [run for run in runs if run.outcome is None and run.accepted is not None and not run.makes_room]
        return accepted

    def _planned(self) -> None:
        """Begin the batches that have been planned, in their order: one that is held back holds back those after it."""
        while self._planning and next(iter(self._planning)).done():
            future = next(iter(self._planning))
            made_by = self._planning.pop(future)
            self._free.append(made_by)
            self._begin(future.result())

    def _begin(self, plans: Plans) -> None:
        known = {run.name for run in self._mover.runs}
        runs = []
        for name, planned in plans.items():
            if isinstance(planned, Refusal) and planned.may_pass and not self._is_patient:
                self._put_off.append(name)
                continue
            run = self._mover.run_of(name, planned)
            # Named a second time, by its ARN.
            runs += [run] if run.name not in known else []
        self._mover.runs += runs
        going = [run for run in runs if run.outcome is None]
        if self._mover.holds_back(going):
            return
        for number, group in enumerate(aws_api.batches(going, api.SERVICES_PER_CALL)):
            alone = not known and number == 0
            self._acting[self._groups.submit(self._mover.act_on, group, first_alone=alone)] = group

    def _plan_on(self) -> None:
        """Plan the next batches while those before are written."""
        if self._put_off and not (self._batches or self._planning or self._acting):
            self._batches, self._put_off, self._is_patient = batches(self._put_off), [], True
            self._free = [self._mover.make_plans]
        if self._batches and self._mover.holds_back([]):
            self._leave_the_rest()
        while self._batches and self._free and self._waiting() <= _MOST_WAITING:
            make = self._free.pop(0)
            self._planning[self._planners.submit(make, self._batches.pop(0))] = make

    def _waiting(self) -> int:
        """How many services are planned and not yet written."""
        runs = [run for group in self._acting.values() for run in group]
        return sum(1 for run in runs if run.outcome is None and run.accepted is None)

    def _leave_the_rest(self) -> None:
        left = [name for batch in self._batches for name in batch] + self._put_off
        self._batches, self._put_off = [], []
        # Named a second time, by its name or its ARN.
        known = {run.name for run in self._mover.runs}
        runs = [self._mover.run_of(name) for name in left if keys.last(name) not in known]
        self._mover.holds_back(runs)
        self._mover.runs += runs
