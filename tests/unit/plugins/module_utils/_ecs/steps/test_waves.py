# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Into which waves services are divided."""

from __future__ import annotations

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core import options
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import waves


@pytest.mark.parametrize(
    ("services", "sizes", "found"),
    [
        (1, ["1"], [1]),
        (5, ["2"], [2, 2, 1]),
        (5, ["1", "2"], [1, 2, 2]),
        (40, ["1", "10%", "100%"], [1, 4, 35]),
        # A share is of all services, and at least one.
        (5, ["10%"], [1, 1, 1, 1, 1]),
        (5, ["1", "100%"], [1, 4]),
        (10, ["33.4%"], [3, 3, 3, 1]),
        (3, ["10", "1"], [3]),
        (0, ["1"], []),
    ],
)
def test_the_last_size_repeats(services: int, sizes: list[str], found: list[int]) -> None:
    names = [f"web{number}" for number in range(services)]
    made = waves.divide(names, options.waves(sizes))
    assert [len(wave) for wave in made] == found
    assert [name for wave in made for name in wave] == names


@pytest.mark.parametrize("size", ["0", "-1", "0%", "101%", "many", "1.5", "%", ""])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(options.BadOption, match="is neither a number of services"):
        options.waves([size])


def test_canaries_go_first_in_their_own_order() -> None:
    services = ["a", "b", "arn:aws:ecs:eu-central-1:123456789012:service/prod/c", "d"]
    assert waves.first(services, ["d", "c", "nonesuch"]) == ["d", services[2], "a", "b"]
    assert waves.first(services, []) == services


def test_nobody_waits_less_than_no_time() -> None:
    assert options.bake(0) == 0
    with pytest.raises(options.BadOption, match="bake: -1"):
        options.bake(-1)


def test_a_service_that_is_named_by_its_arn_too_is_in_one_wave() -> None:
    named = ["a", "b", "arn:aws:ecs:eu-central-1:123456789012:service/prod/a"]
    assert waves.divide(named, options.waves(["1"])) == [["a"], ["b"]]
