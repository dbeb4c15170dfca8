# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller from which only ECS can be reached: all others take a connection, and never answer."""

from __future__ import annotations

import typing as t

import pytest

from tests.ecr import LATEST, Ecr
from tests.module.services import ACCOUNT, Shop
from tests.module.surroundings import SSM, belongs_to_a_stack, environment_file, secrets
from tests.world import REGION

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:shop/db-AbCdEf"
# What each of them is asked, and the check that is not known without it. ECR's is known at the end: by what runs then.
SILENT = {
    "DescribeStacks": "stack",
    "DescribeAlarms": "alarms",
    "DescribeImages": "",
    "GetRole": "target_role",
    "HeadObject": "target_file",
    "DescribeSecret": "target_secret",
    "GetParameters": "target_parameter",
}
NAMES = ("web", "api")


def release(shop: Shop, version: str, **container: t.Any) -> None:
    """Register a version with this container, and deploy it to both services."""
    definition = {"name": "app", "image": LATEST, "essential": True, "memory": 128, **container}
    shop.world.ecs.register_task_definition(
        family="web",
        containerDefinitions=[definition],
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/task",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
    )
    watched = {"alarmNames": ["errors"], "enable": True, "rollback": True}
    for name in NAMES:
        if version == "web:1":
            shop.create(version, name=name, deploymentConfiguration={"alarms": watched})
        else:
            shop.deploy(version, name=name)


@pytest.fixture
def silent(shop: Shop) -> Shop:
    """Two services whose good version names something in each of these, and no answer from any of them."""
    ecr = Ecr(shop.world)
    ecr.push("good")
    release(shop, "web:1", **secrets(SECRET, f"{SSM}/shop/here"), **environment_file("web.env"))
    ecr.push("bad")
    release(shop, "web:2", environment=[{"name": "RELEASE", "value": "2"}])
    belongs_to_a_stack()
    for operation in SILENT:
        shop.sim.fail(operation, kind="hang", times=None)
    return shop


def test_each_is_asked_once_and_none_of_them_again(silent: Shop) -> None:
    """A second service is no reason to wait once more, nor is a plan that is made again."""
    run = silent.rollback(*NAMES)
    assert [item["outcome"] for item in run.result["services"]] == ["rolled_back", "rolled_back"], run.message
    assert {operation: run.operations.count(operation) for operation in SILENT} == dict.fromkeys(SILENT, 1)
    web, api = run.result["services"]
    unknown = set(filter(None, SILENT.values()))
    assert {f["check"] for f in web["findings"] if f["severity"] == "unknown"} == unknown
    # It belongs to no stack.
    assert {f["check"] for f in api["findings"] if f["severity"] == "unknown"} == unknown - {"stack"}


def test_the_first_write_is_a_matter_of_seconds(silent: Shop) -> None:
    """The simulator's clock moves on by what a client waits, one after the other. They are asked at the same time."""
    before = silent.sim.now()
    run = silent.rollback(*NAMES)
    assert run.operations.index("UpdateService") > max(run.operations.index(operation) for operation in SILENT)
    accepted = max(item["timings"]["accepted"] for item in run.result["services"])
    assert accepted <= 5 * len(SILENT) + 5
    assert silent.sim.now() > before


@pytest.mark.parametrize("operation", ["ListTasks", "GetTaskProtection"])
def test_what_is_throttled_for_good_does_not_hold_up_the_write(shop: Shop, operation: str) -> None:
    """It took almost a minute: the tasks that are protected are only for a warning."""
    shop.releases(2)
    shop.sim.fail(operation, code="ThrottlingException", times=None)
    run = shop.rollback()
    assert (run.outcome, run.finding("protected_tasks")["severity"]) == ("rolled_back", "unknown")
    assert run.only["timings"]["accepted"] <= 5


def test_the_time_that_was_given_holds_if_all_is_throttled_after_the_write(shop: Shop) -> None:
    shop.releases(2)
    throttled = {"operation": "*", "code": "ThrottlingException", "times": None}
    shop.sim.on("UpdateService", {"control": "fail", "params": throttled}, "after")
    before = shop.sim.now()
    run = shop.rollback(wait_timeout=60)
    assert run.outcome in ("timeout", "lost_contact"), run.message
    assert shop.sim.now() - before <= 75
    assert any("no contact with AWS" in line and "ThrottlingException" in line for line in run.lines)
