# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

"""Rolling services back in waves: a few first, and the others only if those stay well.

A wave is a call of its own, as :class:`.rollback.Rollback` makes it. A run that was cut off is resumed by the same
command: what is back already is unchanged, and costs a look.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import replace

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._aws.patience import Patience
from ansible_collections.lastgood.aws.plugins.module_utils._core import keys, options, outcomes, progress
from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.options import Size
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.shown import Shown
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import rollback_run
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback import Order, Rollback
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun


def divide(services: t.Sequence[str], sizes: t.Sequence[Size]) -> list[list[str]]:
    """The services of each wave, in their order. Pure.

    A size is a number of services, or a share of all of them; a share is at least one service. The last size repeats
    until none is left, as that of ``serial`` in a play does.
    """
    named: dict[str, str] = {}
    for name in services:
        # One that is named by its ARN, too, is still one.
        named.setdefault(keys.last(name), name)
    left, waves = list(named.values()), []
    count, sizes = len(left), list(sizes)
    while left:
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        taken = max(1, math.floor(count * size.share)) if size.share is not None else size.services
        waves.append(left[:taken])
        left = left[taken:]
    return waves


def first(services: t.Sequence[str], canaries: t.Sequence[str]) -> list[str]:
    """The services with these first, in the order in which they are named here. Pure."""
    place = {keys.last(name): number for number, name in enumerate(canaries)}
    return sorted(services, key=lambda name: place.get(keys.last(name), len(place)))


class Waves:
    """One call of the module, wave by wave.

    ``bake`` is how many seconds a wave has to stay well before the next one begins.
    """

    def __init__(self, aws: Aws, order: Order, clock: Clock, sizes: t.Sequence[Size], bake: float) -> None:
        self._aws = aws
        self._clock = clock
        self._order = order
        self._bake = bake
        self._waves = divide(order.services, sizes)
        self._rollbacks: list[Rollback] = []
        self.runs: list[RollbackRun] = []

    def run(self) -> list[RollbackRun]:
        """Do all of it. Errors of AWS end up in the services' outcomes; raises :class:`.patience.Orphaned`."""
        for number, services in enumerate(self._waves, 1):
            wave = Rollback(self._aws, self._of(services), self._clock)
            why = self._why_held_back(number)
            self.runs += wave.leave(why) if why else self._run(number, services, wave)
            self._rollbacks.append(wave)
        return self.runs

    def _of(self, services: t.Sequence[str]) -> Order:
        plans, goal = self._order.plans, self._order.goal
        if self.as_of is not None:
            # A time that is so long ago is counted once.
            goal = replace(goal, as_of=options.as_of(self.as_of))
        here = {name: plans[name] for name in services if name in plans}
        return replace(self._order, services=services, plans=here, goal=goal, terse=True)

    def _run(self, number: int, services: t.Sequence[str], wave: Rollback) -> list[RollbackRun]:
        which = f"wave {number} of {len(self._waves)}"
        progress.say(f"{which}: {len(services)} service{'s' if len(services) > 1 else ''}: {_named(services)}")
        runs = wave.run()
        last = number == len(self._waves)
        if self._bake and not last and not wave.too_many_failed and any(run.changed for run in runs):
            progress.say(f"{which}: {_tally(runs)}. The next one begins in {self._bake:g} s, if they stay there")
            Patience(self._clock, lambda: progress.say(f"{which}: waiting to see whether it stays well")).pause(
                self._bake
            )
            wave.look_again()
        progress.say(f"{which}: {_tally(runs)}")
        return runs

    def _why_held_back(self, number: int) -> str:
        """Why this wave is not begun; empty if it is."""
        if not self.too_many_failed:
            return ""
        return rollback_run.held_back(f"wave {number}", self.runs, self._order.max_fail_percentage)

    @property
    def too_many_failed(self) -> bool:
        """More services went wrong than the caller allows, in a wave or in all."""
        services, percentage = len(self._order.services), self._order.max_fail_percentage
        of_all = rollback_run.too_many_failed(self.runs, services, percentage)
        return of_all or any(wave.too_many_failed for wave in self._rollbacks)

    @property
    def as_of(self) -> str | None:
        """See :attr:`.Rollback.as_of`. Each wave counts from the time that the first one found."""
        return self._rollbacks[0].as_of if self._rollbacks else None

    def plan_of(self, run: RollbackRun) -> Shown | None:
        """See :meth:`.Rollback.plan_of`."""
        return next((plan for wave in self._rollbacks if (plan := wave.plan_of(run)) is not None), None)


def _named(services: t.Sequence[str]) -> str:
    shown = [keys.last(name) for name in services[:_NAMED]]
    more = len(services) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


_NAMED: t.Final = 5


def _tally(runs: t.Sequence[RollbackRun]) -> str:
    found = [str(run.outcome) for run in runs]
    return ", ".join(f"{found.count(outcome)} {outcome}" for outcome in sorted(set(found), key=outcomes.badness))
