# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a service that CodeDeploy deploys gets back."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.codedeploy import way_back
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import InFlight
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import arn, flown

DONE: t.Final = (flown(41, minute=0), flown(42, minute=60, sources=(41,)))


def running(status: str, sources: tuple[int, ...] = (42,), back: int | None = None) -> history.History:
    return history.read([*DONE, flown(43, status, 120, sources, back, id="d-43")])


@pytest.mark.parametrize(
    ("past", "target", "verb", "method"),
    [
        (history.read(DONE), 41, "act", "codedeploy_deployment"),
        (history.read(DONE), 42, "nothing", "none"),
        # Stopping it leads to where it came from; anything else needs a deployment of its own.
        (running("IN_PROGRESS"), 42, "act", "codedeploy_stop"),
        (running("PENDING"), 42, "act", "codedeploy_stop"),
        (running("IN_PROGRESS"), 41, "act", "codedeploy_deployment"),
        (running("IN_PROGRESS", sources=()), 42, "act", "codedeploy_deployment"),
        (running("IN_PROGRESS", sources=(41, 42)), 42, "act", "codedeploy_deployment"),
        # It goes there already, forward or back.
        (running("IN_PROGRESS"), 43, "act", "adopt"),
        (running("ROLLBACK_IN_PROGRESS", back=42), 42, "act", "adopt"),
        (running("ROLLBACK_REQUESTED"), 42, "act", "adopt"),
        # A rollback of CodeDeploy's cannot be stopped with a rollback.
        (running("ROLLBACK_IN_PROGRESS", back=41), 42, "act", "codedeploy_deployment"),
    ],
)
def test_the_way(past: history.History, target: int, verb: str, method: str) -> None:
    way = way_back.by_codedeploy("stop", past, arn(target), arn(42))
    assert (way.verb, way.method) == (verb, method)


def test_without_a_history_nothing_is_decided() -> None:
    way = way_back.by_codedeploy("stop", None, arn(41), arn(42))
    assert (way.verb, "nothing can be decided" in way.reason) == ("refuse", True)


@pytest.mark.parametrize(("in_flight", "verb"), [("refuse", "refuse"), ("stop", "act"), ("supersede", "act")])
@pytest.mark.parametrize("target", [41, 42])
def test_only_refuse_leaves_what_is_running_alone(in_flight: InFlight, verb: str, target: int) -> None:
    way = way_back.by_codedeploy(in_flight, running("IN_PROGRESS"), arn(target), arn(42))
    assert way.verb == verb
    if verb == "refuse":
        assert way.reason == "deployment d-43 to web:43 is running (IN_PROGRESS), and in_flight is refuse"


def test_what_goes_to_the_target_already_is_followed_even_if_nothing_may_be_stopped() -> None:
    assert way_back.by_codedeploy("refuse", running("IN_PROGRESS"), arn(43), arn(42)).method == "adopt"
