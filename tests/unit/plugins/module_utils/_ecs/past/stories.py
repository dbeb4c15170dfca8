# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of a choice share: a story is told, and the service is where it ends.

A number in a story is a revision whose deployment became SUCCESSFUL.
"""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Direction, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Choice, Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    Step,
    arn,
    at,
    deployment,
    done_tags,
    known,
    service,
    started_tag,
    told,
)

Story = t.List[Step]


def on(past: history.History, id: str = "", **changes: t.Any) -> Service:
    """The service as it is after these deployments."""
    if past.running is not None:
        return service(deployment(past.lands_on or "web:0", id, rollout="IN_PROGRESS", running=1), **changes)
    return service(deployment(past.arrivals[-1].task_definition, id), **changes)


def choose(
    story: Story, marked: t.Any = (), registered: t.Any = None, tags: t.Any = None, **selection: t.Any
) -> Choice:
    past = told(*story)
    return target.choose(Selection(**selection), on(past, tags=tags or {}), past, known(*marked), registered)


def short(choice: Choice) -> str | None:
    return choice.target and choice.target.rpartition("/")[2]


def done(left: int, to: int, id: str, direction: Direction = "back") -> dict[str, str]:
    return done_tags(arn(left), arn(to), id, at(200), direction)


def begun(left: int, to: int, id: str, direction: Direction = "back") -> dict[str, str]:
    return started_tag(arn(left), arn(to), id, direction)
