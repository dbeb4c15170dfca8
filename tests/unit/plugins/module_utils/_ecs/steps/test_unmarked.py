# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions are asked about together. What follows for marks: test_recorder."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.rollback_run import RollbackRun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps.unmarked import unmarked
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    accepted_run,
    arn,
    connection_lost,
    known,
    planned,
    refused_by_aws,
    service,
    task_definition,
    told,
)

MARKED = {"lastgood:good": "soaked"}


def moved(on: int, to: int = 41, tags: t.Mapping[str, str] | None = None) -> RollbackRun:
    """A service that was on one version and goes to another. ``tags``: those of the first when it was planned."""
    each = [dataclasses.replace(task_definition(n), tags=dict(tags or {}) if n == on else {}) for n in (on, to)]
    story = told(*sorted({on, to, 41}), on)
    return accepted_run(planned(service(on), story, Selection(revision=arn(to)), having=known(*each)))


def found(**tags: t.Mapping[str, str]) -> dict[str, t.Any]:
    return {
        "ResourceTagMappingList": [
            {"ResourceARN": arn(int(name[1:])), "Tags": [{"Key": key, "Value": each[key]} for key in each]}
            for name, each in tags.items()
        ]
    }


@pytest.mark.parametrize(
    ("runs", "asked", "answer", "without"),
    [
        pytest.param([moved(42), moved(43)], [42, 43], found(), [42, 43], id="none has tags"),
        pytest.param([moved(42), moved(43)], [42, 43], found(v42={"team": "a"}), [42, 43], id="other tags"),
        pytest.param([moved(42), moved(43)], [42, 43], found(v42=MARKED), [43], id="any mark"),
        pytest.param([moved(42), moved(43), moved(42)], [42, 43], found(), [42, 43], id="one is left twice"),
        pytest.param(
            [moved(42), moved(43), moved(40, 41)], [42, 43], found(), [42, 43], id="a move forward marks nothing"
        ),
        pytest.param(
            [moved(42), moved(43), RollbackRun("web", "prod")], [42, 43], found(), [42, 43], id="without a plan"
        ),
        pytest.param([moved(42), moved(43), moved(45)], [42, 43], found(), [42, 43], id="this call has marked it"),
        pytest.param([moved(42), moved(43), moved(44, tags=MARKED)], [42, 43], found(), [42, 43], id="seen before"),
        pytest.param([moved(42)], [], found(), [], id="one is read by itself"),
        pytest.param([moved(42), moved(43)], [42, 43], refused_by_aws("GetResources"), [], id="denied"),
        pytest.param([moved(42), moved(43)], [42, 43], connection_lost(), [], id="no answer"),
        pytest.param([moved(42), moved(43)], [42, 43], {}, [], id="a cut answer"),
    ],
)
def test_which_have_no_mark(runs: list[RollbackRun], asked: list[int], answer: t.Any, without: list[int]) -> None:
    aws = FakeAws(get_resources=answer)
    assert unmarked(aws, runs, {arn(45): {}}) == {arn(number) for number in without}
    assert aws.sent("get_resources") == ([{"ResourceARNList": [arn(number) for number in asked]}] if asked else [])
