# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One fold for both kinds of history: the same story proves the same, whoever deploys."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history as codedeploy
from ansible_collections.lastgood.aws.plugins.module_utils._core import timeline
from ansible_collections.lastgood.aws.plugins.module_utils._core.timeline import Back, Episode, Fold, Tried
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history as ecs
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import made, rev, rollback
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    arn,
    flown,
    task_definition,
)

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OUTSIDE = "IAM_ROLE_MISSING"
# A step: the version, how it ended, what it went back to, and why.
Step = t.Tuple[int, timeline.End, t.Optional[int], str]


def ok(version: int) -> Step:
    return version, "succeeded", None, ""


def failed(version: int, why: str = "") -> Step:
    return version, "failed", None, why


def undone(version: int, back: int, why: str = "") -> Step:
    return version, "rolled_back", back, why


def stopped(version: int) -> Step:
    return version, "stopped", None, ""


def episode(position: int, step: Step) -> Episode[int]:
    version, end, back, why = step
    begun = START + timedelta(hours=position)
    done = begun + timedelta(minutes=10)
    return Episode(
        Tried(str(version), f"d-{position}", version),
        begun,
        done,
        end,
        f"v{version}",
        f"{end} {why}".strip(),
        by="AWS",
        back=None if back is None else Back(Tried(str(back), f"d-{position}", back), done),
        cause="a role" if why == OUTSIDE else "",
    )


def folded(*story: Step) -> Fold[int]:
    fold = Fold[int](lambda one, other, _records: int(one) < int(other))
    for position, step in enumerate(story):
        fold.take(episode(position, step))
    return fold


def by_the_fold(story: t.Sequence[Step]) -> dict[int, str]:
    records = folded(*story).records
    return {int(v): r.decisive.verdict if r.decisive else "unknown" for v, r in records.items()}


def by_ecs(story: t.Sequence[Step]) -> dict[int, str]:
    statuses = {
        "succeeded": "SUCCESSFUL",
        "failed": "FAILED",
        "stopped": "STOPPED",
        "rolled_back": "ROLLBACK_SUCCESSFUL",
    }
    told = [
        flown(version, statuses[end], position * 60, back=back, reason=why, by="CodeDeploy")
        for position, (version, end, back, why) in enumerate(story)
    ]
    return {int(c.task_definition.rpartition(":")[2]): c.verdict for c in ecs.read(told).candidates({}, "prod/web")}


def by_codedeploy(story: t.Sequence[Step]) -> dict[int, str]:
    statuses = {"succeeded": "Succeeded", "failed": "Failed", "stopped": "Stopped", "rolled_back": "Failed"}
    told = []
    for position, (version, end, back, why) in enumerate(story):
        told.append(made(position * 2, version, statuses[end], error_code=why))
        if back is not None:
            told.append(rollback(position * 2 + 1, position * 2, back))
    numbers = {codedeploy.revisions.key(rev(n)): n for n in range(1, 6)}
    return {numbers[c.key]: c.verdict for c in codedeploy.read(told).candidates()}


@pytest.mark.parametrize("reader", [by_the_fold, by_ecs, by_codedeploy])
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # Two succeeds, is deployed again, fails, and is not rolled back.
        ([ok(1), ok(2), failed(2)], {1: "good", 2: "bad"}),
        ([ok(1), ok(2), failed(2), ok(3)], {1: "good", 2: "bad", 3: "good"}),
        # It is rolled back: the same.
        ([ok(1), ok(2), ok(3), undone(2, 3)], {1: "good", 2: "bad", 3: "bad"}),
        ([ok(2), ok(3), undone(3, 2)], {2: "good", 3: "bad"}),
        # Until it succeeds again.
        ([ok(1), ok(2), failed(2), ok(2)], {1: "good", 2: "good"}),
        ([ok(1), failed(2), ok(2), failed(2)], {1: "good", 2: "bad"}),
        # A cause outside of it, and it was good before.
        ([ok(1), ok(2), failed(2, OUTSIDE)], {1: "good", 2: "good"}),
        ([ok(2), ok(3), undone(3, 2, OUTSIDE)], {2: "good", 3: "good"}),
        ([ok(1), ok(2), failed(2, OUTSIDE), failed(2)], {1: "good", 2: "bad"}),
        # It was not good before: never, or not any more.
        ([ok(1), failed(2, OUTSIDE)], {1: "good", 2: "bad"}),
        ([ok(1), ok(2), failed(2), failed(2, OUTSIDE)], {1: "good", 2: "bad"}),
        # Someone's return failed for a cause outside: what was to be left is bad, what it went to is not.
        ([ok(1), ok(2), failed(1, OUTSIDE)], {1: "good", 2: "bad"}),
        ([ok(1), ok(2), undone(1, 2, OUTSIDE)], {1: "good", 2: "bad"}),
        ([ok(1), ok(2), undone(1, 2)], {1: "bad", 2: "bad"}),
        # Stopped proves nothing, left for an older one does.
        ([ok(1), ok(2), stopped(2)], {1: "good", 2: "good"}),
        ([ok(1), stopped(2), ok(1)], {1: "good", 2: "bad"}),
        # The same version on both sides.
        ([ok(1), undone(1, 1)], {1: "good"}),
    ],
)
def test_the_same_story_proves_the_same(
    reader: t.Callable[[t.Sequence[Step]], dict[int, str]], story: list[Step], expected: dict[int, str]
) -> None:
    assert reader(story) == expected


