# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is tried, by name, and how one case is carried out and judged."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from tests.faults.claims import claim_of, requests_of
from tests.faults.runs import Ended, Event, Play
from tests.faults.scenes import Scene
from tests.faults.trouble import KINDS, Call, Fault, Kill
from tests.faults.truth import GOOD_ENDS, Claim, State, Story, Wanted, as_far_as_known, not_put_right, wrongs

RECORD = "lastgood:rollback"
# A place in a run is told by the request and the two before it; of places that look the same so many are tried. What is
# left out is the middle of a wait.
ALIKE = 2
# When the command is run again after a kill.
AGAIN = ("at-once", "after-its-end", "two-hours-later")
RACES = {2: 25, 4: 15}
# What may leave nobody knowing whether AWS did it, if it happens to a write.
UNKNOWN_TO_A_WRITE = frozenset({"reset-before", "cut-after", "truncated", "timeout"})


# Where a run is: it looks, suspends auto scaling, looks again and writes, records that it has written, watches, marks
# and deregisters, and puts auto scaling back.
Phase = t.Literal["look", "suspend", "act", "record", "watch", "finish", "put-back"]
LOOKS = frozenset({"DescribeServices", "DescribeServiceDeployments", "BatchGetDeployments"})


@dataclass(frozen=True)
class Place:
    """A request of the undisturbed run: the ``nth`` of its operation, and its number among all."""

    name: str
    nth: int
    number: int
    writes: bool
    phase: Phase

    def __str__(self) -> str:
        return f"{self.phase}/{self.name.replace(':', '.')}-{self.nth}"


@dataclass(frozen=True)
class Case:
    """One thing that is tried. ``name`` is how it is run alone, ``what`` is its kind: fault, kill, race or pipeline."""

    scene: str
    what: str
    place: Place | None = None
    how: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """``fault/rolling/act/ecs.UpdateService-1/cut-after``."""
        where = str(self.place) if self.place else f"seed-{self.seed}" if self.seed else ""
        return "/".join(filter(None, (self.what, self.scene, where, self.how)))


@dataclass(frozen=True)
class Undisturbed:
    """The scene before the command, and the command when nothing happens to it."""

    before: State
    after: State
    calls: tuple[Call, ...]
    phases: tuple[Phase, ...] = ()


def undisturbed(scene: Scene) -> Undisturbed:
    """Run the command once. Raises AssertionError if that does not end well: there would be nothing to compare with."""
    before = scene.state()
    [ended] = Play(scene.stage).run(scene.command)
    after = scene.state()
    if ended.crash or ended.result["data"]["rollback_outcome"] != "rolled_back":
        raise AssertionError(f"{scene.name} undisturbed: {ended.crash or ended.result['data']['rollback_summary']}")
    ends = [requests_of(ended.result, step) for step in ("plan", "suspended", "done")]
    calm = Undisturbed(before, after, tuple(ended.calls), tuple(phases(ended.calls, *ends)))
    untrue = wrongs(before, after, claim_of(ended.result), story_of(scene, calm))
    if untrue:
        raise AssertionError(f"{scene.name} undisturbed: {untrue}")
    return calm


def story_of(scene: Scene, calm: Undisturbed, passes: bool = False) -> Story:
    """What the command is to make of the scene."""
    runs, theirs = frozenset(calm.after.running), calm.before.suspended
    exact = frozenset() if scene.stands else runs
    kept = calm.before.configuration
    return Story(scene.good, scene.bad, exact, scene.marks, passes, theirs=theirs, configuration=kept)


def phases(calls: t.Sequence[Call], look: int, suspend: int, act: int) -> list[Phase]:
    """That of each request. The numbers are those of the requests of three steps."""
    begins, ends = look + suspend, look + suspend + act
    wrote = next((n for n in range(begins, ends) if calls[n].writes and calls[n].operation != "TagResource"), ends)
    marks = [n for n in range(wrote, ends) if "task-definition/" in str(calls[n].params.get("resourceArn"))]
    finish = marks[0] if marks else ends
    while finish > wrote + 1 and calls[finish - 1].operation not in LOOKS:
        finish -= 1
    found: list[Phase] = []
    for number, call in enumerate(calls):
        if number >= ends:
            found.append("put-back")
        elif number >= finish:
            found.append("finish")
        elif number == wrote + 1 and call.operation == "TagResource":
            found.append("record")
        elif number > wrote:
            found.append("watch")
        else:
            found.append("look" if number < look else "suspend" if number < begins else "act")
    return found


