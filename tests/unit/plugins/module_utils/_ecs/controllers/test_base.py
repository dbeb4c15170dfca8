# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every deployment controller, whatever AWS answers.

Every status in botocore's models, and one that is not there yet, gives a word that is known; and nothing is written
unless the plan says so.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import botocore.model
import botocore.session
import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.writes import PlanIsStale
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Ending,
    Event,
    Going,
    Record,
    State,
    Then,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import Past
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Deployment, Method, Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    FakeClock,
    arn,
    at,
    deployment,
    enum,
    flown,
    planned,
    refused_by_aws,
    service,
    told,
)

KINDS = enum("DeploymentControllerType")
ODD = "SOMETHING_NEW"


def codedeploy_statuses() -> list[str]:
    shape = botocore.session.get_session().get_service_model("codedeploy").shape_for("DeploymentStatus")
    assert isinstance(shape, botocore.model.StringShape)
    return [*shape.enum, ODD]


# FAILED is what a deployment of CodeDeploy ends as that is not rolled back.
STATUSES = [*enum("ServiceDeploymentStatus"), "FAILED", ODD]
ROLLOUTS = [*enum("DeploymentRolloutState"), *enum("StabilityStatus"), "", ODD]
EVENTS: t.Final = t.get_args(Event)


def controller(kind: str, **answers: t.Any) -> tuple[Controller, FakeAws]:
    aws = FakeAws(**answers)
    return Controllers(aws, FakeClock()).of(service(42, controller=kind)), aws


def services(kind: str) -> t.Iterator[Service]:
    """All that may stand where version 41 is deployed over 42."""
    old, theirs = deployment(42, "ecs-svc/old", external_id="d-1"), deployment(43, "ecs-svc/theirs", external_id="d-9")
    for rollout, running in itertools.product(ROLLOUTS, (0, 4)):
        ours = deployment(41, "ecs-svc/ours", rollout=rollout, running=running, external_id="d-2")
        waits = dataclasses.replace(ours, status="ACTIVE")
        standing: list[tuple[Deployment, ...]] = [
            (),
            (old,),
            (theirs, waits),
            (old, waits),
            (ours,),
            (ours, dataclasses.replace(old, status="ACTIVE")),
            (old, dataclasses.replace(ours, status="DRAINING")),
        ]
        for deployments in standing:
            yield service(*deployments, controller=kind)


def goings(kind: str) -> list[Going]:
    known = frozenset({"ecs-svc/old"})
    if kind == "EXTERNAL":
        return [Going(arn(41), "ecs-svc/ours", "", known, is_bare=True)]
    ours, record = ("d-2", "d-2") if kind == "CODE_DEPLOY" else ("ecs-svc/ours", "arn:ours")
    forward = Going(arn(41), ours, "", known, record=record)
    back = Going(arn(42), "", record, frozenset({"ecs-svc/old", "ecs-svc/ours"}), record=record)
    shifting = dataclasses.replace(forward, strategy="BLUE_GREEN")
    room = dataclasses.replace(back, makes_room="rolled_back") if kind == "CODE_DEPLOY" else back
    return [forward, back, shifting, room]


@pytest.mark.parametrize("kind", KINDS)
def test_every_look_says_a_word_that_is_known(kind: str) -> None:
    made, aws = controller(kind)
    records = [None, *(Record(status, "why", weight=weight) for status in STATUSES for weight in (None, 0, 100))]
    for going, now, record in itertools.product(goings(kind), services(kind), records):
        look = made.assess(going, now, record)
        assert look.state in t.get_args(State)
        assert look.ours is None or look.ours in now.deployments
        if look.state in ("failed", "replaced", "unlisted"):
            assert look.reason
    assert aws.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_still_going_is_never_called_failed_for_a_status_that_is_new(kind: str) -> None:
    made, _aws = controller(kind)
    going = goings(kind)[0]
    ours = deployment(41, "ecs-svc/ours", "PRIMARY", rollout="IN_PROGRESS", running=1, external_id="d-2")
    now = service(ours, deployment(42, "ecs-svc/old", "ACTIVE"), controller=kind)
    assert made.assess(going, now, Record(ODD, "")).state in ("going", "serving")


