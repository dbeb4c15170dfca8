# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a service deployment ran any task, by its status, its tasks and the image digests on record."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import tasks_ran
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import enum, flown, revision


@pytest.mark.parametrize("status", [*enum("ServiceDeploymentStatus"), "FAILED", "SOMETHING_NEW"])
@pytest.mark.parametrize("digest", ["", "sha256:1"])
@pytest.mark.parametrize("tasks", [None, 0, 1])
def test_every_status(status: str, digest: str, tasks: int | None) -> None:
    made = dataclasses.replace(flown(41, status, requested_tasks=tasks), target=revision(41, digest=digest))
    ended = status == "SUCCESSFUL" and not digest
    assert tasks_ran.ran_none(made) is (ended and tasks == 0)
    assert tasks_ran.is_not_told(made) is (ended and tasks is None)
    assert tasks_ran.ran_some(made) is (bool(digest) or bool(tasks) or (ended and tasks is None))


@pytest.mark.parametrize(
    ("back", "tasks", "without"),
    [(None, None, False), (None, 0, False), ("", 0, True), ("", 4, False), ("", None, False), ("sha256:1", 0, False)],
)
def test_what_was_rolled_back_to(back: str | None, tasks: int | None, without: bool) -> None:
    to = None if back is None else revision(41, digest=back)
    made = dataclasses.replace(flown(42, "ROLLBACK_SUCCESSFUL"), rolled_back_to=to, tasks_back=tasks)
    assert tasks_ran.went_back_without(made) is without
