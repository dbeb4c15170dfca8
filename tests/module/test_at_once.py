# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same command again, the moment that it has ended, while AWS still answers as before: nothing may be deployed."""

from __future__ import annotations

import typing as t

import pytest

from tests.module.code_deploy import BlueGreen
from tests.module.services import Shop
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
