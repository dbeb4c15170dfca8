# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a rollback that nobody waited for."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import Begun
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import unfinished
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    accepted_run,
    deployment,
    planned,
    service,
    told,
)

BY_ECS = planned(service(deployment(42, rollout="IN_PROGRESS")), told(41, (42, "IN_PROGRESS")))


@pytest.mark.parametrize(("tasks", "told_of"), [(None, False), (4, False), (6, True)])
def test_a_task_count_that_ecs_s_own_rollback_does_not_take(tasks: int | None, told_of: bool) -> None:
    run = accepted_run(BY_ECS, Begun(BY_ECS.service, True, back_of="arn:x/D1"))
    found = unfinished.findings(run, tasks)
    assert [f.check for f in found] == (["tasks"] if told_of else [])


def test_an_update_has_taken_the_task_count() -> None:
    assert unfinished.findings(accepted_run(planned(service(42), told(41, 42))), 6) == []


@pytest.mark.parametrize(("ours", "told_of"), [("ecs-svc/41", True), ("ecs-svc/42", False)])
def test_a_task_set_that_is_not_primary_yet(ours: str, told_of: bool) -> None:
    on = service(deployment(42), deployment(41, status="ACTIVE"), controller="EXTERNAL")
    made = planned(on, told(41, 42))
    assert made.method == "primary_task_set"
    found = unfinished.findings(accepted_run(made, Begun(on, True, ours)), None)
    assert [f.check for f in found] == (["task_set"] if told_of else [])
    assert not told_of or found[0].message.endswith("Run the same command again with wait: true to make it so")