def places(calm: Undisturbed) -> list[Place]:
    """The requests of a run, without the middle of its waits."""
    calls = calm.calls
    found, alike, nth = [], Counter[tuple[str, ...]](), Counter[str]()
    for position, call in enumerate(calls):
        nth[call.name] += 1
        looks = tuple(one.name for one in calls[max(0, position - 2) : position + 1])
        alike[looks] += 1
        if alike[looks] <= ALIKE or call.writes:
            found.append(Place(call.name, nth[call.name], position, call.writes, calm.phases[position]))
    return found


def all_cases(scene: str, calm: Undisturbed, seed: int) -> list[Case]:
    """Everything that is tried with a scene."""
    where = places(calm)
    faults = [Case(scene, "fault", place, kind) for place in where for kind in KINDS]
    moments = [(place, "before") for place in where] + [(place, "after") for place in where if place.writes]
    kills = [Case(scene, "kill", place, f"{moment}/{again}") for place, moment in moments for again in AGAIN]
    races = [Case(scene, "race", None, f"{n}-at-once", seed + k) for n, many in RACES.items() for k in range(many)]
    pipelines = [Case(scene, "pipeline", place, seed=seed) for place in where]
    return [*faults, *kills, *races, *pipelines]


# -- carried out


def judge(case: Case, scene: Scene, calm: Undisturbed) -> list[str]:
    """Carry out a case; returns what went wrong."""
    return list(_JUDGES[case.what](case, scene, calm))


def _fault(case: Case, scene: Scene, calm: Undisturbed) -> t.Iterator[str]:
    assert case.place is not None
    kind = KINDS[case.how]
    fault = Fault(kind, case.place.name, case.place.nth)
    [ended] = Play(scene.stage).run(scene.command, trouble=fault)
    if not fault.hits:
        yield "the fault never happened"
    passes = kind.passes and not (case.place.writes and kind.name in UNKNOWN_TO_A_WRITE)
    after = scene.state()
    yield from _judged(ended, calm.before, after, story_of(scene, calm, passes))
    told = claim_of(ended.result) if ended.result is not None else None
    yield from _again(scene, after, as_far_as_known(_wanted(scene, calm), told, scene.stands), story_of(scene, calm))


def _kill(case: Case, scene: Scene, calm: Undisturbed) -> t.Iterator[str]:
    assert case.place is not None
    moment, _slash, again = case.how.partition("/")
    [ended] = Play(scene.stage).run(scene.command, trouble=Kill(case.place.number, moment == "after"))
    if not ended.killed:
        yield f"it was not killed: {ended.crash or 'it ended before'}"
    if again == "at-once":
        yield from _again(scene, scene.state(), _wanted(scene, calm), story_of(scene, calm))
        return
    scene.settle()
    if again == "after-its-end":
        yield from _again(scene, scene.state(), _wanted(scene, calm), story_of(scene, calm))
        return
    left = scene.state()
    scene.deploy()
    scene.settle()
    between = scene.state()
    if between.on != scene.newer:
        yield f"the scene is wrong: {between.on} is PRIMARY after {scene.newer} was deployed"
    good = _good_before(scene, left)
    goal = replace(calm.before, on=good, running={good: calm.after.running[scene.good]}, record={})
    runs = frozenset() if scene.stands else frozenset({good})
    story = replace(story_of(scene, calm), good=good, bad=scene.newer, runs=runs, bad_before=scene.bad)
    yield from _again(scene, between, Wanted(goal, all_of_it=False, stands=scene.stands), story)


def _good_before(scene: Scene, left: State) -> str:
    """Where the next run is to go after somebody has deployed over a run that was killed: to what was in service.

    Where AWS has a history, that is known: the record of a write that never came is void. EXTERNAL has none: the same
    task sets stand whether the killed run had made the good one PRIMARY or not. The record is all that is known, and
    it says that somebody found the bad version bad. So both end where the killed run was going. The other choice would
    take some of them to a version that a person was leaving, in the middle of the night.
    """
    return scene.good if scene.stands and RECORD in left.record else left.on


def _wanted(scene: Scene, calm: Undisturbed, runs: int = 1) -> Wanted:
    """As if nothing had happened, with at most one new deployment for each run: one that nothing stops may be over."""
    moves = max(len(calm.after.moves), len(calm.before.moves) + runs)
    return Wanted(calm.after, reason=scene.reason, moves=moves)


