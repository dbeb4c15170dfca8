# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws import settings
from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError, IncompleteAnswerError
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import refused_by_aws


@dataclass(frozen=True)
class Light:
    """Settings of something simple."""

    on: bool

    def as_dict(self) -> dict[str, t.Any]:
        return {"on": self.on}


OFF, ON = Light(False), Light(True)
DENIED = AwsCallError("Failed to switch it", refused_by_aws("Switch"))
Result = settings.Result[Light]


def planned(name: str = "lamp") -> Result:
    return Result({"lamp": name, "room": "hall"}, "planned", "on", OFF, ON, {"on": True}, True)


def unchanged(name: str = "lamp") -> Result:
    return Result({"lamp": name, "room": "hall"}, "unchanged", "is as it should be", ON, ON)


def refused(name: str = "lamp") -> Result:
    return Result({"lamp": name, "room": "hall"}, "refused", "there is no lamp")


def acted(
    results: list[Result], answer: t.Any = (ON, ""), check_mode: bool = False
) -> tuple[list[Result], list[str], list[str]]:
    """The results, which of them were written, and what was said."""
    written: list[str] = []
    said: list[str] = []

    def write(item: Result) -> tuple[Light | None, str]:
        written.append(item.label)
        if isinstance(answer, BaseException):
            raise answer
        return t.cast("tuple[Light | None, str]", answer)

    return settings.act(results, check_mode, write, said.append), written, said


def test_only_what_differs_is_written() -> None:
    done, written, said = acted([planned("a"), unchanged("b")])
    assert [item.outcome for item in done] == ["updated", "unchanged"]
    assert (written, said) == (["a"], ["[a] on"])
    assert done[0].as_dict() == {
        "lamp": "a",
        "room": "hall",
        "outcome": "updated",
        "changed": True,
        "before": {"on": False},
        "after": {"on": True},
        "reason": "on",
        "findings": [],
    }


@pytest.mark.parametrize("check_mode", [False, True])
def test_one_that_is_refused_holds_back_all(check_mode: bool) -> None:
    done, written, _said = acted([planned("a"), refused("b"), unchanged("c")], check_mode=check_mode)
    assert [item.outcome for item in done] == ["not_attempted", "refused", "unchanged"]
    assert (done[0].changed, done[0].after, written) == (False, OFF, [])
    assert [item.failed for item in done] == [True, True, False]


def test_check_mode_writes_nothing() -> None:
    done, written, said = acted([planned()], check_mode=True)
    assert (done, written, said) == ([planned()], [], [])


@pytest.mark.parametrize(
    ("answer", "changed", "after", "reason"),
    [
        ((OFF, settings.NOT_SHOWN), True, OFF, "AWS accepted the change but does not show it"),
        ((None, "Nobody knows."), True, None, "Nobody knows."),
        (DENIED, False, OFF, "Nothing was changed in lamp"),
        (AwsCallError("Failed", ConnectionError("gone")), True, None, "Whether the settings of lamp have changed is"),
        (IncompleteAnswerError("The answer was cut"), True, None, "Whether the settings of lamp have changed is"),
    ],
)
def test_what_becomes_of_a_write_that_does_not_end_well(
    answer: t.Any, changed: bool, after: Light | None, reason: str
) -> None:
    [done], _written, _said = acted([planned()], answer)
    assert (done.outcome, done.changed, done.after) == ("failed", changed, after)
    assert reason in done.reason


def test_one_that_fails_does_not_hold_back_the_others() -> None:
    _done, written, _said = acted([planned("a"), planned("b")], DENIED)
    assert written == ["a", "b"]


def test_the_difference() -> None:
    assert planned().diff() == {
        "before_header": "lamp",
        "after_header": "lamp",
        "before": {"on": False},
        "after": {"on": True},
    }
    assert (refused().diff()["before"], refused().as_dict()["after"]) == ({}, None)


def test_the_summary() -> None:
    assert settings.summary([refused()], "lamps") == "lamp: there is no lamp."
    several, _written, _said = acted([planned("a"), refused("b"), planned("c")])
    assert settings.summary(several, "lamps") == "b: there is no lamp. Of 3 lamps: 2 not attempted, 1 refused"
