# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which write a plan comes to, and what is followed then."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import AwsCallError
from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.model import Deployment
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move import act, plan
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.move.watch import Watched
from ansible_collections.lastgood.aws.plugins.module_utils._codedeploy.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._codedeploy.builders import group, made, rollback
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, refused_by_aws

PAST = (made(1, 1), made(2, 2))
RUNNING = made(3, 3, "InProgress")


def planned(*newer: Deployment, **changes: t.Any) -> plan.Plan:
    """A real plan, after two good revisions and what is newer, with these changes."""
    past = history.read([*PAST, *newer])
    wish = plan.Wish(target.Selection(force=AGAIN))
    facts = plan.Facts(group(), past)
    return dataclasses.replace(plan.make(wish, facts, target.choose(wish.selection, facts.group, past)), **changes)


def answers(last_attempted: str = "d-2", **more: t.Any) -> FakeAws:
    """CodeDeploy, where this deployment was the last to be tried."""
    shown = {"applicationName": "app", "deploymentGroupName": "prod"}
    given: dict[str, t.Any] = {
        "batch_get_deployment_groups": lambda **params: {
            "deploymentGroupsInfo": [{**shown, "lastAttemptedDeployment": {"deploymentId": last_attempted}}]
        },
        "create_deployment": lambda **params: {"deploymentId": "d-9"},
        "stop_deployment": lambda **params: {"status": "Pending"},
        **more,
    }
    return FakeAws(**given)


CASES: list[tuple[plan.Plan, Watched, bool]] = [
    (planned(), Watched("d-9"), True),
    (planned(RUNNING, method="codedeploy_stop"), Watched("d-3", goes_back=True), True),
    (planned(RUNNING, method="codedeploy_deployment"), Watched("d-3", makes_room="ends"), True),
    (
        planned(RUNNING, method="codedeploy_deployment", stop_rolls_back=True),
        Watched("d-3", makes_room="rollback_ends"),
        True,
    ),
    (
        planned(made(3, 3, "Stopped"), rollback(4, 3, 2, "InProgress"), method="codedeploy_deployment"),
        Watched("d-4", makes_room="ends"),
        False,
    ),
    (planned(RUNNING, method="adopt"), Watched("d-3"), False),
    (planned(RUNNING, method="none", verb="wait"), Watched("d-3", makes_room="rollback_begins"), False),
]


@pytest.mark.parametrize(("made_plan", "watched", "wrote"), CASES)
def test_what_a_plan_comes_to(made_plan: plan.Plan, watched: Watched, wrote: bool) -> None:
    accepted = act.begin(answers(), made_plan, "bad")
    assert (accepted.watched, accepted.wrote) == (watched, wrote)


@pytest.mark.parametrize("method", [*t.get_args(plan.Method)[1:]])
def test_without_what_it_was_made_for_a_plan_is_stale(method: plan.Method) -> None:
    with pytest.raises(PlanIsStale):
        act.begin(answers(), planned(method=method, running=None, request=None), None)


def test_a_deployment_that_came_and_went_since_the_plan_makes_it_stale() -> None:
    with pytest.raises(PlanIsStale, match="d-3 began in the meantime"):
        act.begin(answers("d-3"), planned(), None)


def test_a_group_that_is_gone_makes_it_stale() -> None:
    gone = answers(batch_get_deployment_groups=lambda **params: {"deploymentGroupsInfo": []})
    with pytest.raises(PlanIsStale, match="no longer exists"):
        act.begin(gone, planned(), None)


def test_a_deployment_that_ended_meanwhile_cannot_be_stopped() -> None:
    ended = refused_by_aws("StopDeployment", "DeploymentAlreadyCompletedException")

    def stop(**params: t.Any) -> t.Any:
        raise ended

    with pytest.raises(PlanIsStale, match="ended in the meantime"):
        act.begin(answers(stop_deployment=stop), planned(RUNNING, method="codedeploy_stop"), None)


@pytest.mark.parametrize(
    ("code", "overrides", "told"),
    [("AccessDeniedException", True, True), ("AccessDeniedException", False, False), ("Throttling", True, False)],
)
def test_overriding_alarms_takes_another_permission(code: str, overrides: bool, told: bool) -> None:
    request = plan.Request(group(), {}, overrides_alarms=overrides)
    error = AwsCallError("Failed", refused_by_aws("CreateDeployment", code))
    said = act.denied_override(planned(request=request), error)
    assert ("codedeploy:UpdateDeploymentGroup" in said) is told
