# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which checks are made for which plan, and what is read for them."""

from __future__ import annotations

import dataclasses
import typing as t
from types import SimpleNamespace

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._core.force import Force
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Finding, Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.readiness import Readiness
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, reads
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.target import Selection
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import (
    FakeAws,
    NoSuchTaskDefinition,
    arn,
    deployment,
    known,
    planned,
    refused_by_aws,
    service,
    task_definition,
    told,
)

PAST = told(40, 41, 42)
ELB = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
# What a service needs to have so that there is something to look at, by the call that looks.
LOOKS: dict[str, dict[str, t.Any]] = {
    "list_tasks": {},
    "describe_alarms": {"configuration": {"alarms": {"alarmNames": ["errors"], "enable": True}}},
    "describe_stacks": {"tags": {"aws:cloudformation:stack-name": "web"}},
    "describe_rules": {
        "load_balancers": (
            {
                "targetGroupArn": f"{ELB}:targetgroup/blue/1",
                "advancedConfiguration": {
                    "alternateTargetGroupArn": f"{ELB}:targetgroup/green/2",
                    "productionListenerRule": f"{ELB}:listener-rule/app/web/1/2/3",
                },
            },
        ),
        "strategy": "BLUE_GREEN",
    },
}


class Refuses(FakeAws):
    """An AWS that refuses every call, and keeps what was asked."""

    def call(self, service: str, method: str, /, **params: t.Any) -> dict[str, t.Any]:
        self.requests.append((method, params))
        raise refused_by_aws("".join(word.capitalize() for word in method.split("_")))

    def client(self, service: str) -> t.Any:
        class Gone(Exception):
            """One of the service's own exceptions, which is never raised here."""

        shape = SimpleNamespace(enum=["CompositeAlarm", "MetricAlarm"])
        names = ("RuleNotFoundException", "ListenerNotFoundException", "NoSuchEntityException")
        return SimpleNamespace(
            exceptions=SimpleNamespace(ClientException=NoSuchTaskDefinition, **dict.fromkeys(names, Gone)),
            meta=SimpleNamespace(service_model=SimpleNamespace(shape_for=lambda _name: shape)),
        )

    @property
    def asked(self) -> set[str]:
        return {method for method, _params in self.requests}


def on(number: int, **changes: t.Any) -> Service:
    """A service that runs this revision on container instances."""
    return service(deployment(number, settings={"launchType": "EC2"}), **changes)


HELD = "They go on running"
DEPLOYS = {"method": "update_service", "deploys": True}


def going(
    now: Service, past: history.History | None = PAST, way: dict[str, t.Any] | None = None, **changes: t.Any
) -> plans.Plan:
    """A rollback of the service from this revision, with whatever else the service has."""
    plan = dataclasses.replace(planned(service(*now.deployments), past), **{"service": now, **changes})
    return dataclasses.replace(plan, way=dataclasses.replace(plan.way, **(way or {})))


def found(
    plan: plans.Plan,
    having: t.Sequence[TaskDefinition | int] = (40, 41, 42),
    thorough: bool = False,
    aws: FakeAws | None = None,
    tasks: int | None = None,
    force: Force = frozenset(),
) -> dict[str, Finding]:
    """The findings by their check, when these task definitions were read before."""
    through = aws or Refuses()
    task_definitions = reads.TaskDefinitions(through)
    task_definitions.known.update(known(*having))
    goal = plans.GoBack(Selection(force=force), tasks=tasks)
    return {f.check: f for f in Readiness(through, task_definitions, goal, thorough).of(plan, HELD)}


@pytest.mark.parametrize(
    "changes",
    [{"way": {"verb": "nothing"}}, {"way": {"verb": "refuse"}}, {"way": {"method": "adopt"}}, {"target": None}],
)
def test_a_plan_that_writes_nothing_is_not_looked_at(changes: dict[str, t.Any]) -> None:
    aws = Refuses()
    barrier = [41, task_definition(42, barrier="migrated")]
    assert found(going(on(42), **changes), having=barrier, thorough=True, aws=aws) == {}
    assert aws.requests == []


def test_a_move_that_deploys_nothing_is_looked_at_for_barriers_only() -> None:
    aws = Refuses()
    plan = planned(service(deployment(42, rollout="IN_PROGRESS")), told(40, 41, (42, "IN_PROGRESS")))
    assert (plan.method, plan.way.deploys) == ("stop_deployment", False)
    assert found(plan, thorough=True, aws=aws) == {}
    assert set(found(plan, having=[41, task_definition(42, barrier="migrated")], thorough=True, aws=aws)) == {"barrier"}
    assert aws.requests == []