def ended(kind: str) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """What AWS may say of a deployment that ended."""
    if kind == "ECS":
        for status in STATUSES:
            raw = {"serviceDeploymentArn": "arn:41", "status": status}
            yield status, {"describe_service_deployments": {"serviceDeployments": [raw]}}
    elif kind == "CODE_DEPLOY":
        for status, more in itertools.product(
            codedeploy_statuses(), ({}, {"instanceTerminationWaitTimeStarted": True})
        ):
            raw = {"deploymentId": "d-2", "status": status, "createTime": at(0), **more}
            yield status, {"batch_get_deployments": {"deploymentsInfo": [raw]}}
        yield "Succeeded", {"batch_get_deployments": {"deploymentsInfo": []}}
    else:
        yield "", {"describe_services": refused_by_aws("DescribeServices")}


@pytest.mark.parametrize("asked", [(), EVENTS], ids=["nothing", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_end_has_an_event_and_a_sequel_that_are_known(kind: str, asked: tuple[str, ...]) -> None:
    going = goings(kind)[0]
    for status, answers in ended(kind):
        for now, alarmed in itertools.product(services(kind), (False, True)):
            made, aws = controller(kind, **answers)
            record = dataclasses.replace(flown(41, status), id="arn:41", target=told(41).deployments[0].target)
            end = made.end_of(going, now, Past(history.read([record])), Ending(asked, service(42), alarmed))
            assert end.event in (None, *EVENTS)
            assert end.then in t.get_args(Then)
            assert (end.going is not None) is (end.then == "follow")
            # Nobody goes back who was not asked to.
            assert end.then not in ("go_back", "take_away") or end.event in asked
            assert not [
                name for name, _params in aws.requests if not name.startswith(("describe", "batch_get", "list"))
            ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["nothing", "refuse"])
def test_a_plan_that_asks_for_nothing_writes_nothing(kind: str, verb: t.Literal["nothing", "refuse"]) -> None:
    made, aws = controller(kind)
    plan = planned(service(42, controller=kind), told(41, 42))
    for method in ("none", "update_service", "codedeploy_deployment", "primary_task_set", "stop_deployment"):
        with pytest.raises(PlanIsStale):
            made.begin(dataclasses.replace(plan, way=plans.Way(verb, method)), None, None)
    assert aws.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_already_is_followed_without_a_write(kind: str) -> None:
    made, aws = controller(kind)
    plan = planned(service(deployment(41, external_id="d-2"), controller=kind), told(42, 41))
    accepted = made.begin(dataclasses.replace(plan, way=plans.Way("act", "adopt")), 9, "a reason")
    assert (accepted.wrote, aws.requests) == (False, [])
    assert accepted.going.predecessor == ""


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_nothing_of_its_own_to_take_away_writes_nothing(kind: str) -> None:
    made, aws = controller(kind)
    now = service(42, deployment(41, "ecs-svc/ours", "ACTIVE"), controller=kind)
    assert not made.take_away(goings(kind)[0], now).deleted
    assert not made.restore(now, None, "ended").changed
    assert aws.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_each_method_needs_is_known_before_anything_is_deployed(kind: str) -> None:
    made, aws = controller(kind)
    plan = planned(service(42, controller=kind), told(41, 42) if kind == "ECS" else None)
    needs = made.needs(plan)
    assert made.method in needs
    assert set(needs) <= set(t.get_args(Method))
    assert all(need.action.count(":") == 1 for some in needs.values() for need in some)
    assert aws.requests == []


def test_a_configuration_that_was_changed_for_one_deployment_is_left_over() -> None:
    made, _aws = controller("ECS")
    assert made.left_over(service(42)) == ""
    changed = service(42, tags={"lastgood:configuration-1": "abc"})
    assert made.left_over(changed) == "its deployment configuration, which was changed for one deployment"
    assert controller("EXTERNAL")[0].left_over(changed) == ""


@pytest.mark.parametrize("kind", ["ECS", "CODE_DEPLOY"])
def test_a_way_back_of_aws_is_not_called_a_deployment_that_it_has_accepted(kind: str) -> None:
    ours, theirs, *_more = goings(kind)
    said = controller(kind)[0].out_of_sight
    assert said(ours, service(42)).done == f"AWS has accepted the deployment of web:41 ({ours.id})"
    assert said(theirs, service(42)).done == f"AWS was going back from deployment {theirs.id} to web:42"
