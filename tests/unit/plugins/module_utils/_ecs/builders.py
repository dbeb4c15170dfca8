# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plain data and hand-written fakes for the tests of the ECS core."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import botocore.exceptions
import botocore.model
import botocore.session

from ansible_collections.lastgood.aws.plugins.module_utils._aws.api import Aws
from ansible_collections.lastgood.aws.plugins.module_utils._ecs import marks
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.checks import settings
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import base, plans
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers import (
    deployments as controllers_deployments,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import (
    TERMINAL,
    Deployment,
    Direction,
    Event,
    Revision,
    Service,
    ServiceDeployment,
    TaskDefinition,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move import plan
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import choices as past_choice
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past import history, target
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.steps import rollback_run
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils.clocks import Ticking

ACCOUNT = "arn:aws:ecs:eu-central-1:123456789012"
CLUSTER = f"{ACCOUNT}:cluster/prod"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# What a step of a history says: a revision number that became SUCCESSFUL, or number, status and where ECS went back to.
Step = t.Union[int, t.Tuple[int, str], t.Tuple[int, str, int]]


@functools.cache
def _ecs_model() -> botocore.model.ServiceModel:
    return botocore.session.get_session().get_service_model("ecs")


def enum(shape: str) -> list[str]:
    """The values of an enumeration in the installed botocore; empty if this botocore does not know it yet."""
    try:
        found = _ecs_model().shape_for(shape)
    except botocore.model.NoShapeFoundError:
        return []
    assert isinstance(found, botocore.model.StringShape)
    return list(found.enum)


def arn(number: int, family: str = "web") -> str:
    return f"{ACCOUNT}:task-definition/{family}:{number}"


def started_tag(left: str | None, target: str, deployment: str, direction: Direction) -> dict[str, str]:
    """What older versions wrote after a write."""
    tag = f"{deployment} {marks.tag_name(left) if left else '-'} {marks.tag_name(target)} {direction}"
    return {marks.STARTED: tag}


def done_tags(left: str | None, target: str, deployment: str, now: datetime, direction: Direction) -> dict[str, str]:
    """What older versions wrote once a move was verified."""
    return {
        marks.ROLLED_BACK_FROM: marks.tag_name(left) if left else "-",
        marks.ROLLED_BACK_TO: marks.tag_name(target),
        marks.ROLLED_BACK_AT: f"{now:%Y-%m-%dT%H:%M:%SZ} {deployment} {direction}",
    }


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def revision(name: int | str, digest: str = "", of: str = "", **settings: t.Any) -> Revision:
    task_definition = arn(name) if isinstance(name, int) else name
    number = of or task_definition.rpartition(":")[2]
    return Revision(
        arn=f"{ACCOUNT}:service-revision/prod/web/{number}",
        task_definition=task_definition,
        digests={"app": digest} if digest else {},
        settings=settings,
    )


def flown(
    name: int | str,
    status: str = "SUCCESSFUL",
    minute: float = 0,
    sources: t.Sequence[int | str] = (),
    back: int | str | None = None,
    **changes: t.Any,
) -> ServiceDeployment:
    """A service deployment of four tasks; a finished one took ten minutes."""
    made = ServiceDeployment(
        id=f"{ACCOUNT}:service-deployment/prod/web/D{minute:g}",
        status=status,
        created_at=at(minute),
        finished_at=at(minute + 10) if status in TERMINAL else None,
        target=revision(name),
        sources=tuple(revision(s) for s in sources),
        rolled_back_to=None if back is None else revision(back),
        requested_tasks=4,
    )
    return dataclasses.replace(made, **changes)


def _unfold(step: Step) -> tuple[int, str, int | None]:
    if isinstance(step, int):
        return step, "SUCCESSFUL", None
    return step[0], step[1], step[2] if len(step) == 3 else None


def steps(*story: Step) -> list[ServiceDeployment]:
    """Service deployments an hour apart, each with the version before it as its source."""
    made: list[ServiceDeployment] = []
    now: int | None = None
    for position, step in enumerate(story):
        number, status, back = _unfold(step)
        sources = () if now is None else (now,)
        made.append(flown(number, status, position * 60, sources, back))
        now = back if status == "ROLLBACK_SUCCESSFUL" else number
    return made


def told(*story: Step) -> history.History:
    return history.read(steps(*story))


def task_definition(name: int | str, status: str = "ACTIVE", containers: t.Any = None, **tags: str) -> TaskDefinition:
    made = arn(name) if isinstance(name, int) else name
    if containers is None:
        containers = [{"name": "app", "image": "registry/web:1", "portMappings": [{"containerPort": 80}]}]
    return TaskDefinition(
        arn=made,
        status=status,
        tags={f"lastgood:{key}": value for key, value in tags.items()},
        content={"taskDefinitionArn": made, "status": status, "containerDefinitions": containers},
    )


def known(*made: TaskDefinition | int) -> dict[str, TaskDefinition]:
    each = [task_definition(m) if isinstance(m, int) else m for m in made]
    return {m.arn: m for m in each}


def deployment(
    name: int | str,
    id: str = "",
    status: str = "PRIMARY",
    rollout: str = "COMPLETED",
    running: int = 4,
    **changes: t.Any,
) -> Deployment:
    task = arn(name) if isinstance(name, int) else name
    made = Deployment(
        id=id or f"ecs-svc/{task.rpartition(':')[2]}",
        status=status,
        task_definition=task,
        rollout_state=rollout,
        rollout_reason="",
        desired=4 if status == "PRIMARY" else 0,
        running=running,
        pending=0,
        failed=0,
        created_at=START,
    )
    return dataclasses.replace(made, **changes)


def service(*deployments: Deployment | int, **changes: t.Any) -> Service:
    """A service of four tasks; a number stands for a PRIMARY deployment that is complete."""
    made = tuple(deployment(d) if isinstance(d, int) else d for d in deployments)
    primary = next((d for d in made if d.status == "PRIMARY"), None)
    name = changes.get("name", "web")
    whole = Service(
        name=name,
        arn=f"{ACCOUNT}:service/prod/{name}",
        cluster_arn=CLUSTER,
        status="ACTIVE",
        controller="ECS",
        strategy="ROLLING",
        scheduling="REPLICA",
        task_definition=primary.task_definition if primary else "",
        desired=4,
        running=sum(d.running for d in made),
        pending=sum(d.pending for d in made),
        circuit_breaker=False,
        circuit_breaker_rolls_back=False,
        deployments=made,
        events=(),
        tags={},
        revision_arns=(),
    )
    return dataclasses.replace(whole, **changes)


def event(id: str, message: str = "(service web) has started 1 tasks") -> Event:
    return Event(id, START, message)


def planned(
    on: Service,
    past: history.History | None,
    selection: past_choice.Selection | None = None,
    in_flight: plans.InFlight = "stop",
    tasks: int | None = None,
    having: t.Mapping[str, TaskDefinition] | None = None,
    registered: t.Sequence[str] | None = None,
    deregister: bool = False,
    checks: settings.Mode = "enforce",
) -> plans.Plan:
    """Choose and plan as the planner does, with every task definition of the history ACTIVE unless ``having`` says."""
    goal = plans.GoBack(selection or past_choice.Selection(), in_flight, tasks, deregister=deregister, checks=checks)
    all_known = {name: task_definition(name) for name in (past.records if past else ())}
    all_known.update(having or {})
    choice = target.choose(goal.selection, on, past, all_known, registered)
    if choice.target is not None and choice.target not in all_known:
        all_known[choice.target] = task_definition(choice.target)
    return plan.to_go_back(controller_of(on), goal, plans.Facts(on, plans.Past(past), all_known), choice)


def planned_to(
    goal: plans.GoTo,
    on: Service,
    past: plans.Past,
    target: TaskDefinition | None,
    alarms: t.Mapping[str, str] | str | None = None,
) -> plans.Plan:
    """The plan to deploy a task definition; None is one that does not exist."""
    choice = past_choice.Choice("revision", target.arn if target is not None else None)
    facts = plans.Facts(on, past, known(target) if target is not None else {}, alarms=alarms)
    return plan.to_deploy(controller_of(on), goal, facts, choice)


def controller_of(on: Service) -> base.Controller:
    """What deploys a service, with an AWS that answers nothing."""
    return Controllers(FakeAws(), FakeClock()).of(on)


def new_run(made: plans.Plan | plans.Refusal, name: str = "web") -> rollback_run.RollbackRun:
    """A run that begins with this plan."""
    going = rollback_run.RollbackRun(name, "prod")
    going.take_plan(made)
    return going


def accepted_of(made: plans.Plan, begun: controllers_deployments.Begun) -> controllers_deployments.Accepted:
    """What is accepted with what was begun."""
    going = controller_of(made.service).going(made, begun)
    return controllers_deployments.Accepted(begun.service, begun.wrote, going, begun.findings, begun.copy)


def accepted_run(made: plans.Plan, begun: controllers_deployments.Begun | None = None) -> rollback_run.RollbackRun:
    """A run whose rollback AWS has accepted as deployment ``ecs-svc/ours``."""
    going = new_run(made)
    took = begun or controllers_deployments.Begun(made.service, wrote=True, deployment_id="ecs-svc/ours")
    going.accepted = accepted_of(made, took)
    return going


def raw_service(made: Service) -> dict[str, t.Any]:
    """A service as DescribeServices shows it."""
    return {
        "serviceName": made.name,
        "serviceArn": made.arn,
        "clusterArn": made.cluster_arn,
        "status": made.status,
        "deploymentController": {"type": made.controller},
        "schedulingStrategy": made.scheduling,
        "taskDefinition": made.task_definition,
        "desiredCount": made.desired,
        "runningCount": made.running,
        "pendingCount": made.pending,
        "deploymentConfiguration": {
            "strategy": made.strategy,
            "minimumHealthyPercent": made.minimum_healthy_percent,
            "maximumPercent": made.maximum_percent,
            "deploymentCircuitBreaker": {
                "enable": made.circuit_breaker,
                "rollback": made.circuit_breaker_rolls_back,
            },
        },
        "deployments": [
            {
                "id": d.id,
                "status": d.status,
                "taskDefinition": d.task_definition,
                "rolloutState": d.rollout_state,
                "rolloutStateReason": d.rollout_reason,
                "desiredCount": d.desired,
                "runningCount": d.running,
                "pendingCount": d.pending,
                "failedTasks": d.failed,
                "createdAt": d.created_at,
            }
            for d in made.deployments
        ],
        "events": [{"id": e.id, "createdAt": e.created_at, "message": e.message} for e in made.events],
        "tags": [{"key": key, "value": value} for key, value in made.tags.items()],
        "currentServiceRevisions": [{"arn": a} for a in made.revision_arns],
        "loadBalancers": list(made.load_balancers),
    }


def refused_by_aws(operation: str, code: str = "AccessDeniedException", message: str = "no") -> Exception:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, operation)


def connection_lost() -> Exception:
    return botocore.exceptions.ConnectionClosedError(endpoint_url="https://ecs.eu-central-1.amazonaws.com/")


class NoSuchTaskDefinition(botocore.exceptions.ClientError):
    """What DescribeTaskDefinition answers for a revision that there is not."""

    def __init__(self) -> None:
        super().__init__(
            {"Error": {"Code": "ClientException", "Message": "Unable to describe task definition."}},
            "DescribeTaskDefinition",
        )


class FakeAws(Aws):
    """Answers by operation: a value, a function of the request, or a list of those that is used up."""

    def __init__(self, **answers: t.Any) -> None:
        super().__init__(lambda service: None)
        self.answers = answers
        self.requests: list[tuple[str, dict[str, t.Any]]] = []

    def call(self, service: str, method: str, /, **params: t.Any) -> dict[str, t.Any]:
        self.requests.append((method, params))
        answer = self.answers[method]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = answer(**params)
        if isinstance(answer, BaseException):
            raise answer
        return t.cast("dict[str, t.Any]", answer)

    def client(self, service: str) -> t.Any:
        return SimpleNamespace(exceptions=SimpleNamespace(ClientException=NoSuchTaskDefinition))

    def region(self, service: str) -> str:
        return "eu-central-1"

    def sent(self, method: str) -> list[dict[str, t.Any]]:
        return [params for name, params in self.requests if name == method]


class FakeClock(Ticking):
    """The time of day is AWS's, and known from the beginning."""

    def __init__(self) -> None:
        super().__init__(at(240), 1000.0)

    def now(self) -> datetime:
        return self.machine()
