# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import revision_marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.revision_marks import Put, Remove, Wish, decide
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn

NOW = datetime(2026, 11, 20, 14, 3, 5, tzinfo=UTC)
STAMP = "2026-11-20T14:03:05Z"
EARLIER = "2026-11-01T00:00:00Z"
FULL = {f"team:{number}": "x" for number in range(49)}


def definition(tags: dict[str, str] | None = None, status: str = "ACTIVE") -> TaskDefinition:
    return TaskDefinition(arn=arn(43), status=status, tags=tags or {}, content={})


def wish(mark: str = "bad", reason: str = "", present: bool = True) -> Wish:
    return Wish(mark, present, reason, NOW)


@pytest.mark.parametrize("mark", ["good", "bad", "pinned", "barrier"])
@pytest.mark.parametrize(("reason", "value"), [("500s", f"{STAMP} 500s"), ("", STAMP)])
def test_a_new_mark_says_when_and_why(mark: str, reason: str, value: str) -> None:
    decision = decide(definition({"team": "shop"}), wish(mark, reason))
    assert decision.steps == (Put(f"lastgood:{mark}", value),)
    assert decision.reason == f"marked {mark}: {value}"
    assert not decision.problem


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (f"{EARLIER} 500s", ""),
        (f"{EARLIER} 500s", "500s"),
        (f"{EARLIER} 500s_ since 13:52", "500s, since  13:52"),
        (f"{EARLIER}", ""),
        ("by hand", ""),
        ("by hand", "by hand"),
        ("", ""),
        (marks.tag_value(f"{EARLIER} {'x' * 400}"), "x" * 400),
    ],
)
def test_a_mark_with_the_same_reason_stays(present: str, reason: str) -> None:
    decision = decide(definition({"lastgood:bad": present}), wish("bad", reason))
    assert decision.steps == ()
    assert decision.reason == f"already marked bad: {present}"


@pytest.mark.parametrize("present", [f"{EARLIER} 500s", EARLIER, "by hand", ""])
def test_another_reason_is_written(present: str) -> None:
    decision = decide(definition({"lastgood:bad": present}), wish("bad", "leaks memory"))
    assert decision.steps == (Put("lastgood:bad", f"{STAMP} leaks memory"),)


@pytest.mark.parametrize(("mark", "other"), [("good", "bad"), ("bad", "good")])
def test_good_and_bad_exclude_each_other(mark: str, other: str) -> None:
    """The new mark comes first: a run that dies between the two leaves both, and bad outweighs good."""
    decision = decide(definition({f"lastgood:{other}": "x"}), wish(mark, "500s"))
    assert decision.steps == (Put(f"lastgood:{mark}", f"{STAMP} 500s"), Remove(f"lastgood:{other}"))
    assert decision.reason == f"marked {mark}: {STAMP} 500s, no longer {other}"
    finished = decide(definition({f"lastgood:{other}": "x", f"lastgood:{mark}": f"{EARLIER} 500s"}), wish(mark, "500s"))
    assert finished.steps == (Remove(f"lastgood:{other}"),)
    assert finished.reason == f"marked {mark}: {EARLIER} 500s, no longer {other}"


@pytest.mark.parametrize("reason", ["", "500s", "leaks memory"])
def test_a_mark_by_hand_counts_for_every_service(reason: str) -> None:
    """Over the mark of a rollback, which speaks for the service that was rolled back."""
    rollback = marks.bad_mark(NOW, "500s", "prod/web", {})
    decision = decide(definition(rollback), wish("bad", reason))
    after = dict(rollback)
    for step in decision.steps:
        revision_marks._apply(after, step)
    assert Remove("lastgood:bad-of") in decision.steps
    assert marks.speaks_for(after) is None
    assert decide(definition(after), wish("bad", reason)).steps == ()


