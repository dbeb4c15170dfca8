# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sample of what `make faults` tries, the same in each run, and defects that are put in by hand and have to show."""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from tests.faults import known
from tests.faults.__main__ import SEED
from tests.faults.cases import Case, Undisturbed, all_cases
from tests.faults.pool import Verdict, carry_out, scene_of
from tests.faults.role import Role
from tests.faults.scenes import SCENES, Fast, Scene

# Of each scene, as many of each kind, and in which phases of a run: a minute in all. A kill before anything was written
# down, and a deployment before the run has written, say least.
SHARES: t.Final[t.Sequence[tuple[str, str, int]]] = (
    ("fault", "*", 7),
    *(("kill", phase, 1) for phase in ("act", "watch", "put-back")),
    ("kill", "finish", 2),
    ("race", "*", 1),
    ("pipeline", "watch", 1),
)


def sample(scene: str, calm: Undisturbed) -> list[Case]:
    """Some cases of each kind."""
    cases = all_cases(scene, calm, SEED)
    shuffled = random.Random(SEED)
    return [
        case
        for kind, phase, share in SHARES
        for case in shuffled.sample(
            [one for one in cases if one.what == kind and phase in ("*", one.place.phase if one.place else "")], share
        )
    ]


def verdicts(scene: Scene, calm: Undisturbed, *names: str) -> dict[str, Verdict]:
    """Those on the cases of these names."""
    cases = [case for case in all_cases(scene.name, calm, SEED) if case.name in names]
    assert {case.name for case in cases} == set(names)
    return {verdict.case.name: verdict for verdict in carry_out(scene, calm, cases, jobs=1)}


@pytest.mark.parametrize("name", SCENES)
def test_a_sample(name: str) -> None:
    with scene_of(name) as (scene, calm):
        found = {
            verdict.case.name: left.wrong
            for verdict in carry_out(scene, calm, sample(name, calm), jobs=1)
            if (left := known.sorted_out(verdict.case.name, verdict.wrong)).wrong
        }
    assert found == {}


def test_every_request_is_tried() -> None:
    with scene_of("rolling") as (_scene, calm):
        cases = all_cases("rolling", calm, SEED)
    tried = {case.place.name for case in cases if case.place and case.what == "fault"}
    assert tried == {call.name for call in calm.calls}
    writes = [call.number for call in calm.calls if call.writes]
    killed = {(case.place.number, case.how) for case in cases if case.place and case.what == "kill"}
    assert {(number, f"{moment}/at-once") for number in writes for moment in ("before", "after")} <= killed
    assert len({case.name for case in cases}) == len(cases)


# -- defects put in by hand


def test_a_lost_answer_that_is_called_refused_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fault/rolling/act/ecs.UpdateService-1/truncated"
    with scene_of("rolling") as (scene, calm):
        right = verdicts(scene, calm, name)[name].wrong
        # As if AWS had answered, and refused.
        monkeypatch.setattr(IncompleteAnswerError, "no_answer", False)
        wrong = verdicts(scene, calm, name)[name].wrong
    assert right == ()
    assert any("it says refused, but what is deployed has changed" in one for one in wrong)


def test_a_next_run_that_goes_two_versions_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "kill/fast/finish/ecs.DescribeServiceRevisions-3/before/after-its-end"
    once = Fast.command

    def twice(self: Fast) -> t.Any:
        if self.state().on == self.good:
            monkeypatch.setattr(Fast, "options", {**Fast.options, "force": "again"})
        return once(self)

    with scene_of("fast") as (scene, calm):
        monkeypatch.setattr(Fast, "command", twice)
        wrong = verdicts(scene, calm, name)[name].wrong
    assert any("it went to web:1, which is neither web:2 nor web:2" in one for one in wrong)


def test_auto_scaling_that_stays_suspended_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fault/rolling/act/ecs.UpdateService-1/throttled-once"
    wanted = Role._is_wanted

    def never_back(self: Role, task: t.Mapping[str, t.Any]) -> bool:
        return task["name"] != "Put auto scaling back" and wanted(self, task)

    with scene_of("rolling") as (scene, calm):
        monkeypatch.setattr(Role, "_is_wanted", never_back)
        wrong = verdicts(scene, calm, name)[name].wrong
    assert "auto scaling is still suspended, and the run ended well" in wrong
    assert any(one.startswith("auto scaling after the next run") for one in wrong)


def test_a_run_that_ends_in_a_stack_trace_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fault/rolling/act/ecs.UpdateService-1/500-once"

    def breaks(_self: Role) -> t.Any:
        raise RuntimeError("a defect")

    with scene_of("rolling") as (scene, calm):
        monkeypatch.setattr(Role, "run", breaks)
        wrong = verdicts(scene, calm, name)[name].wrong
    assert any(one.startswith("it crashed") and "RuntimeError: a defect" in one for one in wrong)