def _again(scene: Scene, before: State, wanted: Wanted, story: Story) -> t.Iterator[str]:
    """The same command, and nothing disturbs it."""
    [ended] = Play(scene.stage).run(scene.command)
    after = scene.state()
    yield from (f"next run: {wrong}" for wrong in _judged(ended, before, after, story))
    if ended.result is not None:
        yield from not_put_right(wanted, after, claim_of(ended.result))


def _race(case: Case, scene: Scene, calm: Undisturbed) -> t.Iterator[str]:
    count = int(case.how.partition("-")[0])
    ends = Play(scene.stage, case.seed).run(*[scene.command] * count)
    after = scene.state()
    said = []
    for number, ended in enumerate(ends, 1):
        if ended.result is None:
            yield f"run {number}: {ended.crash}"
            continue
        claim = claim_of(ended.result)
        said.append(claim)
        if claim.outcome == "rolled_back" and after.on != scene.good:
            yield f"run {number} says rolled_back, but {after.on} is PRIMARY"
        if "Traceback" in claim.text:
            yield f"run {number} shows a stack trace"
    if not any(claim.outcome == "rolled_back" for claim in said):
        yield f"nobody rolled back: {[claim.outcome for claim in said]}"
    if after.on != scene.good:
        yield f"{after.on} is PRIMARY"
    left = after.suspended - calm.before.suspended
    if left and not any(left <= claim.still_suspended for claim in said):
        yield f"auto scaling is still suspended, and nobody says so: {sorted(left)}"
    scene.settle()
    yield from _again(scene, scene.state(), _wanted(scene, calm, count), story_of(scene, calm))


def _pipeline(case: Case, scene: Scene, calm: Undisturbed) -> t.Iterator[str]:
    assert case.place is not None
    deployed: list[bool] = []

    def deploy() -> None:
        try:
            scene.deploy()
        except ClientError as refused:
            # CodeDeploy takes one deployment at a time, and ours was there first.
            if "DeploymentLimitExceeded" not in str(refused):
                raise
        else:
            deployed.append(True)

    [ended] = Play(scene.stage, case.seed, [Event(deploy, case.place.number)]).run(scene.command)
    after = scene.state()
    if ended.result is None:
        yield ended.crash
        return
    claim = claim_of(ended.result)
    # What comes after the step that acts is no longer that step's to see.
    was_seen = case.place.number < sum(requests_of(ended.result, step) for step in ("plan", "suspended", "done"))
    if claim.outcome == "rolled_back" and after.on != claim.target and was_seen:
        yield f"it says rolled_back, but {after.on} is PRIMARY"
    # Deployed before anything was read, it is what the command takes back.
    takes_back = case.place.number == 0 or claim.target == scene.bad
    yield from _left_alone(scene, calm, after, claim, takes_back)
    scene.settle()
    end = scene.state()
    if end.on not in (scene.newer, claim.target):
        yield f"{end.on} is PRIMARY at last"
    if deployed and end.on != scene.newer and scene.newer not in claim.text:
        yield f"{scene.newer} was replaced, and nothing says so"


def _left_alone(scene: Scene, calm: Undisturbed, after: State, claim: Claim, takes_back: bool) -> t.Iterator[str]:
    """What somebody deploys while we roll back is not ours to mark, and auto scaling is put back whatever happens."""
    if not takes_back and scene.newer in after.bad:
        yield f"{scene.newer} is marked bad"
    if not takes_back and scene.newer in after.inactive:
        yield f"{scene.newer} is deregistered"
    left = after.suspended - calm.before.suspended
    if left - claim.still_suspended:
        yield f"auto scaling is still suspended, and it does not say so: {sorted(left)}"
    if claim.failed == (claim.outcome in GOOD_ENDS and not claim.steps_failed):
        yield f"the play {'fails' if claim.failed else 'succeeds'} with {claim.outcome}"


def _judged(ended: Ended, before: State, after: State, story: Story) -> list[str]:
    if ended.result is None:
        return [f"it crashed: {ended.crash}"]
    claim: Claim = claim_of(ended.result)
    return wrongs(before, after, claim, story)


_JUDGES: t.Final[t.Mapping[str, t.Callable[[Case, Scene, Undisturbed], t.Iterator[str]]]] = {
    "fault": _fault,
    "kill": _kill,
    "race": _race,
    "pipeline": _pipeline,
}
