# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that are bound to what was shown: which of them are made anew, and with which wish."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.clock import Clock
from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.goals import Goal, GoBack
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.bound_plans import BoundPlanner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.expected import Expected
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    planned,
    refused_by_aws,
    service,
    steps,
)

GONE = Refusal("web", "there is no service web", ())
SHOWN = Expected("web", "ecs-svc/43", "", arn(43), arn(41))
# web:42 is good, but was marked bad when it was shown that web:43 goes back to web:41.
ON_43 = (service(43), (41, 42, 43))
ON_44 = (service(44), (41, 42, 43, 44))


class Planner:
    """Plans for a state of the service; each goal is remembered."""

    def __init__(self, *states: t.Any, **aws: t.Any) -> None:
        self.goals: list[Goal] = []
        self._states = list(states)
        self.aws = FakeAws(**aws)

    def __call__(self, goal: Goal, awaits: Clock | None) -> Planner:
        self.goals.append(goal)
        return self

    @property
    def goal(self) -> Goal:
        return self.goals[-1]

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        state = self._states.pop(0)
        if isinstance(state, Refusal):
            return dict.fromkeys(service_names, state)
        on, past = state
        assert isinstance(self.goal, GoBack)
        return {name: planned(on, history.read(steps(*past)), self.goal.selection) for name in service_names}

    def bound(self, *shown: Expected, goal: GoBack | None = None) -> Plan | Refusal:
        by_name = {item.service: item for item in shown}
        bound = BoundPlanner(self.aws, FakeClock(), goal or GoBack(Selection()), by_name, self)
        (made,) = bound.make_plans(["web"]).values()
        return made


def of(made: Plan | Refusal) -> tuple[str, str]:
    assert isinstance(made, Plan)
    return made.verb, made.target.arn.rpartition("/")[2] if made.target else ""


def test_without_anything_shown_plans_are_free() -> None:
    assert of(Planner(ON_44).bound()) == ("act", "web:43")


def test_a_service_that_was_not_shown_is_left_alone() -> None:
    made = Planner(ON_43).bound(Expected("api", target=arn(1)))
    assert of(made) == ("refuse", "")
    assert isinstance(made, Plan)
    assert made.reason == (
        "the look-up showed no version for web to go back to, and now there is one. Run the same command again"
    )


def test_a_service_that_cannot_be_read_is_refused_as_ever() -> None:
    assert Planner(GONE).bound(SHOWN) is GONE


def test_the_target_that_was_shown_is_taken_where_another_would_be_by_now() -> None:
    planner = Planner(ON_43, ON_43)
    goal = GoBack(Selection(steps_back=1, fallback="previous_registered"), in_flight="supersede", tasks=4, fast=True)
    made = planner.bound(SHOWN, goal=goal)
    assert of(made) == ("act", "web:41")
    assert isinstance(made, Plan)
    assert made.choice.why == "it was shown, and nobody has deployed since"
    assert planner.goals == [goal, goal.going_to(arn(41))]


@pytest.mark.parametrize("answer", [{"taskDefinition": {"taskDefinitionArn": arn(44), "registeredBy": "ci"}}, None])
def test_who_registered_what_was_deployed_is_told_where_that_can_be_read(answer: dict[str, t.Any] | None) -> None:
    refused = refused_by_aws("DescribeTaskDefinition")
    planner = Planner(ON_44, describe_task_definition=answer or refused)
    made = planner.bound(SHOWN)
    assert isinstance(made, Plan)
    assert of(made) == ("refuse", "")
    assert ("(web:44 was registered by ci)" in made.reason) is (answer is not None)
    assert [item["taskDefinition"] for item in planner.aws.sent("describe_task_definition")] == [arn(44)]


@pytest.mark.parametrize(("then", "verb"), [(GONE, ""), (ON_44, "refuse")])
def test_what_happens_while_it_is_planned_anew_counts(then: t.Any, verb: str) -> None:
    planner = Planner(ON_43, then, describe_task_definition=refused_by_aws("DescribeTaskDefinition"))
    made = planner.bound(SHOWN)
    assert made is GONE if then is GONE else of(made) == (verb, "")


def test_a_goal_for_a_target_that_was_chosen_already() -> None:
    given = GoBack(Selection(steps_back=3, from_revision="43", copies=True), tasks=4, fast=True)
    again = given.going_to(arn(41))
    assert again.selection == Selection(revision=arn(41), chosen=True, force=AGAIN, copies=True)
    crosses = GoBack(Selection(force=frozenset({"barrier"}))).going_to(arn(41))
    assert crosses.selection.force == {"again", "barrier"}
    assert (again.tasks, again.fast) == (4, True)