@pytest.mark.parametrize("wanted", [wish("bad", present=False), wish("good")])
def test_the_mark_of_a_rollback_is_removed_whole(wanted: Wish) -> None:
    decision = decide(definition(marks.bad_mark(NOW, "500s", "prod/web", {})), wanted)
    assert decision.steps[-2:] == (Remove("lastgood:bad"), Remove("lastgood:bad-of"))


@pytest.mark.parametrize("mark", ["pinned", "barrier"])
def test_other_marks_exclude_nothing(mark: str) -> None:
    tags = {key: "x" for name, key in revision_marks.KEYS.items() if name != mark}
    assert decide(definition(tags), wish(mark)).steps == (Put(f"lastgood:{mark}", STAMP),)


@pytest.mark.parametrize("mark", ["good", "bad", "pinned", "barrier"])
def test_a_mark_is_removed_once(mark: str) -> None:
    everything = dict.fromkeys(revision_marks.KEYS.values(), "x")
    decision = decide(definition(everything), wish(mark, present=False))
    assert decision.steps == (Remove(f"lastgood:{mark}"),)
    assert decision.reason == f"no longer marked {mark}"
    again = decide(definition({"team": "shop"}), wish(mark, present=False))
    assert (again.steps, again.reason) == ((), f"not marked {mark}")


@pytest.mark.parametrize(
    ("tags", "steps"),
    [
        # AWS's own do not count.
        ({**FULL, "aws:cloudformation:stack-name": "x"}, [Put("lastgood:bad", STAMP)]),
        ({**FULL, "team": "x"}, None),
        # Overwriting needs no room.
        ({**FULL, "lastgood:bad": ""}, []),
        # The way round the limit: what has to go anyway goes first.
        ({**FULL, "lastgood:good": "x"}, [Remove("lastgood:good"), Put("lastgood:bad", STAMP)]),
    ],
)
def test_fifty_tags_are_all(tags: dict[str, str], steps: list[revision_marks.Step] | None) -> None:
    decision = decide(definition(tags), wish("bad"))
    assert list(decision.steps) == (steps or [])
    assert ("50 tags" in decision.problem) is (steps is None)


@pytest.mark.parametrize(
    ("status", "mark", "says"),
    [
        ("ACTIVE", "good", ""),
        ("INACTIVE", "good", "web:43 is INACTIVE. ECS deploys only ACTIVE"),
        ("INACTIVE", "pinned", "web:43 is INACTIVE: it has been deregistered already"),
        ("INACTIVE", "bad", ""),
        ("INACTIVE", "barrier", ""),
        ("DELETE_IN_PROGRESS", "bad", "web:43 is being deleted, and its marks with it"),
    ],
)
def test_a_mark_that_can_do_nothing_is_warned_of(status: str, mark: str, says: str) -> None:
    decision = decide(definition(status=status), wish(mark))
    assert [(f.severity, f.message[: len(says)]) for f in decision.findings] == ([("warn", says)] if says else [])
    assert decision.steps


def test_marks_are_told_from_other_tags() -> None:
    tags = {"team": "shop", "lastgood:bad": "x", "lastgood:rolled-back-to": "web:1", "lastgood:pinned": ""}
    assert revision_marks.marks_in(tags) == {"bad": "x", "pinned": ""}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["web:41"], ["web:41"]),
        ([" web:41 ", arn(42), "web:41"], ["web:41", arn(42)]),
    ],
)
def test_task_definitions_are_named_by_revision(given: list[str], expected: list[str]) -> None:
    assert revision_marks.task_definitions(given) == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "no task definition is named"),
        (["web:41", " "], "no task definition is named"),
        (["web"], "'web' is neither family:number"),
        (["web:0"], "'web:0' is neither family:number"),
        (["web:41", "41"], "'41' is neither family:number"),
        ([arn(1).rpartition(":")[0]], "is neither family:number"),
    ],
)
def test_other_names_are_refused(given: t.Any, says: str) -> None:
    with pytest.raises(revision_marks.BadRequest, match=says):
        revision_marks.task_definitions(given)
