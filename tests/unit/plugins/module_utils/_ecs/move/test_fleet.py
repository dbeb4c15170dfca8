# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many services: in which batches, who waits for whom, and what happens when one of them cannot go back."""

from __future__ import annotations

import itertools
import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import fleet

# Longer than any thread takes, unless it hangs.
PATIENCE = 30.0


@pytest.mark.parametrize(
    ("services", "sizes"),
    [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (30, [10, 20]), (31, [10, 20, 1]), (100, [10, 20, 20, 20, 20, 10])],
)
def test_the_first_batch_is_ten_and_the_others_twenty(services: int, sizes: list[int]) -> None:
    names = [f"web{n}" for n in range(services)]
    made = fleet.batches(names)
    assert [len(batch) for batch in made] == sizes
    assert list(itertools.chain(*made)) == names


def test_a_service_that_is_named_twice_is_planned_once() -> None:
    assert fleet.batches(["b", "a", "b"]) == [["b", "a"]]


@dataclass
class Run:
    """As much of a run as a fleet needs."""

    name: str
    outcome: str | None = None
    accepted: str | None = None
    makes_room: bool = False


@dataclass
class FakeMover:
    """Carries out plans at once, and holds back what comes after a refusal."""

    runs: list[Run] = field(default_factory=list)
    abreast: t.Any = map
    acted: list[str] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)
    patient: list[list[str]] = field(default_factory=list)
    writing: t.Callable[[Run], None] = lambda run: None
    plans: t.Callable[[str], t.Any] = lambda name: "a plan"
    lock: t.Any = field(default_factory=threading.Lock)

    def make_plans(self, names: t.Sequence[str]) -> dict[str, t.Any]:
        self.patient.append(list(names))
        return {name: self.plans(name) for name in names}

    def run_of(self, name: str, planned: Plan | Refusal | None = None) -> Run:
        return Run(name.rpartition("/")[2], "refused" if isinstance(planned, Refusal) else None)

    def holds_back(self, runs: t.Iterable[Run]) -> bool:
        bad = any(run.outcome == "refused" for run in self.runs) or any(run.outcome == "refused" for run in runs)
        for run in runs if bad else ():
            run.outcome = run.outcome or "not_attempted"
        return bad

    def act_on(self, runs: t.Sequence[Run], first_alone: bool = True) -> None:
        if self.holds_back(runs):
            return
        with self.lock:
            self.alone.append(first_alone)
        for _done in self.abreast(self._write, runs):
            pass

    def _write(self, run: Run) -> None:
        self.writing(run)
        run.accepted = "accepted"
        with self.lock:
            self.acted.append(run.name)