def test_a_version_that_stays_good_says_so_until_something_new_is_proved() -> None:
    record = folded(ok(1), ok(2), failed(2, OUTSIDE)).records["2"]
    doubt = "failed IAM_ROLE_MISSING: AWS names a cause outside of it (a role)"
    assert (record.why, record.doubt) == (f"succeeded; it stays good although {doubt}", doubt)
    assert record.evidence[-1].why == doubt
    assert folded(ok(2), failed(2, OUTSIDE), ok(2)).records["2"].doubt == ""
    assert folded(ok(2), failed(2, OUTSIDE), failed(2)).records["2"].doubt == ""
    assert folded(ok(2), failed(2, OUTSIDE), stopped(2)).records["2"].doubt == doubt


def test_which_failures_nothing_explains() -> None:
    fold = folded(ok(1), ok(2), failed(2, OUTSIDE), failed(2), failed(2), failed(3))
    assert fold.unexplained == ["d-3"]


@pytest.mark.parametrize(
    ("story", "now", "mixed", "last_success"),
    [
        ([], None, False, None),
        ([ok(1), ok(2)], "2", False, "2"),
        ([ok(1), failed(2)], "2", True, "1"),
        # A return that did not get there: it is still what was to be left.
        ([ok(1), ok(2), failed(1)], "2", True, "2"),
        ([ok(1), undone(2, 1)], "1", False, "1"),
        ([ok(1), (2, "untrusted", None, "")], "2", False, "2"),
        ([ok(1), (2, "noted", None, "")], "1", False, "1"),
        ([ok(1), (2, "going", None, "")], "2", False, "1"),
    ],
)
def test_where_it_is(story: list[Step], now: str | None, mixed: bool, last_success: str | None) -> None:
    fold = folded(*story)
    assert (fold.now, fold.mixed, fold.last_success) == (now, mixed, last_success)


def test_a_failed_try_is_no_use() -> None:
    # Used last is what was in service last.
    used = folded(ok(1), ok(2), failed(1, OUTSIDE)).records
    assert used["1"].last_used < used["2"].last_used


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([ok(1), ok(2)], None),
        ([ok(1), ok(2), ok(1)], ("2", "d-2")),
        ([ok(1), ok(2), ok(3), ok(2), ok(1)], ("3", "d-3")),
        ([ok(1), undone(2, 1)], ("2", "d-1")),
        # It took two tries to return.
        ([ok(1), ok(2), failed(1), ok(1)], ("2", "d-3")),
        ([ok(1), ok(2), ok(1), stopped(3)], None),
        ([], None),
    ],
)
def test_where_a_run_of_returns_began(story: list[Step], expected: tuple[str, str] | None) -> None:
    fold = folded(*story)
    found = timeline.retreat(fold.arrivals, f"d-{len(story) - 1}", False, None)
    assert (found and (found.left, found.began)) == expected


def test_a_return_that_runs_counts() -> None:
    fold = folded(ok(1), ok(2), ok(3), ok(2), (1, "going", None, ""))
    assert fold.returns == {"d-4": timeline.Return("2", "d-4")}
    assert timeline.retreat(fold.arrivals, "d-4", True, fold.returns["d-4"]) == timeline.Return("3", "d-3")
    assert timeline.retreat(fold.arrivals, "d-4", True, None) is None


def test_the_warning_names_the_version_and_what_to_do() -> None:
    past = ecs.read([flown(41), flown(42, minute=60), flown(42, "FAILED", 120, reason=f"{OUTSIDE}: gone.")])
    (warning,) = ecs.doubts(past.candidates({}, "prod/web"), arn(42))
    assert (warning.check, warning.severity) == ("failed_since", "warn")
    assert warning.message == (
        "web:42 counts as good although its deployment failed at 2026-11-20T14:10:00Z (IAM_ROLE_MISSING: gone): AWS "
        "names a cause outside of it (a role). Unless that was put right, it fails again"
    )
    assert ecs.doubts(past.candidates({}, "prod/web"), arn(41)) == []
    assert ecs.doubts(past.candidates({}, "prod/web"), arn(1)) == []


def test_a_mark_leaves_no_doubt() -> None:
    past = ecs.read([flown(42), flown(42, "FAILED", 60, reason=OUTSIDE)])
    assert past.candidates({}, "prod/web")[0].doubt
    marked = past.candidates({arn(42): task_definition(42, good="soaked")}, "prod/web")[0]
    assert (marked.verdict, marked.why, marked.doubt) == ("good", "marked good: soaked", "")


def test_targets_can_say_why_a_deployment_of_codedeploy_failed() -> None:
    story = [made(1, 1), made(2, 2), made(3, 2, "Failed", error_code="HEALTH_CONSTRAINTS"), made(4, 3)]
    past = codedeploy.read(story)
    assert (past.unexplained, _verdict(past, 2)) == (("d-3",), "bad")
    told = codedeploy.read(story, causes_={"d-3": "the instances", "d-2": "capacity"})
    assert (told.unexplained, _verdict(told, 2), _verdict(told.before("d-4"), 2)) == ((), "good", "good")
    (warning,) = codedeploy.doubts(told.candidates(), codedeploy.revisions.key(rev(2)))
    assert "AWS names a cause outside of it (the instances)" in warning.message
    assert codedeploy.doubts(told.candidates(), "") == []


def _verdict(past: codedeploy.History, number: int) -> str:
    return next(c.verdict for c in past.candidates() if c.key == codedeploy.revisions.key(rev(number)))
