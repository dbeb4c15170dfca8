# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a target fits its service's load balancers, and whether a copy of it has to be deployed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import images
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import fitness
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Facts, Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    service,
    task_definition,
)

BALANCED = service(42, load_balancers=({"containerName": "app", "containerPort": 8080},))
SERVED = {"name": "app", "image": "registry/web:1", "portMappings": [{"containerPort": 8080}]}


def test_a_port_that_a_load_balancer_needs_and_the_target_lacks_blocks() -> None:
    [finding] = fitness.ports(BALANCED, task_definition(41))
    assert (finding.severity, "8080" in finding.message) == ("block", True)
    assert fitness.ports(BALANCED, task_definition(41, containers=[SERVED])) == []
    assert fitness.ports(service(42), task_definition(41)) == []


def test_a_target_that_could_not_be_read_is_not_judged_by_its_ports() -> None:
    unread = TaskDefinition(task_definition(41).arn, "ACTIVE", {}, {})
    assert fitness.ports(BALANCED, unread) == []


@pytest.mark.parametrize(
    ("pin", "status", "is_read", "copy", "checks"),
    [
        ("auto", "ACTIVE", True, None, []),
        ("always", "ACTIVE", True, None, []),
        # It cannot be deployed itself, and nobody asked for a copy.
        ("auto", "INACTIVE", True, None, ["target_status"]),
        ("never", "INACTIVE", True, None, ["target_status"]),
        # A copy that pins nothing.
        ("always", "INACTIVE", True, {}, []),
        ("always", "DELETE_IN_PROGRESS", True, {}, []),
        ("always", "INACTIVE", False, None, ["target_status"]),
    ],
)
def test_when_a_copy_is_deployed_in_place_of_the_target(
    pin: images.PinImages, status: str, is_read: bool, copy: dict[str, str] | None, checks: list[str]
) -> None:
    whole = task_definition(41, status)
    target = whole if is_read else TaskDefinition(whole.arn, status, {}, {})
    goal = GoBack(Selection(), pin_images=pin)
    made, found = fitness.copy_of(goal, Facts(service(42), Past(), {}), target)
    assert (made, [f.check for f in found if f.severity == "block"]) == (copy, checks)


@pytest.mark.parametrize(("pin", "copy"), [("auto", {"app": "sha256:good"}), ("never", None)])
def test_an_image_whose_tag_has_moved_is_pinned_unless_that_is_forbidden(
    pin: images.PinImages, copy: dict[str, str] | None
) -> None:
    moved = images.Check("app", "registry/web:1", "sha256:good", images.Resolution("moved"))
    facts = Facts(service(42), Past(), {}, images=(moved,))
    made, _found = fitness.copy_of(GoBack(Selection(), pin_images=pin), facts, task_definition(41))
    assert made == copy


@pytest.mark.parametrize(("status", "blocks"), [("INACTIVE", ["copy_members"]), ("ACTIVE", [])])
def test_a_copy_that_would_lack_something_is_refused(status: str, blocks: list[str]) -> None:
    target = replace(task_definition(41, status), unknown=("taskDefinition.tomorrow",))
    goal = GoBack(Selection(), pin_images="always")
    _copy, found = fitness.copy_of(goal, Facts(service(42), Past(), {}), target)
    assert [f.check for f in found if f.severity == "block"] == blocks
    assert all("would lack taskDefinition.tomorrow, which the installed botocore does not" in f.message for f in found)