@dataclass
class Call:
    """One call for so many services; ``plans`` gives the plan of each, and ``batches`` keeps what was planned."""

    services: int
    plans: t.Callable[[str], t.Any] = lambda name: "a plan"
    mover: FakeMover = field(default_factory=FakeMover)
    batches: list[list[str]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [f"web{n}" for n in range(self.services)]

    def in_haste(self) -> t.Any:
        def make_plans(names: t.Sequence[str]) -> dict[str, t.Any]:
            self.batches.append(list(names))
            return {name: self.plans(name) for name in names}

        return make_plans

    def done(self) -> list[str]:
        """Until no more will come; what was accepted, in the order in which it was handed on."""
        handed_on: list[str] = []
        with fleet.Fleet(self.mover, self.names, self.in_haste) as services:  # type: ignore[arg-type, type-var]
            while (more := services.more()) is not None:
                handed_on += [run.name for run in more]
        return handed_on


def test_all_are_planned_written_and_handed_on_once() -> None:
    call = Call(75)
    handed_on = call.done()
    assert sorted(handed_on) == sorted(call.names)
    assert sorted(call.mover.acted) == sorted(call.names)
    # Two at a time.
    assert sorted(len(batch) for batch in call.batches) == [5, 10, 20, 20, 20]
    assert [run.name for run in call.mover.runs] == call.names
    assert call.mover.patient == []


def test_one_that_is_named_by_its_arn_too_is_written_once() -> None:
    call = Call(30)
    with fleet.Fleet(call.mover, [*call.names, "service/prod/web3"], call.in_haste) as services:  # type: ignore[arg-type, type-var]
        while services.more() is not None:
            pass
    assert sorted(call.mover.acted) == sorted(call.names)
    assert [run.name for run in call.mover.runs] == call.names


def test_no_more_than_about_fifty_are_planned_ahead_of_the_writes() -> None:
    call, go_on = Call(200), threading.Event()
    call.mover.writing = lambda run: None if go_on.wait(PATIENCE) else pytest.fail("it hangs")
    with fleet.Fleet(call.mover, call.names, call.in_haste) as services:  # type: ignore[arg-type, type-var]
        until = time.monotonic() + PATIENCE
        while not 50 < len(call.mover.runs) == sum(map(len, call.batches)):
            services.more()
            assert time.monotonic() < until
        for _time in range(5):
            services.more()
        ahead = sum(map(len, call.batches))
        go_on.set()
        while services.more() is not None:
            pass
    # More than fifty are waiting, and nobody plans on: at most one batch beyond that for each planner.
    assert 50 < ahead <= 50 + 2 * 20
    assert sorted(call.mover.acted) == sorted(call.names)


def test_only_the_very_first_goes_alone() -> None:
    call = Call(75)
    call.done()
    assert Counter(call.mover.alone) == {True: 1, False: 7}


def refusal(name: str, may_pass: bool = False) -> Refusal:
    return Refusal(name, "it cannot", (), may_pass)


def test_one_that_cannot_go_back_holds_back_its_batch_and_what_comes_after_it() -> None:
    call = Call(100, plans=lambda name: refusal(name) if name == "web25" else "a plan")
    # Nothing of a later batch is planned before this one's plans are seen.
    call.done()
    outcomes = {run.name: run.outcome for run in call.mover.runs}
    assert set(outcomes) == set(call.names)
    assert outcomes["web25"] == "refused"
    assert {name for name in call.names[10:30] if outcomes[name] == "not_attempted"} == set(call.names[10:30]) - {
        "web25"
    }
    assert set(call.mover.acted) <= set(call.names[:10]) | set(call.names[30:50])
    assert all(outcomes[name] == "not_attempted" for name in call.names[50:])


def test_one_that_was_put_off_is_held_back_like_the_rest() -> None:
    plans = {"web3": refusal("web3", may_pass=True), "web25": refusal("web25")}
    call = Call(100, plans=lambda name: plans.get(name, "a plan"))
    call.done()
    assert [run.outcome for run in call.mover.runs if run.name == "web3"] == ["not_attempted"]
    assert call.mover.patient == []


@pytest.mark.parametrize("in_the_end", ["a plan", "refused"])
def test_one_for_which_aws_does_not_answer_is_planned_last_with_patience(in_the_end: str) -> None:
    late = ("web3", "web40")
    call = Call(60, plans=lambda name: refusal(name, may_pass=True) if name in late else "a plan")
    call.mover.plans = lambda name: "a plan" if in_the_end == "a plan" else refusal(name, may_pass=True)
    call.done()
    assert [sorted(batch) for batch in call.mover.patient] == [["web3", "web40"]]
    assert sorted(run.name for run in call.mover.runs[-2:]) == ["web3", "web40"]
    assert set(call.mover.acted) == set(call.names) - (set(late) if in_the_end == "refused" else set())


def test_a_write_that_hangs_holds_up_nobody_else() -> None:
    call, pause = Call(100), threading.Event()

    def write(run: Run) -> None:
        until = time.monotonic() + PATIENCE
        while run.name == "web5" and len(call.mover.acted) < 99:
            assert time.monotonic() < until
            pause.wait(0.001)

    call.mover.writing = write
    call.done()
    assert call.mover.acted[-1] == "web5"
    assert len(call.mover.acted) == 100


def test_what_a_thread_raises_ends_the_call() -> None:
    def fail(run: Run) -> None:
        raise ZeroDivisionError

    call = Call(20)
    call.mover.writing = fail
    with pytest.raises(ZeroDivisionError):
        call.done()


def test_one_that_makes_room_is_not_watched_yet() -> None:
    call = Call(12)

    def write(run: Run) -> None:
        run.makes_room = run.name == "web11"

    call.mover.writing = write
    assert sorted(call.done()) == sorted(call.names[:-1])


def test_one_that_is_named_again_in_a_batch_that_is_held_back_is_still_one() -> None:
    call = Call(60, plans=lambda name: refusal(name) if name == "web5" else "a plan")
    again = "arn:aws:ecs:eu-central-1:123456789012:service/prod/web3"
    with fleet.Fleet(call.mover, [*call.names, again], call.in_haste) as services:  # type: ignore[arg-type, type-var]
        while services.more() is not None:
            pass
    assert sorted(run.name for run in call.mover.runs) == sorted(call.names)
