# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that are bound to what was shown: which of them are made anew, and with which wish."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import AGAIN
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import GoBack, Plan, Refusal
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.bound_plans import BoundPlanner
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.shown import Shown
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
WEB = Shown("123456789012", "eu-central-1", "prod", "web", made="2026-11-20T12:00:00Z")
SHOWN = replace(WEB, primary="ecs-svc/43", left="web:43", target="web:41", source="last_good")
# web:42 is good, but was marked bad when it was shown that web:43 goes back to web:41.
ON_43 = (service(43), (41, 42, 43))
ON_44 = (service(44), (41, 42, 43, 44))


class Planner:
    """Plans for a state of the service, one after the other."""

    binds: t.Final = False

    def __init__(self, *states: t.Any, **aws: t.Any) -> None:
        self._states = list(states)
        self.goal: GoBack = GoBack(Selection())
        self.aws = FakeAws(**aws)

    def make_plans(self, service_names: t.Sequence[str]) -> dict[str, Plan | Refusal]:
        state = self._states.pop(0)
        if isinstance(state, Refusal):
            return dict.fromkeys(service_names, state)
        on, past = state
        goal = self.goal
        return {name: planned(on, history.read(steps(*past)), goal.of(name).selection) for name in service_names}

    def go_on(self, first: Plan) -> Plan | Refusal:
        return self.make_plans([first.service.name])[first.service.name]

    def bound_to(self, *plans: Shown, max_age: float = 1e9) -> BoundPlanner:
        by_name = {item.service: item for item in plans}
        self.goal = replace(self.goal, each={name: item.goal(self.goal) for name, item in by_name.items()})
        return BoundPlanner(self.aws, FakeClock(), self, by_name, max_age)

    def bound(self, *plans: Shown, max_age: float = 1e9) -> Plan | Refusal:
        (made,) = self.bound_to(*plans, max_age=max_age).make_plans(["web"]).values()
        return made


def of(made: Plan | Refusal) -> tuple[str, str]:
    assert isinstance(made, Plan)
    return made.verb, made.target.arn.rpartition("/")[2] if made.target else ""


def test_without_a_target_in_its_plan_a_service_is_left_alone() -> None:
    made = Planner(ON_43).bound(replace(WEB, why="it is gone"))
    assert of(made) == ("refuse", "")
    assert isinstance(made, Plan)
    assert made.reason == "the plan shows no version for web to go back to. Run the same command again"


def test_a_service_that_cannot_be_read_is_refused_as_ever() -> None:
    assert Planner(GONE).bound(SHOWN) is GONE


def test_the_target_that_was_shown_is_taken_where_another_would_be_by_now() -> None:
    planner = Planner(ON_43)
    made = planner.bound(SHOWN)
    assert of(made) == ("act", "web:41")
    assert isinstance(made, Plan)
    assert (made.choice.source, made.choice.why) == ("last_good", "it was shown, and nobody has deployed since")


def test_a_plan_that_is_too_old_is_refused() -> None:
    made = Planner(ON_43).bound(SHOWN, max_age=-1e9)
    assert isinstance(made, Plan)
    assert (made.verb, made.findings[-1].check) == ("refuse", "plan_too_old")


def test_after_what_was_in_the_way_a_plan_need_not_be_as_it_was_shown() -> None:
    bound = Planner(ON_43, ON_44).bound_to(SHOWN)
    assert (bound.binds, bound.goal.of("web").selection.revision) == (True, "web:41")
    (first,) = bound.make_plans(["web"]).values()
    assert isinstance(first, Plan)
    assert of(bound.go_on(first)) == ("act", "web:41")


@pytest.mark.parametrize("answer", [{"taskDefinition": {"taskDefinitionArn": arn(44), "registeredBy": "ci"}}, None])
def test_who_registered_what_was_deployed_is_told_where_that_can_be_read(answer: dict[str, t.Any] | None) -> None:
    refused = refused_by_aws("DescribeTaskDefinition")
    planner = Planner(ON_44, describe_task_definition=answer or refused)
    made = planner.bound(SHOWN)
    assert isinstance(made, Plan)
    assert of(made) == ("refuse", "")
    assert ("(web:44 was registered by ci)" in made.reason) is (answer is not None)
    assert [item["taskDefinition"] for item in planner.aws.sent("describe_task_definition")] == [arn(44)]


def test_what_is_older_than_the_look_that_did_not_show_it_is_asked_for_again() -> None:
    """AWS answers with what was there before, until it does not."""
    later = replace(SHOWN, made="2099-01-01T00:00:00Z")
    planner = Planner(ON_44, ON_44, ON_43, ON_43, ON_43)
    denied = refused_by_aws("DescribeTaskDefinition")
    assert of(planner.bound(later)) == ("act", "web:41")
    # Answers that flip: the newer of both is true, and one that lacks it proves nothing.
    assert of(Planner(ON_44, *[ON_43, ON_44] * 11, describe_task_definition=denied).bound(later)) == ("refuse", "")
    # What goes on being shown is there.
    assert of(Planner(*[ON_44] * 22, describe_task_definition=denied).bound(later)) == ("refuse", "")
    # What is newer than the look is believed at once.
    assert of(Planner(ON_44, describe_task_definition=denied).bound(SHOWN)) == ("refuse", "")


def test_a_goal_for_a_target_that_was_chosen_already() -> None:
    given = GoBack(Selection(steps_back=3, from_revision="43", copies=True), tasks=4, fast=True)
    again = given.going_to(arn(41))
    assert again.selection == Selection(revision=arn(41), chosen=True, force=AGAIN, copies=True)
    crosses = GoBack(Selection(force=frozenset({"barrier"}))).going_to(arn(41))
    assert crosses.selection.force == {"again", "barrier"}
    assert (again.tasks, again.fast) == (4, True)
