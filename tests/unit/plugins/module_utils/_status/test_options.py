# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at services is asked for."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.options import BadOption
from ansible_collections.lastgood.aws.plugins.module_utils._status import options

GIVEN: dict[str, t.Any] = {"clusters": ["default"], "service": [], "fallback": "fail"}


@pytest.mark.parametrize(
    ("given", "clusters", "services"),
    [
        ({}, ("default",), ()),
        ({"clusters": [" prod "], "service": ["web", "api", "web"]}, ("prod",), ("web", "api")),
        ({"clusters": ["a", "b", "a"]}, ("a", "b"), ()),
        ({"clusters": ["*"]}, (), ()),
    ],
)
def test_what_is_meant(given: dict[str, t.Any], clusters: tuple[str, ...], services: tuple[str, ...]) -> None:
    found = options.wanted({**GIVEN, **given})
    assert (found.clusters, found.services) == (clusters, services)


def test_the_goal_is_that_of_a_rollback() -> None:
    goal = options.wanted({**GIVEN, "fallback": "previous_registered"}).goal
    assert (goal.selection.fallback, goal.selection.finishes) == ("previous_registered", {"mark"})
    assert (goal.in_flight, goal.pin_images, goal.selection.steps_back) == ("stop", "auto", 1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"clusters": []}, "clusters: no cluster is named"),
        ({"clusters": [""]}, "clusters: there is an empty name"),
        ({"service": [" "]}, "service: there is an empty name"),
        ({"clusters": ["a", "b"], "service": ["web"]}, "service: services can be named in a single cluster only"),
        ({"clusters": ["*"], "service": ["web"]}, "service: services can be named in a single cluster only"),
    ],
)
def test_what_cannot_be_meant(given: dict[str, t.Any], why: str) -> None:
    with pytest.raises(BadOption, match=why):
        options.wanted({**GIVEN, **given})
