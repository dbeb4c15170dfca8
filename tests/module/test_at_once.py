# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same command again, the moment that it has ended, while AWS still answers as before: nothing may be deployed."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from tests.module.code_deploy import BlueGreen
from tests.module.services import Shop, arn
from tests.module.strategies import BLUE_GREEN

GOOD, BAD = (f"registry/web@sha256:{digit * 64}" for digit in "12")


@pytest.fixture
def late(shop: Shop) -> Shop:
    """A cluster in a simulator as late as AWS."""
    shop.sim.profile("aws")
    shop.at_once = True
    return shop


def plain(shop: Shop) -> dict[str, t.Any]:
    shop.bad_release()
    return {}


def blue_green(shop: Shop) -> dict[str, t.Any]:
    shop.releases(2, deploymentConfiguration=BLUE_GREEN)
    return {}


def by_codedeploy(shop: Shop) -> dict[str, t.Any]:
    BlueGreen(shop).bad_release()
    return {}


def a_copy(shop: Shop) -> dict[str, t.Any]:
    """The good version was deregistered, so that a copy of it is deployed."""
    for version, named in enumerate((GOOD, BAD), start=1):
        shop.world.register("web", named)
        if version == 1:
            shop.create("web:1")
        else:
            shop.deploy("web:2")
    shop.deregister("web:1")
    return {"pin_images": "always"}


def named(shop: Shop) -> dict[str, t.Any]:
    shop.bad_release()
    return {"revision": "1"}


def two_steps(shop: Shop) -> dict[str, t.Any]:
    shop.releases(3)
    return {"steps_back": 2}


@pytest.mark.parametrize("story", [plain, blue_green, by_codedeploy, a_copy, named, two_steps])
def test_the_same_command_at_once_deploys_nothing(late: Shop, story: t.Callable[[Shop], dict[str, t.Any]]) -> None:
    options = story(late)
    first = late.rollback(**options)
    assert first.outcome == "rolled_back", first.message
    again = late.rollback(**options)
    assert again.outcome in ("rolled_back", "unchanged"), again.message
    assert [write for write in again.writes if write not in ("TagResource", "UntagResource")] == []


def announce(shop: Shop) -> None:
    """Another run puts its record in the place of ours, the moment that ours is written."""
    service = shop.service()
    now = datetime.fromtimestamp(shop.sim.now(), UTC)
    record = marks.record_tag("beefbeef", now, shop.primary()["id"], arn("web:2"), arn("web:1"), "back")
    tags = [{"key": key, "value": value} for key, value in record.items()]
    do = {"operation": "TagResource", "params": {"resourceArn": service["serviceArn"], "tags": tags}}
    shop.sim.on("TagResource", do, when="after")


ANOTHER = "another run is about to go back at the same time"


@pytest.mark.parametrize("pin_images", ["auto", "always"])
def test_of_two_runs_at_once_one_writes(shop: Shop, pin_images: str) -> None:
    """For an alarm and for a failed deployment of the same service, say. Both have planned before either wrote."""
    # The last look shows the tags as they are.
    shop.sim.profile("")
    shop.bad_release()
    announce(shop)
    shop.on_line(lambda line: shop.deploy("web:1", settle=0) if ANOTHER in line else None)
    run = shop.rollback(pin_images=pin_images)
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "adopt", "web:1"), run.message
    assert run.operations.count("UpdateService") == 1
    assert "RegisterTaskDefinition" not in run.operations
    # What the other run has recorded is what this one ends.
    assert shop.service_tags()["lastgood:rollback-done"].startswith("beefbeef ")


def test_what_another_run_announced_and_aws_does_not_show_yet_holds_nothing_up(late: Shop) -> None:
    """Then both write, and to the same version."""
    late.bad_release()
    announce(late)
    run = late.rollback()
    assert (run.outcome, run.only["method"], late.on()) == ("rolled_back", "update_service", "web:1"), run.message
    assert not any(ANOTHER in line for line in run.lines)


def test_a_run_that_announced_it_and_was_killed_is_not_waited_for_twice(shop: Shop) -> None:
    shop.sim.profile("")
    shop.bad_release()
    announce(shop)
    began = shop.sim.now()
    told: list[str] = []
    shop.on_line(told.append)
    run = shop.rollback()
    assert (run.outcome, run.only["method"], shop.on()) == ("rolled_back", "update_service", "web:1"), run.message
    assert sum(ANOTHER in line for line in told) == 1
    assert run.only["timings"]["accepted"] <= 8
    assert shop.sim.now() > began
    assert not shop.service_tags()["lastgood:rollback"].startswith("beefbeef ")


def test_killed_while_ecs_goes_back_and_begun_again_at_once(late: Shop) -> None:
    """The stop is not shown yet. Whether it is asked for once more or followed, ECS goes back once."""
    late.releases(2)
    late.versions(1)
    late.deploy("web:3", settle=20)
    late.killed(at_sleep=1)
    again = late.rollback()
    assert (again.outcome, late.on()) == ("rolled_back", "web:2")
    assert again.only["method"] in ("adopt", "stop_deployment")
    assert [version for version, _status in late.history()] == ["web:3", "web:2", "web:1"]
    assert late.tags("web:3")["lastgood:bad"]


@pytest.mark.parametrize("story", [plain, blue_green, by_codedeploy, a_copy, named, two_steps])
def test_at_once_without_the_permission_to_tag(late: Shop, story: t.Callable[[Shop], dict[str, t.Any]]) -> None:
    """Neither a mark nor a record tells the second run of the first one. Only AWS's own answers do."""
    options = story(late)
    late.deny("TagResource", "UntagResource")
    first = late.rollback(**options)
    assert first.outcome == "rolled_back", first.message
    again = late.rollback(**options)
    assert again.outcome in ("rolled_back", "unchanged"), again.message
    assert [write for write in again.writes if write not in ("TagResource", "UntagResource")] == []