@pytest.mark.parametrize(("force", "severity"), [(frozenset(), "block"), (frozenset({"barrier"}), "warn")])
def test_a_barrier_blocks_unless_force_says_so(force: Force, severity: str) -> None:
    finding = found(going(on(42)), having=[41, task_definition(42, barrier="migrated")], force=force)["barrier"]
    assert finding.severity == severity
    assert "web:42 is marked lastgood:barrier (migrated)" in finding.message


def test_a_version_that_cannot_be_read_may_be_a_barrier() -> None:
    finding = found(going(on(42)), having=[41])["barrier"]
    assert finding.severity == "unknown"
    assert finding.message.startswith("whether a barrier is crossed is not known. ")
    assert "ecs:DescribeTaskDefinition" in finding.message


def test_with_many_services_nothing_outside_of_ecs_is_read_and_that_is_said() -> None:
    aws = Refuses()
    every: dict[str, t.Any] = {}
    for needs in LOOKS.values():
        every.update(needs)
    skipped = found(going(on(42, **every)), aws=aws)["checks_skipped"]
    assert (skipped.severity, aws.requests) == ("info", [])
    assert skipped.message.startswith("with more than 10 services in a call")


@pytest.mark.parametrize("call", LOOKS)
def test_only_what_the_service_has_is_looked_at(call: str) -> None:
    aws = Refuses()
    # Tasks may be protected only if some run.
    running = 4 if call == "list_tasks" else 0
    findings = found(going(on(42, running=running, **LOOKS[call])), thorough=True, aws=aws)
    assert aws.asked == {call}
    assert [f.severity for f in findings.values()] == ["unknown"]


def test_a_service_with_nothing_around_it_costs_no_call() -> None:
    aws = Refuses()
    assert found(going(on(42, running=0)), thorough=True, aws=aws) == {}
    assert aws.requests == []


def test_while_a_deployment_is_in_flight_the_listener_rules_are_not_judged() -> None:
    aws = Refuses()
    blue_green = on(42, running=0, **LOOKS["describe_rules"])
    assert found(going(blue_green, past=told(40, 41, (42, "IN_PROGRESS")), way=DEPLOYS), thorough=True, aws=aws) == {}
    assert aws.requests == []


@pytest.mark.parametrize(
    ("tasks", "scheduling", "asked"),
    [
        (None, "REPLICA", set()),
        (6, "REPLICA", {"describe_scalable_targets"}),
        (0, "REPLICA", {"describe_scalable_targets"}),
        # a DAEMON service runs a task on each instance, and has no count
        (6, "DAEMON", set()),
    ],
)
def test_the_bounds_matter_only_if_a_task_count_is_asked_for(
    tasks: int | None, scheduling: str, asked: set[str]
) -> None:
    aws = Refuses()
    found(going(on(42, running=0, scheduling=scheduling)), thorough=True, aws=aws, tasks=tasks)
    assert aws.asked == asked


def test_what_the_target_refers_to_is_looked_at_with_the_rest() -> None:
    aws = Refuses()
    target = task_definition(41)
    needs = dataclasses.replace(target, content={**target.content, "taskRoleArn": "arn:aws:iam::123456789012:role/web"})
    findings = found(going(on(42, running=4), target=needs), thorough=True, aws=aws)
    assert aws.asked == {"list_tasks", "get_role"}
    assert {check: f.severity for check, f in findings.items()} == {
        "protected_tasks": "unknown",
        "target_role": "unknown",
    }


@pytest.mark.parametrize(("thorough", "then"), [(False, ("checks_skipped", "info")), (True, ("alarms", "unknown"))])
def test_going_forward_what_runs_now_is_only_compared_with(thorough: bool, then: tuple[str, str]) -> None:
    # Nothing is left behind. If it cannot be read, that blocks nothing.
    aws = Refuses()
    now = on(41, running=0, **LOOKS["describe_alarms"])
    plan = going(now, told(40, 41), target=task_definition(42))
    findings = found(plan, having=[42], thorough=thorough, aws=aws)
    assert [(check, f.severity) for check, f in findings.items()] == [("compatibility", "unknown"), then]
    assert [request["taskDefinition"] for request in aws.sent("describe_task_definition")] == [arn(41)]
